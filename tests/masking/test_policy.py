"""Modes by kind and by place, blocking, allow lists, recognizers, and what a policy refuses."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from delegate.errors import ConfigurationError, MaskingBlockedError, MaskingLimitError
from delegate.masking import Masker, Policy
from tests.masking.samples import EMAIL, PASSWORD, TOKEN, Broken, nested


def mask(value: object, **settings: Any) -> Any:
    return Masker(Policy(**settings)).mask(value)


VALUE = {"mail": EMAIL, "deep": {"mail": [EMAIL], "token": TOKEN}}


def test_warn_leaves_the_value_and_reports() -> None:
    out, found = mask(VALUE, mode="warn")
    assert out is VALUE
    assert {(finding.pointer, finding.action) for finding in found} == {
        ("/mail", "warned"),
        ("/deep/mail/0", "warned"),
        ("/deep/token", "warned"),
    }


def test_warn_does_not_show_a_secret_key_in_its_pointer() -> None:
    out, found = mask({TOKEN: {"password": PASSWORD}}, mode="warn")
    assert TOKEN in out
    assert [finding.pointer for finding in found] == [
        "/[MASKED:github-token]",
        "/[MASKED:github-token]/password",
    ]


def test_off_neither_looks_nor_reports() -> None:
    assert mask(VALUE, mode="off") == (VALUE, ())
    out, found = mask(VALUE, kinds={"email": "off"})
    assert out == {"mail": EMAIL, "deep": {"mail": [EMAIL], "token": "[MASKED:github-token]"}}
    assert len(found) == 1
    assert [
        each.pointer for each in mask({EMAIL: {"password": PASSWORD}}, kinds={"email": "off"}).findings
    ] == [f"/{EMAIL}/password"]


def test_the_longer_place_decides_before_the_shorter_and_both_before_the_kind() -> None:
    out, found = mask(
        VALUE,
        kinds={"email": "block"},
        paths={"/mail": "warn", "/deep": "off", "/*/token": "mask", "/x~1y": "off"},
    )
    assert out == {"mail": EMAIL, "deep": {"mail": [EMAIL], "token": "[MASKED:github-token]"}}
    assert [(finding.pointer, finding.action) for finding in found] == [
        ("/mail", "warned"),
        ("/deep/token", "masked"),
    ]
    assert mask({"a": EMAIL}, paths={"": "off"}).value == {"a": EMAIL}
    assert mask({"x/y": EMAIL}, paths={"/x~1y": "off"}).value == {"x/y": EMAIL}


def test_block_raises_an_error_that_holds_findings_only() -> None:
    """'block raises an error that holds findings only, never the payload.'"""
    with pytest.raises(MaskingBlockedError) as caught:
        mask(
            {"a": {"password": PASSWORD}, "b": [TOKEN] * 4, "c": EMAIL}, kinds={"email": "mask"}, mode="block"
        )
    error = caught.value
    assert [finding.action for finding in error.findings].count("masked") == 1
    assert len(error.findings) == 6
    for text in (str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))):
        assert PASSWORD not in text
        assert TOKEN not in text
    assert "at /c" not in str(error)
    assert "and 2 more" in str(error)
    assert pickle.loads(pickle.dumps(error)).findings == error.findings


def test_block_of_what_was_not_searched_is_an_error_of_its_own() -> None:
    for value, kind in ((nested(40, 1), "depth"), ({"m": Broken()}, "error"), ("x" * 300_000, "size")):
        with pytest.raises(MaskingLimitError) as caught:
            mask(value, mode="block")
        assert [finding.kind for finding in caught.value.findings] == [kind]
        assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("mode", ["warn", "off"])
def test_what_was_not_searched_never_gets_through(mode: str) -> None:
    out, found = mask([Broken(), "x" * 300_000], mode=mode)
    assert out == ["[MASKED:error]", "[MASKED:size]"]
    assert {finding.action for finding in found} == {"masked"}


def test_a_blocked_value_and_a_permitted_one_beside_it() -> None:
    assert mask({"a": EMAIL}, paths={"/b": "block"}).value == {"a": "[MASKED:email]"}
    with pytest.raises(MaskingBlockedError):
        mask({"b": EMAIL}, paths={"/b": "block"})


def test_allowed_texts_are_no_secrets() -> None:
    assert mask([EMAIL, "bob@example.net"], allow=frozenset({EMAIL})).value == [EMAIL, "[MASKED:email]"]


def names_of_people(text: str) -> Iterator[tuple[int, int, str]]:
    start = text.find("Jane Roe")
    if start >= 0:
        yield start, start + 8, "person"


def test_a_recognizer_is_asked_for_every_text() -> None:
    out, found = mask(["Jane Roe said hi", {"password": PASSWORD}, f"x {EMAIL}"], recognizer=names_of_people)
    assert out == ["[MASKED:person] said hi", {"password": "[MASKED:password]"}, "x [MASKED:email]"]
    assert found[0].detector == "recognizer"


def test_a_recognizer_that_fails_masks_the_text() -> None:
    def fails(text: str) -> Iterator[tuple[int, int, str]]:
        raise RuntimeError(text)

    for wrong in (
        fails,
        lambda _: [(0, 1, "dog")],
        lambda _: [(0, 9, "person")],
        lambda _: [(1, 1, "person")],
    ):
        out, found = mask(["a", 1], recognizer=wrong)
        assert out == ["[MASKED:error]", 1]
        assert [(finding.pointer, finding.kind) for finding in found] == [("/0", "error")]


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        ("mode", "hide"),
        ("kinds", {"email": "no"}),
        ("kinds", {"E-Mail!": "off"}),
        ("paths", {"a/b": "off"}),
        ("paths", {"/a~2": "off"}),
        ("paths", {"/a": "maybe"}),
        ("reveal", {"email": 5}),
        ("reveal", {"email": True}),
        ("reveal", {"E!": 1}),
        ("engine", "pcre"),
        ("recognizes", {"A Person"}),
    ],
)
def test_an_unknown_setting_is_an_error(setting: str, given: Any) -> None:
    """'An unknown mode is an error.'"""
    with pytest.raises(ConfigurationError) as caught:
        Policy(**{setting: given})
    assert caught.value.field == setting


def test_a_policy_cannot_be_changed() -> None:
    kinds: dict[str, Any] = {"email": "off"}
    policy = Policy(kinds=kinds)
    kinds["email"] = "mask"
    assert policy.kinds["email"] == "off"
    with pytest.raises(TypeError):
        policy.kinds["email"] = "mask"  # type: ignore[index]
    with pytest.raises(AttributeError):
        policy.mode = "off"  # type: ignore[misc]
    assert Masker(policy).policy is policy


def test_findings_travel_as_json() -> None:
    (finding,) = mask({"a": EMAIL}).findings
    assert json.loads(json.dumps(finding.to_json())) == {
        "pointer": "/a",
        "kind": "email",
        "detector": "email",
        "count": 1,
        "action": "masked",
    }
