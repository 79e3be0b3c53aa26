"""Borders of reading a signed request: what just fits is read, and one more is refused by its name."""

from __future__ import annotations

import pytest

from delegate.envelope import message
from delegate.envelope.components import parse_components
from delegate.envelope.message import snapshot
from delegate.envelope.verify import EnvelopeRules, pick_signature, read_member, read_usual_member
from delegate.errors import (
    ConfigurationError,
    HeaderTooLargeError,
    SignatureInputMalformedError,
    SignatureMalformedError,
)
from delegate.limits import (
    HEADER_MAX_BYTES,
    IDENTITY_MAX_BYTES,
    LABEL_MAX_CHARS,
    SIGNATURE_INPUT_MAX_BYTES,
    SIGNATURE_MAX_BYTES,
    SIGNATURE_MAX_COMPONENTS,
    SKEW_MAX,
    TOKEN_HEADER_MAX_BYTES,
    WINDOW_MAX,
)
from tests.support.wire import sign

HEADERS = {name: value.encode() for name, value in sign().headers}
REQUIRED = ("@method", "@authority", "@path", "@query", "agent-identity")


def items(names: tuple[str, ...]) -> str:
    return "(" + " ".join(f'"{name}"' for name in names) + ")"


def test_as_many_components_as_the_limit_are_read() -> None:
    names = (*REQUIRED, *(f"x-{number}" for number in range(SIGNATURE_MAX_COMPONENTS - len(REQUIRED))))
    assert parse_components(items(names)).names == names
    with pytest.raises(SignatureInputMalformedError, match="the limit is 24"):
        parse_components(items((*names, "x-more")))


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("agent-identity", IDENTITY_MAX_BYTES),
        ("delegation", TOKEN_HEADER_MAX_BYTES + len('t=""')),
        ("content-type", HEADER_MAX_BYTES),
        ("signature", HEADER_MAX_BYTES),
    ],
)
def test_a_header_of_as_many_bytes_as_its_limit_is_taken(name: str, most: int) -> None:
    values, _ = snapshot([(name.encode(), b"x" * most)])
    assert len(values[name]) == most
    with pytest.raises(HeaderTooLargeError) as caught:
        snapshot([(name.encode(), b"x" * (most + 1))])
    assert (caught.value.component, caught.value.limit) == (name, most)


def test_a_header_that_the_profile_does_not_read_has_no_limit_and_frees_none() -> None:
    """One long header beside it does not take the limit from another."""
    beside = (b"x-long", b"x" * (2 * HEADER_MAX_BYTES))
    assert len(snapshot([beside])[0]["x-long"]) == 2 * HEADER_MAX_BYTES
    for name in (b"agent-identity", b"content-type"):
        with pytest.raises(HeaderTooLargeError):
            snapshot([beside, (name, b"x" * (HEADER_MAX_BYTES + 1))])


def test_a_header_at_its_limit_is_taken_beside_a_longer_one() -> None:
    longer = (b"content-type", b"x" * HEADER_MAX_BYTES)
    for name, most in ((b"agent-identity", IDENTITY_MAX_BYTES), (b"delegation", TOKEN_HEADER_MAX_BYTES + 4)):
        snapshot([longer, (name, b"x" * most)])
        with pytest.raises(HeaderTooLargeError):
            snapshot([longer, (name, b"x" * (most + 1))])


def test_names_are_remembered_up_to_a_number_and_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger who sends many or long names fills no memory, and his headers are read all the same."""
    monkeypatch.setattr(message, "_NAMES", message._Names())
    long = b"X" * (LABEL_MAX_CHARS + 1)
    assert snapshot([(long, b"1"), (long[1:], b"2")])[0] == {long.decode().lower(): b"1", "x" * 64: b"2"}
    assert [*message._NAMES] == [long[1:]]
    many = [(b"X-%d" % number, b"") for number in range(600)]
    assert snapshot(many)[0].keys() == {f"x-{number}" for number in range(600)}
    assert [*message._NAMES] == [long[1:], *[name for name, _ in many[:511]]]


def test_no_headers_are_no_values() -> None:
    assert snapshot([]) == ({}, set())


def padded(size: int, *, before: str = "") -> dict[str, bytes]:
    """Our member of so many bytes, by the length of a covered name; ``before`` is another member."""
    stated = HEADERS["signature-input"].decode()
    wide = stated.replace('"@path"', '"@path" "x"', 1)
    wide = wide.replace('"x"', f'"x{"y" * (size - len(wide))}"', 1)
    assert len(wide) == size
    return HEADERS | {"signature-input": (before + wide).encode()}


@pytest.mark.parametrize("before", ["", 'other=("@method"), '])
def test_our_member_may_have_2048_bytes(before: str) -> None:
    fits = read_member(pick_signature(padded(SIGNATURE_INPUT_MAX_BYTES, before=before)))
    assert len(fits.text) == SIGNATURE_INPUT_MAX_BYTES - len("dlg=")
    over = padded(SIGNATURE_INPUT_MAX_BYTES + 1, before=before)
    assert read_usual_member(over) is None
    with pytest.raises(HeaderTooLargeError) as caught:
        pick_signature(over)
    assert (caught.value.component, caught.value.limit) == ("signature-input", SIGNATURE_INPUT_MAX_BYTES)


@pytest.mark.parametrize("before", ["", "other=:AA==:, "])
def test_our_signature_may_have_128_bytes(before: str) -> None:
    def labelled(label: str) -> dict[str, bytes]:
        stated, signature = (HEADERS[name].decode() for name in ("signature-input", "signature"))
        other = 'other=("@method"), ' if before else ""
        return HEADERS | {
            "signature-input": (other + stated.replace("dlg=", f"{label}=", 1)).encode(),
            "signature": (before + signature.replace("dlg=", f"{label}=", 1)).encode(),
        }

    longest = "z" * (SIGNATURE_MAX_BYTES - len("=::") - 88)
    assert pick_signature(labelled(longest)).label == longest
    over = labelled(longest + "z")
    assert read_usual_member(over) is None
    with pytest.raises(HeaderTooLargeError) as caught:
        pick_signature(over)
    assert (caught.value.component, caught.value.limit) == ("signature", SIGNATURE_MAX_BYTES)


def test_rules_may_be_as_strict_and_as_mild_as_their_bounds() -> None:
    assert EnvelopeRules(skew=0, window_max=1).skew == 0
    assert EnvelopeRules(skew=SKEW_MAX, window_max=WINDOW_MAX).window_max == WINDOW_MAX
    for skew, window_max in ((-1, 1), (SKEW_MAX + 1, 1), (0, 0), (0, WINDOW_MAX + 1)):
        with pytest.raises(ConfigurationError):
            EnvelopeRules(skew=skew, window_max=window_max)


@pytest.mark.parametrize("parameter", [";x", ";x=1", '; created="0"'])
def test_our_signature_has_no_parameters_and_another_signers_may(parameter: str) -> None:
    other = HEADERS | {
        "signature-input": b'other=("@method"), ' + HEADERS["signature-input"],
        "signature": f"other=:AA==:{parameter}, ".encode() + HEADERS["signature"],
    }
    assert pick_signature(other).label == "dlg"
    for headers in (HEADERS, other):
        with pytest.raises(SignatureMalformedError, match="parameters") as caught:
            pick_signature(headers | {"signature": headers["signature"] + parameter.encode()})
        assert (caught.value.component, caught.value.field) == ("signature", "dlg")
