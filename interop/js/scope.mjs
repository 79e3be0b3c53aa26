// What a scope says, what is contained in what, what is permitted: docs/spec/scope.md.

import { ascending, compare, label, name, strictlyAscending, text } from "./bytes.mjs";
import { refuse, refusing } from "./refusal.mjs";

const RISKS = ["low", "medium", "high", "critical"];
const MAX_TOOLS = 256;
const MAX_LABELS = 64;
const MAX_PATTERNS_OF_TYPE = 64;
const MAX_PATTERNS = 256;
const MAX_VALUES = 1024;
const SETS = ["tools", "operations", "sensitivities"];

// --- matchers --------------------------------------------------------------------------------------

const PATH_VALUE = /^(?!\/[A-Za-z]:)(\/(?!~)[^/\\%]+(?<![. ]))+$/u;
const PATH_PATTERN = /^(?!\/[A-Za-z]:)(\/((?!~)[^/\\%*]+(?<![. ])|\*(?!\*)))*(\/\*\*)?$/u;

const fits = (pattern, value) => (pattern.test(text(value)) ? value : refuse("malformed"));

function segments(pattern) {
  const parts = pattern.split("/").slice(1);
  const deep = parts.at(-1) === "**";
  return { parts: deep ? parts.slice(0, -1) : parts, deep };
}

const covered = (outer, inner) => outer.every((part, at) => part === "*" || part === inner[at]);

const EXACT = {
  pattern: text,
  value: text,
  contains: (outer, inner) => outer === inner,
  matches: (pattern, value) => pattern === value,
  meet: (left, right) => (left === right ? left : null),
};

const PATH = {
  pattern: (value) => fits(PATH_PATTERN, value),
  value: (value) => fits(PATH_VALUE, value),
  contains(outer, inner) {
    const [q, p] = [segments(outer), segments(inner)];
    if (p.parts.length < q.parts.length || !covered(q.parts, p.parts)) return false;
    const equal = p.parts.length === q.parts.length;
    return q.deep ? !equal || p.deep : equal && !p.deep;
  },
  matches(pattern, value) {
    const { parts, deep } = segments(pattern);
    const found = value.split("/").slice(1);
    if (found.length < parts.length || !covered(parts, found)) return false;
    return deep ? found.length > parts.length : found.length === parts.length;
  },
  meet(left, right) {
    const sides = [left, right].map((side) => {
      const { parts, deep } = segments(side);
      return { parts: deep ? [...parts, "*"] : parts, deep };
    });
    const length = Math.max(...sides.map((side) => side.parts.length));
    if (sides.some((side) => side.parts.length < length && !side.deep)) return null;
    const [one, two] = sides.map(({ parts }) => [...parts, ...Array(length - parts.length).fill("*")]);
    const both = one.map((part, at) => (part === "*" ? two[at] : two[at] === "*" || two[at] === part ? part : null));
    if (both.includes(null)) return null;
    if (sides.every((side) => side.deep)) both[length - 1] = "**";
    return `/${both.join("/")}`;
  },
};

const MATCHERS = { exact: EXACT, path: PATH };

const reduced = (matcher, patterns) =>
  patterns.every((one) => patterns.every((two) => one === two || !matcher.contains(two, one)));

// --- reading ---------------------------------------------------------------------------------------

function readSet(value, field, limit, item) {
  if (!Array.isArray(value)) refuse("malformed", { field });
  if (value.length > limit) refuse("too_large", { field });
  refusing(() => value.forEach(item), (refusal) => (refusal.field = field));
  if (value.length === 0 || !strictlyAscending(value)) refuse("non_canonical", { field });
  return value;
}

function readPatterns(value, field) {
  const [[kind, patterns] = []] = value instanceof Map && value.size === 1 ? value : [];
  const matcher = Object.hasOwn(MATCHERS, kind ?? "") ? MATCHERS[kind] : null;
  if (matcher === null || !Array.isArray(patterns)) refuse("malformed", { field });
  if (patterns.length > MAX_PATTERNS_OF_TYPE) refuse("too_large", { field });
  refusing(() => patterns.forEach(matcher.pattern), (refusal) => (refusal.field = field));
  const sound = patterns.length > 0 && strictlyAscending(patterns) && reduced(matcher, patterns);
  return sound ? { kind, matcher, patterns } : refuse("non_canonical", { field });
}

function readResources(value) {
  const field = "resources";
  if (!(value instanceof Map)) refuse("malformed", { field });
  if (value.size === 0) refuse("non_canonical", { field });
  const resources = new Map();
  let count = 0;
  for (const [type, matcher] of value) {
    refusing(() => label(type), (refusal) => (refusal.field = field));
    resources.set(type, readPatterns(matcher, `resources.${type}`));
    count += resources.get(type).patterns.length;
    if (count > MAX_PATTERNS) refuse("too_large", { field });
  }
  return resources;
}

