"""The chain picture: golden texts, drawings that parse, and nothing in them that must stay inside."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.clock import ManualClock
from delegate.errors import DelegationExpiredError, OutOfScopeError, SignatureInvalidError, WidenedError
from delegate.keys import SigningKey
from delegate.scope import Scope
from delegate.token import UnverifiedToken, attenuate, issue, parse_unverified
from delegate.token.block import Block
from delegate.token.chain import append
from delegate.token.explain import Change, duration, explain_chain
from delegate.token.picture import Panel, draw_svg, draw_text, visible
from delegate.token.refusal import Refusal

NOW = 1_800_000_000
KEYS = [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, 5)]
GOLDEN = Path(__file__).parent / "golden"
FULL = Scope(
    tools=["orders.read", "orders.write", "refunds.create"],
    max_risk="high",
    operations=["read", "write"],
    sensitivities=["pii"],
    resources={"file": {"path": ["/data/**"]}, "repo": {"exact": ["sernixa"]}},
)
LESS = Scope(tools=["orders.read"], operations=["read"], resources={"file": {"path": ["/data/reports/**"]}})


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> UnverifiedToken:
    """Three blocks, the same on every run: the second is narrower in everything, the third in nothing."""
    monkeypatch.setattr("os.urandom", lambda size: b"\xa5" * size)
    clock = ManualClock(NOW)
    token = issue(
        KEYS[0],
        issuer="acme",
        agent="orchestrator",
        holder=KEYS[1].public_key,
        scope=FULL,
        audience=["https://api.example.com", "https://files.example.com"],
        expires_in=600,
        further_hops=2,
        root="user:alice",
        why="nightly run",
        clock=clock,
    )
    clock.advance(1)
    token = attenuate(
        token,
        KEYS[1],
        agent="worker-agent",
        holder=KEYS[2].public_key,
        scope=LESS,
        audience=["https://api.example.com"],
        expires_in=300,
        clock=clock,
    )
    return attenuate(token, KEYS[2], agent="sub-agent", holder=KEYS[3].public_key, clock=clock)


def widened_by_hand() -> UnverifiedToken:
    """A chain no mint of ours makes: block 1 lists a tool that block 0 has not."""
    clock = ManualClock(NOW)
    token = issue(
        KEYS[0],
        issuer="acme",
        agent="orchestrator",
        holder=KEYS[1].public_key,
        scope=LESS,
        audience=["https://api.example.com"],
        expires_in=600,
        further_hops=1,
        clock=clock,
    )
    wide = Scope(tools=["admin", "orders.read"], max_risk="critical", operations=["read"])
    block = Block(
        agent="worker", key=KEYS[2].public_key, issued_at=NOW, nonce=bytes(12), further_hops=0, scope=wide
    )
    return append(token, block.to_payload(), bytes(64))


# --- golden texts ----------------------------------------------------------------------------------


def test_the_text_of_an_unverified_chain(chain: UnverifiedToken) -> None:
    text = explain_chain(chain, now=NOW + 2).to_text()
    assert text + "\n" == (GOLDEN / "unverified.txt").read_text(encoding="utf-8")


def test_the_text_of_a_broken_chain() -> None:
    refusal = WidenedError('block 1 widens tools by "admin"', block=1, field="tools")
    picture = explain_chain(widened_by_hand(), now=NOW + 603, refusal=refusal, verified=True)
    text = re.sub(r"[a-z2-7]{26}", "<a derived id>            ", picture.to_text(width=64))
    assert text + "\n" == (GOLDEN / "broken.txt").read_text(encoding="utf-8")
    assert picture.broken_at == 1


@pytest.mark.parametrize("width", [48, 60, 88, 120])
def test_every_line_says_unverified_and_fits(chain: UnverifiedToken, width: int) -> None:
    lines = explain_chain(chain, now=NOW + 2).to_text(width).splitlines()
    assert all(line.startswith("UNVERIFIED ") for line in lines)
    assert max(map(len, lines)) == width
    verified = explain_chain(chain, now=NOW + 2, verified=True).to_text(width)
    assert "UNVERIFIED" not in verified


def test_a_refusal_is_marked_where_it_broke(chain: UnverifiedToken) -> None:
    """Block -1 is the issuer's ceiling; a refusal of no block stands below the chain."""
    broken = explain_chain(chain, now=NOW, refusal=DelegationExpiredError("x", block=2)).to_text()
    assert broken.index("✗ block 2: delegation_expired: x") > broken.index("block 2: worker-agent")
    ceiling = explain_chain(chain, now=NOW, refusal=OutOfScopeError("x", block=-1)).to_text()
    assert ceiling.index("✗ ceiling: out_of_scope: x") < ceiling.index("block 0")
    elsewhere = explain_chain(chain, now=NOW, refusal=SignatureInvalidError("x")).to_text()
    assert elsewhere.splitlines()[-1] == "UNVERIFIED ✗ signature_invalid: x"
    assert "✗" not in explain_chain(chain, now=NOW).to_text()


