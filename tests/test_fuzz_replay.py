"""Every input that once broke a parser, every seed of the fuzzers and their corpus, replayed without them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest

from delegate.canonical import canonicalize, parse_strict
from delegate.encoding import b64url_decode
from delegate.errors import (
    AudienceMismatchError,
    DelegateError,
    DelegationNotYetValidError,
    WidenedError,
)
from fuzz import material, targets, vectors
from fuzz.mutation import mutated
from fuzz.run import ROOT, SHARE_MIN, Result

MUTATIONS = 200
"""For each target: enough for its share past the first step, some milliseconds each at most."""


@pytest.mark.parametrize("name", targets.names())
def test_seeds_are_accepted(name: str) -> None:
    """At least one seed reaches the far side of the parser, or the fuzzer would start from refusals."""
    seeds = targets.load(name).SEEDS
    assert seeds
    for seed in seeds[:1]:
        targets.load(name).target(seed)


@pytest.mark.parametrize("name", targets.names())
def test_s171_any_bytes_give_a_value_or_a_delegate_error(name: str) -> None:
    """ "Any bytes give a value or the documented error, never another exception." """
    for data in [b"", b"\x00", b"\xff\xfe", *targets.inputs(name)]:
        with suppress(DelegateError):
            targets.load(name).target(data)


@pytest.mark.parametrize("name", targets.names())
def test_what_the_fuzzer_kept_on_this_machine_is_still_no_surprise(name: str) -> None:
    """Nothing on a machine that never fuzzed, the vectors and seeds are replayed everywhere."""
    for path in sorted((targets.CORPUS / name).glob("*")):
        with suppress(DelegateError):
            targets.load(name).target(path.read_bytes())


@pytest.mark.parametrize("name", targets.names())
def test_mutations_of_the_seeds_get_past_the_first_step(name: str) -> None:
    """A fuzzer that is turned away at the door finds nothing, however fast it knocks."""
    target = targets.load(name)

    def flipped(data: bytes, _limit: int) -> bytes:
        return bytes([data[0] ^ 1]) + data[1:] if data else b"a"

    seeds = target.SEEDS
    made = [
        mutated(seeds[number % len(seeds)], 8192, number, seeds=seeds, otherwise=flipped)
        for number in range(MUTATIONS)
    ]
    assert len(set(made)) > MUTATIONS / 10
    assert sum(targets.passes(target, data) for data in made) > SHARE_MIN * MUTATIONS


def test_the_page_has_a_row_for_every_target() -> None:
    page = (ROOT / "docs" / "fuzzing.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE) == targets.names()


# --- the parts of the runner that need no fuzzer -----------------------------------------------------------


def test_a_refusal_counts_by_where_it_was_raised() -> None:
    block = targets.load("block")
    assert not targets.passes(block, b'r{"bud":1.5}')  # no JSON of the signed subset
    assert not targets.passes(block, b"r")
    assert targets.passes(block, b'r{"bud":1}')  # a block that is refused
    assert targets.passes(block, block.SEEDS[0])  # and one that is not
    token = targets.load("token")
    assert not targets.passes(token, b"dlg2.e30.AA")  # by the body of the parser itself
    assert not targets.passes(token, b"dlg1.e3.AA")
    assert targets.passes(token, b"dlg1.e30." + b"A" * 86)


def test_mutation_keeps_the_shape_of_tokens_and_documents() -> None:
    """Otherwise most inputs would be refused as no base64 or no JSON."""

    def otherwise(data: bytes, _limit: int) -> bytes:
        return data[:-1]

    text = material.TOKEN.text.encode()
    for seed, shape in ((text, b"dlg1."), (b"r" + material.ROOT_BLOCK.to_payload(), b"r{")):
        made = {mutated(seed, 8192, number, seeds=[seed], otherwise=otherwise) for number in range(100)}
        kept = {data for data in made if data.startswith(shape)}
        assert len(kept) > 50
        readable = 0
        for data in kept:
            payload = b64url_decode(data.decode().split(".")[1]) if shape == b"dlg1." else data[1:]
            with suppress(DelegateError):
                readable += canonicalize(parse_strict(payload)) == payload
        assert readable > len(kept) / 2


def test_mutation_of_several_lines_meets_each_of_them() -> None:
    """A request is mostly token, and ends in a body that is JSON: what is short must be met as well."""
    seed = targets.load("request").SEEDS[0]
    rows = seed.split(b"\n")
    kept = [0] * len(rows)
    for number in range(600):
        made = mutated(seed, 8192, number, seeds=[seed], otherwise=lambda data, _: data[:-1])
        for at, row in enumerate(rows):
            kept[at] += row in made.split(b"\n")
    assert all(count < 590 for count in kept), kept
    assert all(count > 300 for count in kept), kept


def test_the_target_of_chains_knows_a_good_chain_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a verifier that refuses nothing, what should have been refused breaks the target."""
    chain = targets.load("chain")
    made = {
        mutated(chain.SEEDS[0], 8192, number, seeds=chain.SEEDS, otherwise=lambda data, _: data[:-1])
        for number in range(800)
    }
    refused = set()
    for data in made:
        try:
            chain.target(data)
        except (WidenedError, AudienceMismatchError, DelegationNotYetValidError) as error:
            refused.add((data, error.field))
        except DelegateError:
            continue
    monkeypatch.setattr(chain, "require_chain", lambda *_parts, **_named: None)
    for data, field in refused:
        if field in {"exp", "iat", "aud", "dep", "tools", "operations", "sensitivities"}:
            with pytest.raises(AssertionError):
                chain.target(data)
    assert len({field for _, field in refused}) > 4