export class Scope {
  // `parts`: tools, operations, sensitivities (arrays), risk (0 to 3), resources (Map of type to patterns).
  constructor(parts) {
    Object.assign(this, parts);
  }

  static read(value) {
    if (!(value instanceof Map)) refuse("malformed", { field: "scope" });
    const unknown = ascending(value.keys()).find((member) => ![...SETS, "max_risk", "resources"].includes(member));
    if (unknown !== undefined) refuse("malformed", { field: unknown });
    const set = (part, limit, item) => (value.has(part) ? readSet(value.get(part), part, limit, item) : []);
    const tools = set("tools", MAX_TOOLS, name);
    const risk = RISKS.indexOf(value.get("max_risk"));
    if (risk < 0) refuse("malformed", { field: "max_risk" });
    const operations = set("operations", MAX_LABELS, label);
    const sensitivities = set("sensitivities", MAX_LABELS, label);
    const resources = value.has("resources") ? readResources(value.get("resources")) : new Map();
    return new Scope({ tools, risk, operations, sensitivities, resources });
  }

  // In the form that json.mjs writes.
  toJson() {
    const members = new Map([["max_risk", RISKS[this.risk]]]);
    for (const part of SETS) if (this[part].length > 0) members.set(part, this[part]);
    const resources = [...this.resources].map(([type, { kind, patterns }]) => [type, new Map([[kind, patterns]])]);
    return resources.length > 0 ? members.set("resources", new Map(resources)) : members;
  }

  requireContains(child, block) {
    const part = SETS.find((set) => !child[set].every((item) => this[set].includes(item)));
    if (part !== undefined) refuse("widened", { block, field: part });
    if (child.risk > this.risk) refuse("widened", { block, field: "max_risk" });
    for (const [type, { kind, matcher, patterns }] of child.resources) {
      const own = this.resources.get(type);
      const within = (each) => own.patterns.some((one) => matcher.contains(one, each));
      const held = own?.kind === kind && patterns.every(within);
      if (!held) refuse("widened", { block, field: `resources.${type}` });
    }
  }

  meet(other) {
    const sets = SETS.map((part) => [part, this[part].filter((item) => other[part].includes(item))]);
    const resources = new Map();
    for (const [type, { kind, matcher, patterns }] of this.resources) {
      const their = other.resources.get(type);
      if (their?.kind !== kind) continue;
      const met = new Set(patterns.flatMap((one) => their.patterns.map((two) => matcher.meet(one, two))));
      met.delete(null);
      const least = [...met].filter((one) => ![...met].some((two) => one !== two && matcher.contains(two, one)));
      if (least.length > MAX_PATTERNS_OF_TYPE) refuse("too_large", { field: `resources.${type}` });
      if (least.length > 0) resources.set(type, { kind, matcher, patterns: least.sort(compare) });
    }
    const count = [...resources.values()].reduce((sum, { patterns }) => sum + patterns.length, 0);
    if (count > MAX_PATTERNS) refuse("too_large", { field: "resources" });
    return new Scope({ ...Object.fromEntries(sets), risk: Math.min(this.risk, other.risk), resources });
  }

  requirePermits(action, block) {
    const outside = (field) => refuse("out_of_scope", { block, field });
    if (!this.tools.includes(action.tool)) outside("tools");
    if (!this.operations.includes(action.operation)) outside("operations");
    if (action.risk > this.risk) outside("max_risk");
    if (!action.sensitivities.every((each) => this.sensitivities.includes(each))) outside("sensitivities");
    for (const [type, values] of action.resources) {
      const field = `resources.${type}`;
      const { matcher, patterns } = this.resources.get(type) ?? outside(field);
      for (const value of values) {
        const change = (refusal) => Object.assign(refusal, { code: "resource_malformed", block, field });
        refusing(() => matcher.value(value), change);
        if (!patterns.some((pattern) => matcher.matches(pattern, value))) outside(field);
      }
    }
  }
}

// --- actions ---------------------------------------------------------------------------------------

export function readAction({ tool, operation, risk, sensitivities = [], resources = {} }) {
  const level = RISKS.indexOf(risk);
  if (level < 0) refuse("malformed", { field: "risk" });
  const values = ascending(Object.keys(resources)).map((type) => [type, ascending(new Set(resources[type]))]);
  for (const [type, list] of values) {
    const change = (refusal) => Object.assign(refusal, { code: "resource_malformed", field: `resources.${type}` });
    refusing(() => (list.length === 0 ? refuse("malformed") : list.forEach(text)), change);
  }
  if (values.reduce((sum, [, list]) => sum + list.length, 0) > MAX_VALUES) refuse("too_large", { field: "resources" });
  return {
    tool: name(tool),
    operation: label(operation),
    risk: level,
    sensitivities: sensitivities.map(label),
    resources: values,
  };
}
