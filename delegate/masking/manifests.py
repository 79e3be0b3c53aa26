"""The values of Kubernetes ``Secret`` manifests, in YAML or JSON inside a text.

In an object of kind ``Secret`` every value below ``data`` and ``stringData`` is one, whatever its key says
(kubernetes.io, Secrets). A block is read line by line: deeper than its heading in YAML, to the closing brace
in JSON. Templates are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.secret_shape import is_placeholder

__all__ = ["kubernetes_secrets"]

_KIND: Final = re.compile(r"(?i)[\"']?kind[\"']?[ \t]{0,4}:[ \t]{0,4}[\"']?secret\b")
_BLOCK: Final = re.compile(r"(?m)^(?P<indent>[ \t]{0,16})(?:data|stringData):[ \t]{0,16}\r?$")
_ENTRY: Final = re.compile(
    r"(?P<indent>[ \t]{0,16})[\"']?[A-Za-z0-9_.-]{1,128}[\"']?:[ \t]{1,16}(?P<value>[^\r\n\x00]{1,8192})"
)
_FOLDED: Final = re.compile(r"[|>][+-]?[ \t]{0,8}")
_LINE: Final = re.compile(r"(?P<indent>[ \t]{0,64})(?P<value>[^\s\x00][^\r\n\x00]{0,8192})")
_OBJECT: Final = re.compile(r"\"(?:data|stringData)\"[ \t]{0,4}:\s{0,4}\{")
_MEMBER: Final = re.compile(
    r"[,\s]{0,32}\"[A-Za-z0-9_.-]{1,128}\"\s{0,4}:\s{0,4}\"(?P<value>[^\"\x00]{0,8192})\""
)


def kubernetes_secrets(text: str, lower: str) -> Iterator[Hit]:
    """Every value of the data of a secret."""
    if "secret" in lower and "data" in lower and _KIND.search(text):
        for block in _BLOCK.finditer(text):
            yield from _lines(text, block.end(), len(block["indent"]))
        for block in _OBJECT.finditer(text):
            place = block.end()
            while member := _MEMBER.match(text, place):
                yield from _hit(member)
                place = member.end()


def _lines(text: str, place: int, indent: int) -> Iterator[Hit]:
    """The entries below a heading: lines that are indented further, until one is not."""
    folded = 0
    while (line := text.find("\n", place)) >= 0:
        place = line + 1
        entry = _ENTRY.match(text, place)
        plain = _LINE.match(text, place)
        if plain is None or len(plain["indent"]) <= indent:
            return
        if folded and len(plain["indent"]) > folded:
            yield from _hit(plain)
        elif entry is None:
            return
        elif _FOLDED.fullmatch(entry["value"]):
            folded = len(entry["indent"])
        else:
            folded = 0
            yield from _hit(entry)


def _hit(entry: re.Match[str]) -> Iterator[Hit]:
    value = entry["value"].strip("\"' \t")
    start = entry.start("value") + entry["value"].index(value)
    if value and not is_placeholder(value) and "{{" not in value:
        yield Hit(start, start + len(value), "secret", "kubernetes-secret", 60)