def test_time_is_told_from_now(chain: UnverifiedToken) -> None:
    told = {now: explain_chain(chain, now=NOW + now).to_text() for now in (-10, 0, 301, 304)}
    assert "begins in 10 s, 10 min 10 s left" in told[-10]
    assert "begins in 1 s" in told[0]
    assert "begins" not in told[301]
    assert "expired 0 s ago" in told[301]
    assert "expired 3 s ago" in told[304]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (598, "9 min 58 s"),
        (3601, "1 h"),
        (3660, "1 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(seconds: int, text: str) -> None:
    assert duration(seconds) == text


# --- values ----------------------------------------------------------------------------------------


def test_each_hop_knows_what_it_took(chain: UnverifiedToken) -> None:
    first, second, third = explain_chain(chain, now=NOW).hops
    assert (first.delegator, second.delegator, third.delegator) == ("acme", "orchestrator", "worker-agent")
    assert first.changes == third.changes == ()
    taken = {change.field: change.taken for change in second.changes}
    assert taken == {
        "audience": ("https://files.example.com",),
        "tools": ("orders.write", "refunds.create"),
        "max_risk": ("high",),
        "operations": ("write",),
        "sensitivities": ("pii",),
        "resources.file": ("path:/data/**",),
        "resources.repo": ("exact:sernixa",),
    }
    assert (second.shortened_by, second.further_hops, third.further_hops) == (299, 1, 0)


def test_what_is_claimed_beyond_the_parent_shows() -> None:
    (change,) = (c for c in explain_chain(widened_by_hand(), now=NOW).hops[1].changes if c.field == "tools")
    assert (change.taken, change.given) == ((), ("admin",))
    assert change.describe() == "+ admin"


def test_long_lists_are_counted() -> None:
    change = Change(field="tools", before=tuple(f"t{n:02}" for n in range(20)), after=())
    assert change.describe().endswith("t11 and 8 more")
    assert len(change.taken) == 20


def test_json_holds_all_of_it(chain: UnverifiedToken) -> None:
    refusal = WidenedError("x", block=1, field="tools", limit=("a", "b"))
    shown = json.loads(json.dumps(explain_chain(chain, now=NOW, refusal=refusal).to_json()))
    assert shown["verified"] is False
    assert shown["principal"] == "user:alice"
    assert shown["chain_id"] == chain.chain_id
    assert [block["agent"] for block in shown["blocks"]] == list(chain.path)
    assert Scope.from_json(shown["blocks"][1]["scope"]) == LESS
    assert shown["refusal"]["limit"] == ["a", "b"]
    assert explain_chain(chain, now=NOW).to_json()["refusal"] is None


@pytest.mark.parametrize(
    ("limit", "plain"),
    [
        (None, None),
        (3, 3),
        ("x", "x"),
        ([1, ("a",)], [1, ["a"]]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (b"", "b''"),
    ],
)
def test_any_limit_has_a_json_form(limit: object, plain: object) -> None:
    assert Refusal.of(WidenedError("x", limit=limit)).to_json()["limit"] == plain


# --- what strangers write --------------------------------------------------------------------------


def test_no_secret_is_drawn(chain: UnverifiedToken) -> None:
    picture = explain_chain(chain, now=NOW, refusal=WidenedError("x", block=1))
    shown = picture.to_text() + picture.to_svg() + json.dumps(picture.to_json()) + repr(picture)
    parts = chain.text.split(".")[1:]
    nonce = base64.urlsafe_b64encode(b"\xa5" * 12).decode()
    for canary in (chain.text, nonce, *parts):
        assert canary not in shown
    assert all(base64.urlsafe_b64decode(part + "==").hex() not in shown for part in parts)
    assert chain.token_id in shown


def test_the_drawing_is_escaped_and_self_contained(chain: UnverifiedToken) -> None:
    hostile = "<script>alert(1)</script>&\"' ]]> \x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}\ud800"
    picture = explain_chain(chain, now=NOW, refusal=WidenedError(hostile, block=1))
    svg = picture.to_svg()
    root = ET.fromstring(svg)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names == {"svg", "title", "style", "text", "rect", "path"}
    assert not re.search(r"href|url\(|@import|\bon\w+=|javascript:", svg)
    written = "".join(root.itertext())
    assert "<script>alert(1)</script>" in written
    assert r"\x1b[31m\u202e\ud800" in written.replace("  ", "")
    svg.encode("utf-8")


def test_an_unverified_drawing_says_so(chain: UnverifiedToken) -> None:
    def said(svg: str) -> list[str]:
        return [text.text or "" for text in ET.fromstring(svg).iter() if text.tag.endswith("text")]

    shown = said(explain_chain(chain, now=NOW).to_svg())
    assert shown[0].startswith("UNVERIFIED: ")
    assert "UNVERIFIED" in shown[1:]
    assert not any(
        "UNVERIFIED" in text for text in said(explain_chain(chain, now=NOW, verified=True).to_svg())
    )


def test_what_does_not_print_is_escaped() -> None:
    assert visible("a b é 漢") == "a b é 漢"
    assert visible("\x1b[0m\n\N{ZERO WIDTH SPACE}\ud800") == r"\x1b[0m\n\u200b\ud800"


def test_wide_characters_keep_the_box_straight() -> None:
    drawn = draw_text(
        [], [Panel(title="漢字" * 30, rows=(("why", "e\N{COMBINING ACUTE ACCENT}" * 9),))], unverified=False
    )
    sizes = {
        sum(2 if char in "漢字" else char != "\N{COMBINING ACUTE ACCENT}" for char in line)
        for line in drawn.splitlines()
    }
    assert sizes == {88}


@given(st.text(max_size=300), st.text(max_size=300), st.integers(0, 200))
def test_any_text_can_be_drawn(title: str, text: str, width: int) -> None:
    panel = Panel(title=title, rows=(("why", text),), broken=text)
    lines = draw_text([text], [panel, panel], foot=text, unverified=True, width=width).split("\n")
    assert all(line.startswith("UNVERIFIED") and line.isprintable() for line in lines)
    ET.fromstring(draw_svg(title, [text], [panel, panel], foot=text, unverified=True))


def test_a_picture_is_made_of_a_token_as_read(chain: UnverifiedToken) -> None:
    assert explain_chain(parse_unverified(chain.text), now=NOW) == explain_chain(chain, now=NOW)


def test_a_picture_is_unverified_unless_its_maker_says_otherwise(chain: UnverifiedToken) -> None:
    assert not explain_chain(chain, now=NOW).verified
    assert explain_chain(chain, now=NOW, verified=True).verified


def test_what_begins_now_does_not_begin_later(chain: UnverifiedToken) -> None:
    begins = chain.last.block.issued_at
    assert "begins in" not in explain_chain(chain, now=begins).to_text()
    assert "begins in 1 s" in explain_chain(chain, now=begins - 1).to_text()


def test_json_names_the_chain_by_its_first_block_and_the_token_by_its_last(chain: UnverifiedToken) -> None:
    shown = explain_chain(chain, now=NOW).to_json()
    assert (shown["chain_id"], shown["token_id"]) == (chain.chain_id, chain.token_id)
    worker = parse_unverified(chain.text.rsplit(".", 2)[0])
    clock = ManualClock(NOW + 1)
    shorter = attenuate(worker, KEYS[2], agent="last", holder=KEYS[3].public_key, expires_in=1, clock=clock)
    shown = explain_chain(shorter, now=NOW).to_json()
    assert shown["expires_at"] == shorter.last.expires_at != worker.last.expires_at


def test_a_list_that_fits_is_not_counted() -> None:
    names = tuple(f"tool-{number}" for number in range(13))
    assert "more" not in Change(field="max_risk", before=names[:12], after=()).describe()
    assert "and 1 more" in Change(field="max_risk", before=names, after=()).describe()
