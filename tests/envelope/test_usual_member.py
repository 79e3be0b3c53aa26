"""The quick way through steps 2 and 3: the one form it reads, and that it reads nothing in another way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.envelope.components import TAG
from delegate.envelope.verify import SignedMember, pick_signature, read_member, read_usual_member
from delegate.errors import DelegateError
from delegate.limits import TIMESTAMP_MAX
from tests.support.forge import NOW
from tests.support.wire import sign as sign_by_hand

HEADERS = {name: value.encode() for name, value in sign_by_hand().headers}
INPUT, SIGNATURE = HEADERS["signature-input"].decode(), HEADERS["signature"].decode()


def in_parts(headers: dict[str, bytes]) -> SignedMember | str:
    """What the way that reads every form makes of it, or the code by which it refuses."""
    try:
        return read_member(pick_signature(headers))
    except DelegateError as error:
        return error.code


def with_both(stated: str, signature: str) -> dict[str, bytes]:
    return {"signature-input": stated.encode("latin-1"), "signature": signature.encode("latin-1")}


def test_what_we_sign_is_read_the_quick_way_and_means_the_same() -> None:
    quick = read_usual_member(HEADERS)
    assert quick is not None
    assert quick == in_parts(HEADERS)
    assert read_member(quick) is quick


def test_another_label_is_usual_too() -> None:
    headers = with_both(INPUT.replace("dlg=", "a*.b=", 1), SIGNATURE.replace("dlg=", "a*.b=", 1))
    quick = read_usual_member(headers)
    assert quick is not None
    assert quick.label == "a*.b"
    assert quick == in_parts(headers)


@pytest.mark.parametrize(
    ("created", "expires"),
    [(0, TIMESTAMP_MAX), (NOW, NOW), (TIMESTAMP_MAX, TIMESTAMP_MAX), (TIMESTAMP_MAX, NOW)],
    ids=["the widest window", "no window at all", "the last second", "the other way round"],
)
def test_the_quick_way_reads_any_times_and_judges_none(created: int, expires: int) -> None:
    times = re.compile(r";created=\d+;expires=\d+")
    headers = with_both(times.sub(f";created={created};expires={expires}", INPUT), SIGNATURE)
    quick = read_usual_member(headers)
    assert quick is not None
    assert (quick.parameters.created, quick.parameters.expires) == (created, expires)
    assert quick == in_parts(headers)


UNUSUAL = {
    "no header at all": ("", ""),
    "a signature of somebody else beside it": (f'{INPUT}, other=("@method");keyid="x"', SIGNATURE),
    "another order of parameters": (
        INPUT.replace(f';tag="{TAG}"', "").replace(";created=", f';tag="{TAG}";created=', 1),
        SIGNATURE,
    ),
    "another tag": (INPUT.replace(TAG, TAG + "0"), SIGNATURE),
    "a parameter more": (INPUT + ";x=1", SIGNATURE),
    "a parameter behind the signature": (INPUT, SIGNATURE + ";x=1"),
    "another label there": (INPUT, SIGNATURE.replace("dlg=", "dlh=", 1)),
    "no colon at its end": (INPUT, SIGNATURE[:-1]),
    "no colon before it": (INPUT, SIGNATURE.replace("=:", "=", 1)),
    "a signature of 63 bytes": (INPUT, "dlg=:" + "A" * 84 + ":"),
    "spare bits in it": (INPUT, "dlg=:" + "A" * 85 + "B==:"),
    "a component twice": (INPUT.replace('"@path"', '"@path" "@path"'), SIGNATURE),
    "a component too few": (INPUT.replace(' "@path"', ""), SIGNATURE),
    "spare bits in the nonce": (re.sub(r'..";keyid', 'AB";keyid', INPUT), SIGNATURE),
    "a nonce of 17 bytes": (INPUT.replace(';nonce="', ';nonce="AA', 1), SIGNATURE),
    "a time below zero": (INPUT.replace(f";created={NOW};", ";created=-1;"), SIGNATURE),
    "a time in milliseconds": (re.sub(r";expires=\d+", f";expires={TIMESTAMP_MAX + 1}", INPUT), SIGNATURE),
    "a leading zero": (INPUT.replace(";created=", ";created=0", 1), SIGNATURE),
    "a digit that is not ASCII": (INPUT.replace(";created=", ";created=\u00b2", 1), SIGNATURE),
    "an algorithm that is none": (INPUT.replace('alg="ed25519"', 'alg="none"'), SIGNATURE),
    "over the size of our member": (INPUT.replace('"@path"', f'"@path" "{"x" * 2048}"'), SIGNATURE),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_any_other_form_is_left_to_the_other_way(name: str) -> None:
    assert read_usual_member(with_both(*UNUSUAL[name])) is None


@given(
    which=st.sampled_from(["signature-input", "signature"]),
    at=st.integers(0, 400),
    cut=st.integers(0, 12),
    insert=st.text(st.characters(max_codepoint=255), max_size=6),
)
def test_what_it_reads_at_all_it_reads_as_the_other_way_does(
    which: str, at: int, cut: int, insert: str
) -> None:
    text = HEADERS[which].decode("latin-1")
    headers = HEADERS | {which: (text[:at] + insert + text[at + cut :]).encode("latin-1")}
    quick = read_usual_member(headers)
    assert quick is None or quick == in_parts(headers)
