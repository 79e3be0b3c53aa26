"""Random wounds of signed answers: the library and ``interop/js`` give the same verdict on each.

The vectors say what is right of the wounds somebody thought of. Here nobody says what is right, and what is
held is only that two readings of ``docs/spec/response.md`` agree: on the verdict, and of several refusals on
the one that is named. The wounds are drawn from a fixed seed, so a disagreement comes again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any, Final

from tests.interop.node import FOLDER, needs_node, run
from tests.interop.test_js import disagreement
from tests.support.answer import COVERED, WireAnswer, answer_parameters, sign_answer
from tests.support.wire import Wire, digest_of
from tests.vectors.case import OK, Case, b64
from tests.vectors.generate.requests import baseline, signed, without
from tests.vectors.generate.response import REQUEST, SHARED
from tests.vectors.run import verdict

pytestmark = needs_node

WOUNDED: Final = 600
"""Enough that each of the codes below is seen; about a second for each implementation."""

_UNDIGESTED: Final = without("content-digest")
REQUESTS: Final = (
    REQUEST,
    signed(replace(baseline(), method="GET", body=b""), components=_UNDIGESTED),
    signed(replace(baseline(), method="HEAD", body=b""), components=_UNDIGESTED),
    signed(label="sig1"),
)
COMPONENTS: Final = (
    *COVERED.split(),
    *('"server"', '"x-a"', '"x-absent"', '"constructor"', '"@path"', '"@target-uri";req', '"@status";req'),
    *('"accept";sf', '"signature";req', '"signature";req;key="x"', '"signature";key="dlg";req', '"Accept"'),
    *('"', "a", '"x";', '"x"  "y"', " ".join(f'"y{number}"' for number in range(20))),
)
PARAMETERS: Final = (
    *(";x", ";x=1", ";expires=1", ';nonce="a"', ";created", ";created=1", ";created=01", ";created=1.0"),
    *(";created=1795175603000", ";created=1000000000000000", ";created=-1", ';created="1"', ";X=1", ";;"),
    *(
        ';alg="none"',
        ";alg=ed25519",
        ';keyid="a"',
        ';keyid="\\\\"',
        ';tag="delegate-v1"',
        ";tag=x",
        " ;x",
        "a",
    ),
)
LINES: Final = (
    *(("content-type", "text/plain"), ("content-encoding", "gzip"), ("location", "/x"), ("server", "b")),
    *(("location", " "), ("location", "\xe9"), ("x-a", "1"), ("X-A", "2"), ("host", "a"), ("cookie", "a=b")),
    *(("content-digest", "sha-512=:AAAA:"), ("content-digest", "sha-256=:AAAA:"), ("set-cookie", "a")),
    *(
        ("signature-input", "b=()"),
        ("signature", "b=:AA==:"),
        ("signature", "srv=:AA==:"),
        ("signature", "?"),
    ),
    *(("signature-input", 'c=();tag="delegate-response-v1"'), ("agent-identity", "x" * 513)),
)


def _some(random: Random, good: list[str], strange: tuple[str, ...]) -> list[str]:
    """``good`` with some of it left out, exchanged or moved, and some of ``strange`` put in."""
    while random.random() < 0.35:
        at = random.randrange(len(good) + 1)
        drawn = random.choice([[], [random.choice(strange)], good[:1]])
        good = [*good[:at], *drawn, *good[at + random.randrange(2) :]]
    return good


def _with_lines(random: Random, answer: WireAnswer) -> WireAnswer:
    """The answer with header lines left out and put in."""
    lines = list(answer.headers)
    while random.random() < 0.25:
        at = random.randrange(len(lines) + 1)
        lines[at : at + random.randrange(2)] = random.choice([[], [random.choice(LINES)]])
    return replace(answer, headers=tuple(lines))


def _wounded(random: Random) -> tuple[Wire, WireAnswer]:
    """A request, and an answer that was wounded, signed, and wounded again on its way."""
    request = random.choice((REQUEST, *REQUESTS))
    label = "sig1" if request is REQUESTS[3] else "dlg"
    covered = COVERED.replace('"dlg"', f'"{label}"')
    if _UNDIGESTED in dict(request.headers)["signature-input"]:
        covered = covered.replace(' "content-digest";req', "")
    answer = WireAnswer(status=random.choice((200, 200, 204, 304, 404)))
    if random.random() < 0.3:
        answer = replace(answer, body=b"").with_header("content-digest", digest_of(b""))
    components = " ".join(_some(random, covered.split(), COMPONENTS))
    params = "".join(_some(random, [f";{each}" for each in answer_parameters()[1:].split(";")], PARAMETERS))
    answer = _with_lines(random, answer)
    try:
        answer = sign_answer(answer, request, components=components, params=params)
    except UnicodeError:  # a wound that nobody could sign
        answer = sign_answer(WireAnswer(), request, components=covered)
    return request, _with_lines(random, answer)


def _case(request: Wire, answer: WireAnswer) -> Case:
    return SHARED | {
        "request": {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": [list(line) for line in request.headers],
            "body": b64(request.body),
        },
        "response": {
            "status": answer.status,
            "headers": [list(line) for line in answer.headers],
            "body": b64(answer.body),
        },
    }


def test_both_implementations_agree_on_answers_that_nobody_thought_of() -> None:
    random = Random(20261129)
    cases: list[Case] = []
    for _ in range(WOUNDED):
        case = _case(*_wounded(random))
        expect, _ = verdict(case)
        said = expect if expect == OK else {name: at for name, at in expect.items() if name != "step"}
        cases.append(case | {"expect": said})
    answers: list[Any] = run(FOLDER / "run.mjs", ({**case, "id": at} for at, case in enumerate(cases)))
    found = [disagreement(case, answer) for case, answer in zip(cases, answers, strict=True)]
    assert [each for each in found if each is not None] == []
    seen = Counter(case["expect"] if case["expect"] == OK else case["expect"]["code"] for case in cases)
    assert seen[OK] > WOUNDED / 20
    assert len(seen) >= 15, seen
