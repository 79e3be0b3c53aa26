"""RFC 9421 signature bases for any message and any component, slowly and by the letter of section 2.

The profile of this library needs five derived components and plain fields; this builder knows all of the
RFC's components and parameters. It shares no code with the package. ``http_sf`` reads
and writes structured fields where a component asks for it (``sf``, ``key``).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import http_sf

_ITEM: Final = re.compile(r'"([^"]*)"((?:;[a-z]+(?:="[^"]*")?)*)')
_PARAMETER: Final = re.compile(r';([a-z]+)(?:="([^"]*)")?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One HTTP message; of a response, maybe with the request that it answers."""

    start: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    trailers: list[tuple[str, str]] = field(default_factory=list)
    scheme: str = "https"
    request: Message | None = None

    @property
    def target(self) -> str:
        """The request target, as sent."""
        return self.start.split(" ")[1]

    def lines(self, name: str, *, trailers: bool = False) -> list[str]:
        """The values of all lines of one field, white space around them off (section 2.1)."""
        return [value.strip() for each, value in (self.trailers if trailers else self.fields) if each == name]


def parse(text: str, *, scheme: str = "https", request: Message | None = None) -> Message:
    """Read a message as the RFC prints it; a text without a start line is fields alone."""
    head, _, body = text.partition("\n\n")
    lines = re.sub(r"\n[ \t]+", " ", head).split("\n")  # obsolete folding becomes one space
    start = "" if re.match(r"[A-Za-z0-9-]+:", lines[0]) else lines.pop(0)
    trailers = body.partition("\n0\n")[2] if "chunked" in head else ""
    return Message(
        start=start,
        fields=list(_fields(lines)),
        trailers=list(_fields(trailers.split("\n"))),
        scheme=scheme,
        request=request,
    )


def _fields(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            yield name.lower(), value


def component_value(message: Message, item: str) -> str:
    """The value of one component identifier, such as ``"example-dict";key="a"`` (sections 2.1 and 2.2)."""
    match = _ITEM.fullmatch(item)
    assert match is not None, item
    name, parameters = match[1], dict(_PARAMETER.findall(match[2]))
    if "req" in parameters:
        assert message.request is not None
        message = message.request
    if name.startswith("@"):
        return _derived(message, name, parameters)
    lines = message.lines(name, trailers="tr" in parameters)
    if not lines:
        msg = f"the message has no {name}"
        raise KeyError(msg)
    if "bs" in parameters:
        return ", ".join(f":{b64encode(line.encode()).decode()}:" for line in lines)
    joined = ", ".join(lines)
    if "key" in parameters:
        member = _dictionary(joined)[parameters["key"]]
        written = http_sf.ser({"k": member})
        return "?1" if written == "k" else written.removeprefix("k=")
    return http_sf.ser(_dictionary(joined)) if "sf" in parameters else joined


def _dictionary(text: str) -> dict[str, Any]:
    found: Any = http_sf.parse(text.encode(), tltype="dictionary")
    return dict(found)


def _derived(message: Message, name: str, parameters: dict[str, str]) -> str:  # noqa: PLR0911 - the RFC's list
    if name == "@status":
        return message.start.split(" ")[1]
    if name == "@method":
        return message.start.split(" ")[0]
    if name == "@scheme":
        return message.scheme
    if name == "@authority":
        default = ":443" if message.scheme == "https" else ":80"
        return message.lines("host")[0].lower().removesuffix(default)
    if name == "@request-target":
        return message.target
    if name == "@target-uri":
        return f"{message.scheme}://{message.lines('host')[0]}{message.target}"
    split = urlsplit(message.target)
    if name == "@path":
        return split.path or "/"
    if name == "@query":
        return "?" + split.query
    assert name == "@query-param", name
    pairs = parse_qsl(split.query, keep_blank_values=True)
    (value,) = (each for key, each in pairs if quote(key, safe="*-._") == parameters["name"])
    return quote(value, safe="*-._")


def signature_base(message: Message, member: str) -> str:
    """The base for ``member``, one member of ``Signature-Input`` without its label (section 2.5)."""
    listed = member[1 : member.index(")")]
    items = [match[0] for match in _ITEM.finditer(listed)]
    lines = [f"{item}: {component_value(message, item)}" for item in items]
    return "\n".join([*lines, f'"@signature-params": {member}'])
