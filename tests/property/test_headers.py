"""Any headers give a verdict: a proof, or a documented error; and no two envelopes share their bytes."""

from __future__ import annotations

import contextlib
import re
from unittest.mock import patch

from hypothesis import assume, example, given
from hypothesis import strategies as st

from delegate.envelope import fields, verify
from delegate.envelope.components import parse_components, parse_parameters, signature_base
from delegate.envelope.digest import parse_digest
from delegate.envelope.message import snapshot
from delegate.errors import DelegateError
from delegate.verifier import Request, Verified
from tests.support.wire import BODY, COMPONENTS, Server, Wire, base_of, parameters, sign

NAMES = ["signature", "signature-input", "delegation", "agent-identity", "content-digest", "host", "cookie"]
SIGNED = dict(sign().headers)
pieces = st.sampled_from(
    [
        *'()";:=, \t\\?*%@',
        "dlg",
        "sig1",
        '"@method"',
        "delegate-v1",
        "created",
        "1795175603",
        "tag",
        "é",
        "\x00",
    ]
)
texts = st.one_of(st.text(max_size=40), st.lists(pieces, max_size=30).map("".join))


def mutations(text: str) -> st.SearchStrategy[str]:
    """``text`` with a few characters removed, doubled or replaced."""

    def mutate(edits: list[tuple[int, str]]) -> str:
        characters = list(text)
        for position, piece in edits:
            characters[position % len(characters)] = piece
        return "".join(characters)

    return st.lists(st.tuples(st.integers(0, 10_000), st.one_of(pieces, st.just(""))), max_size=3).map(mutate)


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES).map(str.encode) | st.binary(max_size=9), st.binary(max_size=60))
    )
)
def test_any_headers_give_a_documented_error(headers: list[tuple[bytes, bytes]]) -> None:
    """'Any bytes given to any parser yield a value or a ``DelegateError``.'"""
    with contextlib.suppress(DelegateError):
        Server().verifier.verify(Request(method="POST", path=b"/", headers=headers), b"")


@given(st.sampled_from([name for name in NAMES if name in SIGNED]), st.data())
def test_a_good_request_with_one_damaged_header_is_refused_or_unchanged(
    name: str, data: st.DataObject
) -> None:
    """'Any one change of ... covered header, parameter ... is refused.'"""
    damaged = data.draw(mutations(SIGNED[name]))
    assume(damaged.isascii() or damaged != SIGNED[name])
    wire = sign()
    wire = wire.with_header(name, damaged)
    try:
        verified = Server().verifier.verify(
            Request(
                method=wire.method,
                path=wire.path.encode(),
                query=wire.query.encode(),
                headers=[(n.encode(), v.encode("latin-1", "replace")) for n, v in wire.headers],
            ),
            BODY,
        )
    except DelegateError:
        return
    assert isinstance(verified, Verified)
    assert verified.envelope.canonical_bytes == base_of(sign(), COMPONENTS, parameters())


@given(st.binary(max_size=12), st.binary(max_size=12), st.text("GETPOSX-", max_size=7))
def test_any_target_gives_a_documented_error(path: bytes, query: bytes, method: str) -> None:
    with contextlib.suppress(DelegateError):
        target = verify.read_target(method, b"/" + path, query, b"a")
        assert target["@path"] == b"/" + path


@given(texts)
@example(SIGNED["signature-input"])
@example(SIGNED["signature"])
@example('a=("b";c="d");e=1.5, f=(1 2 3)')
def test_every_header_parser_answers(text: str) -> None:
    for parser in (
        fields.parse_signature_input,
        lambda value: fields.parse_byte_sequences(value, "signature"),
        parse_components,
        parse_parameters,
        lambda value: parse_digest(value.encode()),
        lambda value: verify.read_delegation(value.encode()),
        lambda value: verify.pick_signature(
            {"signature-input": value.encode(), "signature": SIGNED["signature"].encode()}
        ),
        lambda value: snapshot([(b"signature", value.encode()), (b"signature", value.encode())]),
    ):
        with contextlib.suppress(DelegateError):
            parser(text)


@given(st.one_of(mutations(SIGNED["signature-input"]), texts))
@example(SIGNED["signature-input"])
@example(SIGNED["signature-input"].replace('("@method"', '(;@method"').replace("dlg=", "lg="))
@example(SIGNED["signature-input"].replace('"delegate-v1"', '"delegate-v1') + '"x"')
def test_the_quick_split_is_the_general_split(text: str) -> None:
    """A member alone is split by one expression; the general way must come to the same end."""

    def outcome() -> object:
        headers = {
            "signature-input": text.encode("latin-1", "replace"),
            "signature": b"dlg=:" + b"A" * 86 + b"==:",
        }
        try:
            return verify.read_member(verify.pick_signature(headers))
        except DelegateError as error:
            return error.code

    quick = outcome()
    with patch.object(fields, "_SOLE_MEMBER", re.compile("(?!)")):
        assert outcome() == quick


components = st.lists(
    st.sampled_from(['"content-type"', '"content-digest"', '"delegation"', '"accept"', '"x-a"']), unique=True
).map(lambda names: " ".join(['"@method" "@authority" "@path" "@query" "agent-identity"', *names]))
values = st.text(st.characters(codec="ascii", exclude_characters="\r\n\x00"), max_size=12)
wires = st.builds(
    lambda path, query, values: Wire(path="/" + path, query=query, headers=(("host", "a"), *values.items())),
    st.text("ab/.%", max_size=5),
    st.text("ab=&", max_size=5),
    st.fixed_dictionaries(
        dict.fromkeys(("content-type", "content-digest", "delegation", "accept", "x-a"), values)
        | {"agent-identity": values}
    ),
)


@given(wires, wires, components, components)
def test_two_different_envelopes_never_share_canonical_bytes(
    left: Wire, right: Wire, left_components: str, right_components: str
) -> None:
    """'Two different envelopes never share canonical bytes.' What is covered can be read off the base."""

    def meaning(wire: Wire, names: str) -> tuple[object, ...]:
        headers = dict(wire.headers)
        derived = {"@method": wire.method, "@authority": "a", "@path": wire.path, "@query": "?" + wire.query}
        return tuple((name, (derived | headers)[name.strip('"')].strip(" \t")) for name in names.split(" "))

    def base(wire: Wire, names: str) -> bytes:
        target = {"@method": b"POST", "@authority": b"a"}
        target |= {"@path": wire.path.encode(), "@query": b"?" + wire.query.encode()}
        have = {name: value.encode() for name, value in wire.headers} | target
        return signature_base(parse_components(f"({names})"), have, f"({names}){parameters()}".encode())

    same_meaning = meaning(left, left_components) == meaning(right, right_components)
    assert (base(left, left_components) == base(right, right_components)) == same_meaning
