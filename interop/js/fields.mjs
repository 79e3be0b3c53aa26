// Structured fields (RFC 9651 section 4.2), as far as the envelope needs them: dictionaries whose members are looked
// at as text, and the grammar that a member must follow: docs/spec/envelope.md.

import { refuse } from "./refusal.mjs";

const KEY = "[a-z*][a-z0-9_.*-]*";
const STRING = String.raw`"(?:[ !#-\[\]-~]|\\["\\])*"`;
const BYTES = ":[A-Za-z0-9+/=]*:";
const BARE = [
  String.raw`-?[0-9]{1,12}\.[0-9]{1,3}`,
  "-?[0-9]{1,15}",
  STRING,
  "[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*",
  BYTES,
  String.raw`\?[01]`,
  "@-?[0-9]{1,15}",
  String.raw`%"(?:[ !#$&-\[\]-~]|%[0-9a-f]{2})*"`,
].join("|");
const PARAMETERS = `(?:; *${KEY}(?:=(?:${BARE}))?)*`;
const ITEM = `(?:${BARE})${PARAMETERS}`;

export const INNER_LIST = new RegExp(String.raw`^\( *(?:${ITEM}(?: +${ITEM})* *)?\)${PARAMETERS}$`);
const BYTES_AT_FIRST = /^:([A-Za-z0-9+/=]*):/;
const BYTE_SEQUENCE = new RegExp(`^${BYTES}${PARAMETERS}$`);

// The pieces between commas that stand outside of strings, without the optional white space around them.
function split(value) {
  const pieces = value.match(/(?:"(?:[^"\\]|\\[^])*(?:"|\\?$)|[^",])+|,/g) ?? [];
  const members = [];
  let open = true;
  for (const piece of pieces) {
    if (piece === ",") {
      if (open) return null;
      open = true;
    } else {
      members.push(piece.replace(/^[ \t]+|[ \t]+$/g, ""));
      open = false;
    }
  }
  return open ? null : members;
}

// Label -> text of the member, in the order of the text. `first` is what the text of each must begin with.
export function readDictionary(value, first, code, component) {
  const found = new Map();
  for (const member of split(value) ?? refuse(code, { component })) {
    const [, label, rest] = new RegExp(`^(${KEY})=([^]*)$`).exec(member) ?? refuse(code, { component });
    if (!first.test(rest)) refuse(code, { component });
    if (found.has(label)) refuse(code, { component, field: label });
    found.set(label, rest);
  }
  return found;
}

// Label -> {text: of the member, encoded: what stands between the colons}. Parameters are not looked at.
export function readByteSequences(value, code, component) {
  const members = readDictionary(value, BYTES_AT_FIRST, code, component);
  for (const [label, text] of members) {
    if (!BYTE_SEQUENCE.test(text)) refuse(code, { component, field: label });
    members.set(label, { text, encoded: BYTES_AT_FIRST.exec(text)[1] });
  }
  return members;
}