def test_the_same_number_makes_the_same_input_and_the_limit_holds() -> None:
    def otherwise(data: bytes, limit: int) -> bytes:
        return data[:limit]

    def made(number: int) -> bytes:
        return mutated(b"a" * 40, 40, number, seeds=[b"b" * 41], otherwise=otherwise)

    assert [made(number) for number in range(50)] == [made(number) for number in range(50)]
    assert all(len(made(number)) <= 40 for number in range(200))


def test_numbers_are_read_out_of_the_log() -> None:
    result = Result(target="block")
    assert not result.read("INFO: Seed: 1")
    assert "?" in result.line()
    assert result.read("#4096\tpulse  cov: 307 ft: 612 corp: 91/12Kb lim: 8192 exec/s: 2048 rss: 90Mb")
    assert result.read("past the first step: 150 of 1000")
    assert (result.executions, result.coverage, result.corpus) == (4096, 307, 91)
    assert result.share_past_first_step == 0.15
    assert result.line().endswith("15% past the first step LOW")
    assert result.read("past the first step: 200 of 1000")
    assert result.line().endswith("20% past the first step")


def test_cases_of_the_vectors_become_seeds_of_their_targets(tmp_path: Path) -> None:
    folder = tmp_path / "canonical"
    folder.mkdir()
    case = {"op": "read-json", "bytes": b64encode(b"[1]").decode()}
    (folder / "one.json").write_text(json.dumps(case))
    family = [{"shared": {"op": "base64", "alphabet": "base64url"}}, {"text": "AA"}, {"text": "AA"}]
    (folder / "many.jsonl").write_text("\n".join(map(json.dumps, [*family, {"op": "permits"}])))
    assert vectors.read(tmp_path) == {"canonical": [b"[1]"], "encoding": [b":AA"]}
    assert vectors.read(tmp_path / "none") == {}


def test_the_vectors_of_the_project_are_seeds() -> None:
    found = vectors.read(vectors.FOLDER)
    assert found.keys() > {"canonical", "headers", "token", "scope", "dsse", "revocation_list"}
    assert found.keys() <= set(targets.names())
    for name, data in found.items():
        assert any(targets.passes(targets.load(name), each) for each in data), name
