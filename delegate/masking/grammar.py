"""The grammar of ``name = value`` in running text: what may stand behind a name, and how values begin.

Every repetition is bounded, so that a match is, wherever it is tried.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["BARE", "JOINED", "OPERATOR", "QUOTE", "SAYS_MORE", "VALUE_MAX"]

VALUE_MAX: Final = 8192
"""Characters of a value that are read."""

_WRAPPER: Final = (
    r"(?:(?:(?:String::from|Some|Sensitive|SecretStr|SecretString::(?:new|from)|new String)?\("
    r"|string\([0-9]{1,6}\) )(?=[\"'`]))?"
)
"""What only gives a quoted value its type."""

OPERATOR: Final = re.compile(
    r"\\{0,4}[\"'`]?[\])]{0,2}(?:\*\*)?(?:\[[0-9]{0,6}\])?"
    r"(?:(?: {0,2}: {0,2}(?:str|string|String|&str|&'static str)| string| As String"
    r"| \{ get; (?:private |protected )?(?:set|init); \})(?= {0,4}=)|\?(?=:))?"
    r"(?:"
    r"(?P<assign>[ \t]{0,16}(?:={1,3}|!={1,2}|:{1,3}=|[?+.|&]{1,2}=|->|<-)>?[ \t]{0,16}(?:\r?\n[ \t]{1,32})?"
    rf"{_WRAPPER})"
    r"|(?P<beside>[\"'`]?:?[ \t]{0,8}[,;{]?[ \t]{0,8}(?:\r?\n[ \t]{0,32}-?[ \t]{0,8})?"
    r"(?:(?i:type|description|sensitive|nullable|noecho)[ \t]{0,16}[:=][^\n\x00]{0,120}\n[ \t]{0,16}){0,4}"
    r"[\"'`]?(?i:value|default|val|secretvalue|parametervalue)[\"'`]?[ \t]{0,8}[:=]{1,2}>?[ \t]{0,8})"
    r"|(?P<colon>[ \t]{0,16}:(?::(?=[ \t]))?(?:\*\*)?[ \t]{0,16}(?:[>|][+-]?)?(?:\r?\n[ \t]{0,32})?)"
    r"|(?P<comma>[ \t]{0,8},[ \t]{0,24}(?=[\"'`]))"
    r"|(?P<otherwise>[ \t]{0,4}(?:\|\||\?\?)[ \t]{0,4}(?=[\"'`]))"
    r"|(?P<call>(?:(?:\.(?:equals|equalsIgnoreCase|compareTo|eql))?\([ \t]{0,8}(?:Some\()?|\{)(?=[\"'`]))"
    r"|(?P<attribute>[ \t]{1,8}content=(?=[\"']))"
    r"|(?P<tag>(?:[ \t][A-Za-z:]{1,24}=\"[^\"<>\x00]{0,64}\"){0,3}>[ \t]{0,8}(?:\r?\n[ \t]{0,32})?"
    r"(?:<[Vv]alue>|<string>|<!\[CDATA\[)?)"
    r"|(?P<named></(?:key|name)>[ \t]{0,8}(?:\r?\n[ \t]{0,32})?<[A-Za-z]{1,16}>)"
    r"|(?P<part>\r?\n\r?\n)"
    r"|(?P<owned>[ \t]for(?:[ \t][\w.@'-]{1,32}){1,3}(?::|[ \t](?:is|set to)):?[ \t]{1,4})"
    r"|(?P<is>[ \t]{1,4}(?:is|was|are)[ \t:]{1,4})"
    r"|(?P<blank>[ \t]{1,8}(?:(?:[0-9]|ENC|encrypted|ascii-text|hexadecimal) )?)"
    r")"
)
QUOTE: Final = re.compile(r"[@bfruLN]?(\\{0,4}(?:\"{3}|'{3}|[\"'`]))")

JOINED: Final = re.compile(r"[\"'`][ \t]{0,8}[+][ \t]{0,8}(?:\r?\n[ \t]{0,32})?([\"'`])")
"""What joins two quoted values to one."""

BARE: Final = re.compile(
    r"(?:[^\s\"'`,;<>&\x00\\)]|&(?![A-Za-z0-9_.-]{1,48}=)|\\(?![nrt\"'])|\)(?=[^\s\"'`,;<>&\x00\\).]))"
    f"{{1,{VALUE_MAX}}}"
)

SAYS_MORE: Final = re.compile(
    r"![A-Za-z][\w.:]{0,64}[ \t]{1,4}[A-Za-z|>'\"{\[]"  # a tag of YAML: !Ref Name
    r"|-{1,2}[a-z][a-z-]{1,32}(?:[=\s'\"`\])]|\Z)"  # the next flag
    r"|&(?:'\w{1,16} )?(?:mut )?str\b|[A-Z][A-Za-z]{1,32}<[A-Z&'(\[]"  # a type: &str, Option<Key>
    r"|(?:[A-Z][a-z0-9]{1,32}){1,6}(?:\[| = | \| (?:None|null|undefined|[A-Z]))"  # Optional[str], Key | None
    r"|(?:[A-Z][a-z]{1,32}){0,4}(?:Str|String|Type|Field|Bytes|Array|Buffer)\b(?![-.@!#$%])"
    r"|[\w.]{1,64}\[[\w., |]{1,64}\](?: =|[,)]|\Z)|[a-z]{2,9}:`"  # list[str] = ..., :class:`Name`
    r"|Uint8Array\b|(?:hover|focus|active|disabled|checked|before|after|first-child|last-child)\b(?=[^\w-]|\Z)"
)
"""What stands behind a name and a colon, or a flag, and says what it is instead of being it."""
