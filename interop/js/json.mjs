// Canonical JSON (RFC 8785), the strict reader and the signed subset: docs/spec/bytes.md.
//
// What is read keeps what JavaScript's own reader loses: an object is a Map, whose members stand in the order of
// the text; an integer is a number, and a literal with a fraction or an exponent a Double.

import { refuse } from "./refusal.mjs";

export class Double {
  constructor(value) {
    this.value = value;
  }
}

const MAX_BYTES = 1_048_576;
const MAX_DEPTH = 64;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\0-\x1F]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y;
const WORD = /true|false|null/y;
const WORDS = { true: true, false: false, null: null };

class Reader {
  constructor(source) {
    this.source = source;
    this.at = 0;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  // Whether `sign` comes next, white space aside; if so, it is behind us.
  next(sign) {
    this.take(SPACE);
    if (this.source[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  document() {
    const value = this.value();
    this.take(SPACE);
    return this.at === this.source.length ? value : refuse("malformed");
  }

  value() {
    if (this.next("{")) return this.object();
    if (this.next("[")) return this.array();
    if (this.source[this.at] === '"') return this.string();
    const word = this.take(WORD);
    return word === null ? this.number() : WORDS[word[0]];
  }

  object() {
    const members = new Map();
    if (this.next("}")) return members;
    do {
      this.take(SPACE);
      const name = this.string();
      if (members.has(name) || !this.next(":")) refuse("malformed");
      members.set(name, this.value());
    } while (this.next(","));
    return this.next("}") ? members : refuse("malformed");
  }

  array() {
    const items = [];
    if (this.next("]")) return items;
    do items.push(this.value());
    while (this.next(","));
    return this.next("]") ? items : refuse("malformed");
  }

  string() {
    const found = this.take(STRING) ?? refuse("malformed");
    const value = JSON.parse(found[0]);
    return value.isWellFormed() ? value : refuse("malformed");
  }

  number() {
    const [literal, fraction, exponent] = this.take(NUMBER) ?? refuse("malformed");
    const value = Number(literal) + 0; // -0 becomes 0
    const size = Math.abs(value);
    if (fraction === undefined && exponent === undefined) {
      return size <= Number.MAX_SAFE_INTEGER ? value : refuse("malformed");
    }
    if (size === Infinity || (size > Number.MAX_SAFE_INTEGER && size < 1e21)) refuse("malformed");
    return new Double(value);
  }
}

// Depth is a matter of brackets outside of strings, and is asked before syntax.
function requireDepth(source) {
  let depth = 0;
  for (const [sign] of source.matchAll(/"(?:[^"\\]|\\[^])*"?|[[\]{}]/g)) {
    if (sign === "[" || sign === "{") depth += 1;
    if (sign === "]" || sign === "}") depth -= 1;
    if (depth > MAX_DEPTH) refuse("too_large");
  }
}

export function parseStrict(bytes, limit = MAX_BYTES) {
  if (bytes.length > limit) refuse("too_large");
  let source;
  try {
    source = UTF8.decode(bytes);
  } catch {
    refuse("malformed");
  }
  requireDepth(source);
  return new Reader(source).document();
}

export function write(value, depth = 0) {
  if (value instanceof Double) return String(value.value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (depth === MAX_DEPTH) refuse("too_large");
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  const names = [...value.keys()].sort(); // by UTF-16 code units, as JavaScript compares
  return `{${names.map((name) => `${JSON.stringify(name)}:${write(value.get(name), depth + 1)}`).join(",")}}`;
}

export function parseCanonical(bytes, limit) {
  const value = parseStrict(bytes, limit);
  if (!Buffer.from(write(value)).equals(bytes)) refuse("non_canonical");
  return value;
}

function inSubset(value) {
  if (value === null || value instanceof Double) return false;
  if (Array.isArray(value)) return value.every(inSubset);
  return value instanceof Map ? [...value.values()].every(inSubset) : true;
}

export function parseSigned(bytes, limit) {
  const value = parseStrict(bytes, limit);
  if (!(value instanceof Map) || !inSubset(value)) refuse("malformed");
  if (!Buffer.from(write(value)).equals(bytes)) refuse("non_canonical");
  return value;
}

// A plain value (of a test case, say) as the reader would have given it.
export const fromPlain = (value) => parseStrict(Buffer.from(JSON.stringify(value)), Infinity);
