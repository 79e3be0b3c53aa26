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
_ENTRY: Final = re.compile(r"(?P<indent>[ \t]{0,16})[\"']?[A-Za-z0-9_.-]{1,128}[\"']?:[ \t]{1,16}[\"']?(?P<value>[^\s\"'|>][^\s\"']{0,8191})")
_OBJECT: Final = re.compile(r"\"(?:data|stringData)\"[ \t]{0,4}:\s{0,4}\{")
_MEMBER: Final = re.compile(r"[,\s]{0,32}\"[A-Za-z0-9_.-]{1,128}\"\s{0,4}:\s{0,4}\"(?P<value>[^\"\x00]{0,8192})\"")


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
    while (line := text.find("\n", place)) >= 0:
        place = line + 1
        entry = _ENTRY.match(text, place)
        if entry is None or len(entry["indent"]) <= indent:
            return
        yield from _hit(entry)


def _hit(entry: re.Match[str]) -> Iterator[Hit]:
    if not is_placeholder(entry["value"]) and "{{" not in entry["value"]:
        yield Hit(*entry.span("value"), "secret", "kubernetes-secret", 60)
