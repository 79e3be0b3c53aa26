"""``Agent-Identity``: one identity, one header; anything else is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import DelegateError, HeaderTooLargeError, MalformedError
from delegate.identity import Identity
from delegate.limits import IDENTITY_MAX_BYTES

FULL = '"worker-agent";run="rt-1";svc="spiffe://local/agent/worker-agent";wl="w 7";sid="s-9"'
WORKER = Identity(
    agent="worker-agent",
    run="rt-1",
    service="spiffe://local/agent/worker-agent",
    workload="w 7",
    session="s-9",
)

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,40}", fullmatch=True)
claims = st.none() | st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'), min_size=1, max_size=80
)
identities = st.builds(Identity, agent=names, run=claims, service=claims, workload=claims, session=claims)


def test_the_form_of_the_header() -> None:
    assert WORKER.to_header() == FULL
    assert Identity.from_header(FULL) == WORKER
    assert Identity.from_header('"a"') == Identity(agent="a")
    assert Identity.from_header('"a";sid="s"') == Identity(agent="a", session="s")


@given(identity=identities)
def test_structured_field_libraries_read_the_same(identity: Identity) -> None:
    """Agent-Identity: a structured-field item."""
    item: Any = http_sf.parse(identity.to_header().encode(), tltype="item")
    text, parameters = item
    stated = {"run": identity.run, "svc": identity.service, "wl": identity.workload, "sid": identity.session}
    assert text == identity.agent
    assert parameters == {name: value for name, value in stated.items() if value is not None}


@given(identity=identities)
def test_one_identity_has_one_header(identity: Identity) -> None:
    """One value has one encoding."""
    assert Identity.from_header(identity.to_header()) == identity


pieces = st.sampled_from(
    ['"a"', '"', ";", "run", "=", '="r"', ';run="r"', ';svc="s"', ';wl="w"', ';sid="s"', " ", "\\", "é", "a"]
)


@given(value=st.one_of(st.text(max_size=40), st.lists(pieces, max_size=6).map("".join)))
def test_any_text_is_read_or_refused(value: str) -> None:
    """Any input to a parser gives a value or a DelegateError; and what it reads, it writes."""
    try:
        identity = Identity.from_header(value)
    except DelegateError:
        return
    assert identity.to_header() == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "worker-agent",
        "worker-agent;run=x",
        '""',
        '"a',
        'a"',
        ' "a"',
        '"a" ',
        '"a"\n',
        '"a";',
        '"a";run',
        '"a";run=rt',
        '"a";run=""',
        '"a";run="x"y',
        '"a"; run="x"',
        '"a" ;run="x"',
        '"a";run= "x"',
        '"a";RUN="x"',
        '"a";tenant="x"',
        '"a";run="x";run="x"',
        '"a";sid="x";run="x"',
        '"a";run="x\\"y"',
        '"a";run="x\\\\y"',
        '"a";run="é"',
        '"a";run="x\ty"',
        '"a";run=:eA==:',
        '"a";run=1',
        '"a", "b"',
        '("a")',
        f'"{"a" * 129}"',
        f'"a";run="{"x" * 129}"',
        b'"a"',
        None,
        7,
    ],
)
def test_everything_else_is_malformed(value: object) -> None:
    Identity.from_header('"a";run="x"')
    with pytest.raises(MalformedError) as refused:
        Identity.from_header(value)
    assert refused.value.component == "agent-identity"


LOOKALIKES = [
    "\u0430dmin",  # Cyrillic a
    "ad\u200dmin",  # zero-width joiner
    "admi\u0144",
    "admin\u0301",
    "admin ",
    " admin",
    "\uff11admin",  # full-width digit
    "admin\x00",
    "-admin",
    "",
]


@pytest.mark.parametrize("agent", LOOKALIKES, ids=ascii)
def test_a8_a_name_outside_the_grammar_is_malformed(agent: str) -> None:
    assert Identity(agent="admin") == Identity.from_header('"admin"')
    with pytest.raises(MalformedError) as written:
        Identity(agent=agent)
    assert written.value.field == "agent"
    with pytest.raises(MalformedError) as read:
        Identity.from_header(f'"{agent}"')
    assert read.value.component == "agent-identity"


def test_a8_upper_case_is_another_name() -> None:
    assert Identity.from_header('"Admin"') != Identity.from_header('"admin"')


@pytest.mark.parametrize("field", ["run", "service", "workload", "session"])
@pytest.mark.parametrize("value", ["", 'a";sid="x', "a\\", "é", "a\n", "a" * 129, 7, b"a"])
def test_a_claim_that_the_header_cannot_say_is_refused(field: str, value: Any) -> None:
    Identity(agent="a", **{field: "a" * 128})
    with pytest.raises(MalformedError) as refused:
        Identity(agent="a", **{field: value})
    assert refused.value.field == field


def test_the_header_has_a_limit() -> None:
    room = IDENTITY_MAX_BYTES - len(f'"{"a" * 128}";run="{"r" * 128}";svc="{"s" * 128}";wl=""')
    stated: dict[str, Any] = {"agent": "a" * 128, "run": "r" * 128, "service": "s" * 128}
    widest = Identity(**stated, workload="w" * room)
    assert len(widest.to_header()) == IDENTITY_MAX_BYTES
    assert Identity.from_header(widest.to_header()) == widest
    over = widest.to_header()[:-1] + 'w"'
    with pytest.raises(HeaderTooLargeError) as written:
        Identity(**stated, workload="w" * (room + 1))
    with pytest.raises(HeaderTooLargeError) as read:
        Identity.from_header(over)
    for refused in (written.value, read.value):
        assert (refused.component, refused.limit) == ("agent-identity", IDENTITY_MAX_BYTES)


def test_an_identity_is_a_value() -> None:
    twin = Identity.from_header(FULL)
    assert twin == WORKER
    assert hash(twin) == hash(WORKER)
    assert eval(repr(twin)) == WORKER
    with pytest.raises(FrozenInstanceError):
        twin.agent = "admin"  # type: ignore[misc]
