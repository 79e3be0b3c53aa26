"""The five servers, with every probe, on real sockets: the two rules, and the page that shows the outcome.

One test makes the run, so that it is made once however the tests are spread over processes. The others show
that the rules would notice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.servers.cells import ACCEPTED, Reply, Row, accepted_as_signed, same_scope_same_verdict, told
from tests.servers.child import shown
from tests.servers.probe import BODY, Probe, Signer
from tests.servers.table import PAGE, Table, measured, page


@pytest.mark.slow
def test_five_servers() -> None:
    table = measured()
    faults = [*told_apart(table), *out_of_step(table), *wrongly_accepted(table), *wrongly_refused(table)]
    assert not faults
    assert len([row for row in table.rows if row.probe.good]) > 20
    committed = (ROOT / PAGE).read_text(encoding="utf-8")
    assert committed == page(table), "the servers or the probes have changed: run make servers"


def told_apart(table: Table) -> list[str]:
    """Two probes of one name would hide one of them."""
    names = [f"{row.probe.group}: {row.probe.name}" for row in table.rows]
    return [f"two probes are named {name}" for name in {*names} if names.count(name) > 1]


def out_of_step(table: Table) -> list[str]:
    """'For every request that reaches the application with the same scope, verdict and code are the same'"""
    return [f"{row.probe.name}: {fault}" for row in table.rows for fault in same_scope_same_verdict(row)]


def wrongly_accepted(table: Table) -> list[str]:
    """'no cell of it is "accepted" with a method, authority, path, query, header or body that the signer did
    not sign'"""
    return [
        f"{row.probe.name}, {server}: {fault}"
        for row in table.rows
        for server, cell in row.cells.items()
        for fault in accepted_as_signed(row.probe, cell)
    ]


def wrongly_refused(table: Table) -> list[str]:
    """The positive control of all others: what was signed is accepted everywhere."""
    return [
        f"{row.probe.name}, {server}: {told(cell)}"
        for row in table.rows
        for server, cell in row.cells.items()
        if row.probe.good and [reply.verdict for reply in cell] != [ACCEPTED] * len(row.probe.signed)
    ]


# --- the rules themselves --------------------------------------------------------------------------


@pytest.fixture
def probe() -> Probe:
    signed, _ = Signer().sign("POST", "/a?x=1", BODY)
    return Probe(group="g", name="n", sent=b"", signed=(signed,))


def got(probe: Probe, **changes: Any) -> dict[str, Any]:
    """What a handler reports of the request that was signed; ``changes`` replace parts of it."""
    (signed,) = probe.signed
    facts: dict[str, Any] = {
        "method": signed.method,
        "raw_path": "/a",
        "query": "x=1",
        "root_path": "",
        "body": BODY.decode(),
        "headers": [[name.decode(), shown(value)] for name, value in signed.headers.items()],
    }
    return facts | changes


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "DELETE"},
        {"raw_path": "/b"},
        {"query": "x=2"},
        {"body": ""},
        {"root_path": "/a"},
        {"added": ["cookie", "a=b"]},
        {"added": ["content-type", "application/json"]},
        {"without": "delegation"},
        {"without": "signature"},
        {"without": "host"},
    ],
    ids=str,
)
def test_a_request_that_differs_from_the_signed_one_is_noticed(probe: Probe, changed: dict[str, Any]) -> None:
    facts = got(probe)
    assert accepted_as_signed(probe, (Reply(ACCEPTED, {}, facts),)) == []
    headers = [line for line in facts["headers"] if line[0] != changed.get("without")]
    headers += [changed["added"]] if "added" in changed else []
    rest = {name: value for name, value in changed.items() if name in facts}
    assert accepted_as_signed(probe, (Reply(ACCEPTED, {}, {**facts, "headers": headers, **rest}),))


def test_a_request_that_is_accepted_twice_is_noticed(probe: Probe) -> None:
    reply = Reply(ACCEPTED, {}, got(probe))
    assert accepted_as_signed(probe, (reply, reply))


def test_a_trailer_among_the_headers_is_noticed(probe: Probe) -> None:
    names = b"".join(b"\r\n%b: x" % name for name in probe.signed[0].headers)
    later = replace(probe, sent=names, then=b"0\r\nx-role: admin\r\n\r\n")
    facts = got(probe)
    assert accepted_as_signed(later, (Reply(ACCEPTED, {}, facts),)) == []
    facts["headers"].append(["x-role", "admin"])
    assert accepted_as_signed(later, (Reply(ACCEPTED, {}, facts),))


def test_two_verdicts_on_one_scope_are_noticed(probe: Probe) -> None:
    scope = got(probe)
    other_order = {**scope, "headers": scope["headers"][::-1]}
    for verdict, faults in ((ACCEPTED, 0), ("`expired`", 1)):
        cells = {"one": (Reply(ACCEPTED, scope, scope),), "two": (Reply(verdict, other_order, None),)}
        assert len(same_scope_same_verdict(Row(probe, cells))) == faults
    apart = {"one": (Reply(ACCEPTED, scope),), "two": (Reply("`expired`", {**scope, "query": ""}),)}
    assert same_scope_same_verdict(Row(probe, apart)) == []
