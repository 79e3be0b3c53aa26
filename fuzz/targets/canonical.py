"""``parse_strict`` and ``require_canonical``: RFC 8785 JSON, with the ``rfc8785`` package as oracle."""

from __future__ import annotations

from contextlib import suppress

import rfc8785

from delegate.canonical import canonicalize, parse_strict, require_canonical
from delegate.errors import NonCanonicalError
from fuzz.first_step import FirstStep

SEEDS = (
    b'{"a":[1,-0.5,1e+21,true,null,"\\u000f\xe2\x82\xac"],"b":{}}',
    b'{ "\xf0\x9f\x98\x80": 9007199254740991, "\\ud83d\\ude00x": "\\n" }',
)
FIRST_STEP = FirstStep(within=(parse_strict,))


def target(data: bytes) -> None:
    """What parses has one canonical form, and only that form is accepted as canonical."""
    value = parse_strict(data)
    form = canonicalize(value)
    if form != rfc8785.dumps(value):
        msg = "another implementation writes the value otherwise"
        raise AssertionError(msg)
    if canonicalize(require_canonical(form)) != form:
        msg = "the canonical form is not its own canonical form"
        raise AssertionError(msg)
    if form != data:
        with suppress(NonCanonicalError):
            require_canonical(data)
            msg = "bytes that are not canonical were accepted as canonical"
            raise AssertionError(msg)
