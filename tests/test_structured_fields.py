"""The published structured-field tests, for the parts of the grammar that the profile reads.

The profile reads dictionaries of inner lists and of byte sequences. Every published *item* becomes the one
item of an inner list, every *key* the label of a member and the name of a parameter, every *byte sequence* a
member of ``Signature``; what the RFC refuses must be refused, and what it reads must be read. Where an item
and an item of an inner list are not the same thing, or the profile is narrower, the case is named below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from delegate.envelope.fields import (
    decode_bytes,
    parse_byte_sequences,
    parse_signature_input,
    require_well_formed,
)
from delegate.errors import DelegateError
from tests.conftest import VECTORS, needs_vectors

FOLDER: Final = VECTORS / "signing/structured-fields"
Case = dict[str, Any]


def read_item(text: str) -> None:
    """Read ``text`` as the only item of an inner list."""
    (member,) = parse_signature_input(f"a=({text})").values()
    require_well_formed(member)


def read_label(text: str) -> None:
    """Read a dictionary whose members are numbers, with an empty inner list in the place of each."""
    for member in parse_signature_input(text).values():
        require_well_formed(member)


def read_bytes(text: str) -> None:
    """Read ``text`` as our member of ``Signature``, of any length."""
    for encoded, _ in parse_byte_sequences(f"a={text}", "signature").values():
        decode_bytes(encoded, len(encoded) // 4 * 3 - encoded.count("="), "signature")


def cases(kind: str) -> Iterator[Case]:
    """All published cases of one type of field, one line each."""
    for path in sorted(FOLDER.glob("*.json")):
        for case in json.loads(path.read_text()):
            if case["header_type"] == kind and len(case["raw"]) == 1:
                yield case


def disagreements(read: Callable[[str], None], chosen: list[tuple[Case, str]]) -> set[str]:
    """The names of the cases that the profile answers otherwise than the RFC does."""
    found = set()
    for case, text in chosen:
        try:
            read(text)
            accepted = True
        except DelegateError:
            accepted = False
        if accepted == case.get("must_fail", False) and not (case.get("can_fail") and not accepted):
            found.add(case["name"])
    return found


_UNUSED = "a foreign member's value is never decoded: it is neither used nor signed by us"
ITEMS: Final = {
    "padding at beginning": _UNUSED,
    "padding in middle": _UNUSED,
    "bad display string utf-8 (invalid 2-byte seq)": _UNUSED,
    "bad display string utf-8 (invalid sequence id)": _UNUSED,
    "bad display string utf-8 (invalid 3-byte seq)": _UNUSED,
    "bad display string utf-8 (invalid 4-byte seq)": _UNUSED,
    "empty item": "an inner list may be empty",
    "0x20 in token": "an inner list may hold two items",
}
KEYS: Final = {
    "duplicate key dictionary": "one label twice is refused, though the RFC lets the last one win",
    "dictionary key ordering": "a key without a value is true, and no inner list",
    "0x2c in dictionary key": "the same: the comma leaves a key without a value",
    "0x3b in dictionary key": "the same: the semicolon begins a parameter of true",
}


@needs_vectors
def test_items_are_read_as_the_rfc_does_but_for_those_named() -> None:
    chosen = [(case, case["raw"][0]) for case in cases("item")]
    assert len(chosen) == 838
    assert disagreements(read_item, chosen) == ITEMS.keys()


@needs_vectors
def test_keys_are_read_as_the_rfc_does_but_for_those_named() -> None:
    """Spaces around a header's value are taken off before it is read."""
    chosen = [
        (case, case["raw"][0].replace("=1", "=()").strip(" "))
        for case in cases("dictionary")
        if "key" in case["name"]
    ]
    assert len(chosen) == 390
    assert disagreements(read_label, chosen) == KEYS.keys()


@needs_vectors
def test_byte_sequences_of_ours_are_read_as_the_rfc_does_without_exception() -> None:
    chosen = [(case, case["raw"][0]) for case in cases("item") if case["raw"][0].startswith(":")]
    assert len(chosen) == 18
    assert disagreements(read_bytes, chosen) == set()
