"""The signature base: no value gets into it that could end a line of it."""

from __future__ import annotations

import pytest

from delegate.envelope.components import parse_components, signature_base
from delegate.errors import MalformedError

FIRST = '("content-type" "@method" "@authority" "@path" "@query" "agent-identity")'
TARGET = {"@method": b"GET", "@authority": b"a", "@path": b"/", "@query": b"?", "agent-identity": b'"x"'}


def base(content_type: bytes) -> bytes:
    return signature_base(parse_components(FIRST), TARGET | {"content-type": content_type}, FIRST.encode())


@pytest.mark.parametrize("character", [b"\n", b"\r", b"\0", b"\x80"])
@pytest.mark.parametrize("value", [b"%b", b"%bx", b"x%b", b"x%bx"])
def test_a_value_with_a_line_end_wherever_it_stands_is_refused(value: bytes, character: bytes) -> None:
    assert base(value % b" ").startswith(b'"content-type": ' + value % b" ")
    with pytest.raises(MalformedError) as refused:
        base(value % character)
    assert refused.value.component == "signature-input"
