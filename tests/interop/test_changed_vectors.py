"""The vectors, changed by the fuzzers' mutations: the library and ``interop/js`` give the same code.

What ``test_wounds`` does for answers with signatures of their own, here for every other question, with less
care: an input is changed in one place and nothing is signed again. Which field is named is not compared,
because of several that are wrong some pages leave it open.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, Final

import pytest

from fuzz.mutation import mutated
from tests.interop.node import FOLDER, needs_node, run
from tests.interop.test_js import CASES
from tests.vectors.case import OK, Case
from tests.vectors.run import verdict

pytestmark = needs_node

CHANGED: Final = 120
"""For each question, and each of them once through Node.js."""


def _bytes(data: bytes, number: int) -> bytes:
    def flipped(data: bytes, _limit: int) -> bytes:
        return bytes([data[0] ^ 1]) + data[1:] if data else b"a"

    return mutated(data, 8192, number, seeds=[data], otherwise=flipped)


def _text(text: str, number: int) -> str:
    return _bytes(text.encode("utf-8", "surrogatepass"), number).decode("utf-8", "replace")


def _base64(text: str, number: int) -> str:
    return b64encode(_bytes(b64decode(text), number)).decode()


def _json(value: Any, number: int) -> Any:
    """Another JSON value that every reader here can be handed; else the same."""
    try:
        changed = json.loads(_text(json.dumps(value), number))
    except ValueError:
        return value
    return value if str(2**53) in json.dumps(changed) else changed


def _request(request: Case, number: int) -> Case:
    lines = "\n".join(f"{name}: {value}" for name, value in request["headers"]).encode("latin-1")
    changed = _bytes(lines, number).decode("latin-1").split("\n")
    return request | {"headers": [list(line.partition(": ")[::2]) for line in changed if ": " in line]}


CHANGES: Final[dict[str, tuple[str, Callable[[Any, int], Any]]]] = {
    "read-json": ("bytes", _base64),
    "base64": ("text", _text),
    "public-key": ("key", _text),
    "jwks": ("document", _text),
    "trust-file": ("file", _json),
    "scope": ("scope", _json),
    "contains": ("child", _json),
    "meet": ("left", _json),
    "permits": ("scope", _json),
    "token": ("token", _text),
    "request": ("request", _request),
    "response": ("response", _request),
    "dsse": ("bytes", _base64),
    "key-claim": ("bytes", _base64),
    "revocation-list": ("bytes", _base64),
    "name": ("value", _text),
}
"""Question -> the member that is changed, and how."""


def _code(expect: Any) -> str:
    return str(expect if expect == OK else expect["code"])


@pytest.mark.parametrize("question", CHANGES)
def test_both_implementations_give_one_code(question: str) -> None:
    member, change = CHANGES[question]
    random = Random(question)
    originals = [case for _, case in CASES if case["op"] == question]
    good = [case for case in originals if case["expect"] == OK]
    cases: list[Case] = []
    for at in range(CHANGED):
        case = deepcopy(random.choice(good if at % 3 else originals))
        if isinstance(case[member], str | dict):
            case[member] = change(case[member], random.getrandbits(32))
        cases.append({**case, "id": at})
    codes = [_code(verdict(case)[0]) for case in cases]
    answers: list[Any] = run(FOLDER / "run.mjs", cases)
    different = [
        (case[member], code, answer["expect"])
        for case, code, answer in zip(cases, codes, answers, strict=True)
        if code != _code(answer["expect"])
    ]
    assert different == []
    assert OK in codes
    assert len(set(codes)) > 1
