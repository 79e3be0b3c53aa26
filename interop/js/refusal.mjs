// A refusal: processing ends, and the error has a code of the closed set (docs/errors.md). What it carries
// beside the code (block, field, component, step) is what the page of docs/spec names.

export class Refusal extends Error {
  constructor(code, where = {}) {
    super(code);
    this.code = code;
    Object.assign(this, where);
  }

  toJSON() {
    const { code, block, field, component, step } = this;
    return { code, block, field, component, step };
  }
}

export function refuse(code, where) {
  throw new Refusal(code, where);
}

// Runs `action` and hands a refusal of it to `change`, which may rename its code or say where it was.
export function refusing(action, change) {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal) change(error);
    throw error;
  }
}

// The same, where all there is to say is in which field it was; what knows its own field keeps it.
export const within = (field, action) => refusing(action, (refusal) => (refusal.field ??= field));
