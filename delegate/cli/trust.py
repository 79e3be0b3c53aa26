"""``trust``: the file that says whom a verifier trusts, how far, and which keys leave service.

The rules: a file is changed under its lock and replaced whole; what a command asks for and the file says
already is done, and is no error; a key that left service does not come back, and not by a later date either.

``trust server`` writes a client's file: whose keys sign the answers of which server.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from delegate.canonical import parse_strict
from delegate.cli.files import find_key_id, locked, read_public_key, read_scope
from delegate.cli.options import Json, parse_duration, parse_instant
from delegate.cli.output import emit, reported, show
from delegate.client.answers import ServerKeys
from delegate.clock import Clock, read
from delegate.errors import ConfigurationError
from delegate.keys import Issuer, KeyRecord, TrustSnapshot, TrustStore, Usage, server_file, trust_file
from delegate.keys.record import Revocation
from delegate.scope import Scope
from delegate.token.explain import duration
from delegate.token.picture import visible

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Edit and show trust files.")

_UNRESTRICTED: Final = "unrestricted"

TrustFile = Annotated[Path, typer.Argument(metavar="FILE", help="The trust file, JSON.")]
TrustedKey = Annotated[
    str, typer.Argument(metavar="KEY", help="Its id, its text (ed25519:...), or a file with it.")
]


@app.command("add")
@reported
def add(
    file: TrustFile,
    *,
    issuer: Annotated[str, typer.Option(help="The issuer's name, as its tokens state it.")],
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Its public key: text or file.")] = None,
    usage: Annotated[Usage, typer.Option(help="What the key is for: one use.")] = Usage.ISSUE,
    agent: Annotated[str | None, typer.Option(help="Whose requests a request key signs.")] = None,
    audience: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Server it may name; repeatable.")
    ] = None,
    ceiling: Annotated[
        str | None, typer.Option(metavar="FILE", help="Scope it may never exceed, or 'unrestricted'.")
    ] = None,
    max_depth: Annotated[int | None, typer.Option(min=0, help="Most hops after its own.")] = None,
    max_ttl: Annotated[
        int | None, typer.Option(parser=parse_duration, metavar="TIME", help="Longest life of a token.")
    ] = None,
    revocation: Annotated[
        Revocation | None, typer.Option(help="Whether its tokens need a revocation list.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Trust an issuer, or add a key to one; the file is made if there is none.

    A new issuer needs --ceiling, --audience and --max-depth: what it may grant, where, and how far it may
    be handed on. For an issuer that is in the file, each of these replaces what stands there.
    """
    bounds: dict[str, Any] = {
        "audiences": tuple(audience) if audience else None,
        "ceiling": None if ceiling is None else _ceiling(ceiling),
        "max_depth": max_depth,
        "max_ttl": max_ttl,
        "revocation": revocation,
    }
    stated = {name: bound for name, bound in bounds.items() if bound is not None}
    with locked(file):
        trust = TrustStore.load(file) if file.exists() else TrustStore()
        known = trust.snapshot.issuer(issuer)
        record = _new_issuer(issuer, stated) if known is None else replace(known, **stated)
        if key is not None:
            added = KeyRecord(
                key=read_public_key(key), usages=frozenset({usage}), not_before=read(Clock()), agent=agent
            )
            record = replace(record, keys=(*record.keys, added))
        trust.replace(trust.snapshot.with_issuer(record))
        trust.save(file)
    _show(TrustSnapshot((record,)), as_json=as_json)


@app.command("show")
@reported
def show_trust(file: TrustFile, *, as_json: Json = False) -> None:
    """Show whom a trust file trusts."""
    _show(TrustStore.load(file).snapshot, as_json=as_json)


@app.command("server")
@reported
def add_server(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of server keys, JSON.")],
    *,
    origin: Annotated[str, typer.Option(help="The server, such as https://api.example.com.")],
    key: Annotated[str, typer.Option(metavar="KEY", help="The public key it signs answers with.")],
    as_json: Json = False,
) -> None:
    """Expect signed answers from a server: add a key to a client's file, which is made if there is none.

    Read it with ServerKeys.load(FILE). Several keys of one server may sign at the same time.
    """
    servers = server_file.load(file) if file.exists() else {}
    added = KeyRecord(key=read_public_key(key), usages=frozenset({Usage.RESPONSE}), not_before=read(Clock()))
    servers[origin] = (*servers.get(origin, ()), added)
    ServerKeys(servers)
    server_file.save(file, servers)
    if as_json:
        emit(cast("dict[str, JsonValue]", parse_strict(server_file.dump({origin: servers[origin]}))))
    else:
        rows = [f"  key {_key_text(record)}" for record in servers[origin]]
        show("\n".join([f"server {origin}", *rows]))


@app.command("retire")
@reported
def retire(
    file: TrustFile,
    key: TrustedKey,
    *,
    at: Annotated[
        int | None,
        typer.Option(
            parser=parse_instant, metavar="WHEN", help="Such as +1h, or seconds since 1970; default: now."
        ),
    ] = None,
    allow_past: Annotated[
        bool, typer.Option("--allow-past", help="Let WHEN lie in the past: tokens in use may end at once.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Retire a key: it signs nothing new from WHEN on.

    Tokens issued before WHEN count for the issuer's longest token life after it. A key that leaked must be
    repudiated instead. A retirement can be moved to an earlier instant, never to a later one.
    """
    now = read(Clock())
    if at is not None and at < now and not allow_past:
        msg = (
            f"--at {at} is {duration(now - at)} ago and would end tokens in use; say --allow-past to mean it"
        )
        raise ConfigurationError(msg, field="at", limit=now)
    wanted = now if at is None else at
    with locked(file):
        trust = TrustStore.load(file)
        kid = find_key_id(trust.snapshot, key)
        after = trust.snapshot.retire(kid, at=wanted)
        if at is not None and (kept := _ended_before(after, kid, at)):
            msg = f"the key {kept}, and what left service does not come back: use a new key"
            raise ConfigurationError(msg, field="at")
        changed = _save(trust, after, file)
    _show_left(after, kid, changed=changed, as_json=as_json)


@app.command("repudiate")
@reported
def repudiate(file: TrustFile, key: TrustedKey, *, as_json: Json = False) -> None:
    """Repudiate a key that leaked: it is refused at once, in every role and for every issuer.

    All chains that name it end with it. Verifiers know when they have the new file and reload it.
    """
    with locked(file):
        trust = TrustStore.load(file)
        kid = find_key_id(trust.snapshot, key)
        after = trust.snapshot.repudiate(kid)
        changed = _save(trust, after, file)
    _show_left(after, kid, changed=changed, as_json=as_json)


def _save(trust: TrustStore, after: TrustSnapshot, file: Path) -> bool:
    """Write ``after`` if it says anything new; whether it did."""
    if after == trust.snapshot:
        return False
    trust.replace(after)
    trust.save(file)
    return True


def _records(trust: TrustSnapshot, kid: str) -> list[tuple[Issuer, KeyRecord]]:
    return [(issuer, record) for issuer in trust for record in issuer.keys if record.key.key_id == kid]


def _ended_before(trust: TrustSnapshot, kid: str, at: int) -> str:
    """What ends the key before ``at``, if anything does."""
    for _, record in _records(trust, kid):
        if record.status == "repudiated":
            return "is repudiated"
        if record.retired_at is not None and record.retired_at < at:
            return f"was retired at {record.retired_at}"
    return ""


def _show_left(trust: TrustSnapshot, kid: str, *, changed: bool, as_json: bool) -> None:
    found = _records(trust, kid)
    if as_json:
        issuers: list[JsonValue] = [_left_json(*pair) for pair in found]
        emit({"key_id": kid, "changed": changed, "issuers": issuers})
    else:
        show("\n".join(_left_text(*pair) for pair in found) + ("" if changed else "\nit was so before"))


def _left_json(issuer: Issuer, record: KeyRecord) -> dict[str, JsonValue]:
    end: dict[str, JsonValue] = {}
    if record.retired_at is not None:
        end = {"retired_at": record.retired_at, "tokens_until": record.retired_at + issuer.max_ttl}
    return {"issuer": issuer.name, "status": record.status, **end}


def _left_text(issuer: Issuer, record: KeyRecord) -> str:
    text = f"key {record.key.key_id} of issuer {issuer.name} is {record.status}"
    if record.retired_at is None:
        return text
    return f"{text} from {record.retired_at} on; its tokens count until {record.retired_at + issuer.max_ttl}"


def _new_issuer(name: str, stated: dict[str, Any]) -> Issuer:
    options = {"ceiling": "--ceiling", "audiences": "--audience", "max_depth": "--max-depth"}
    if missing := [option for field, option in options.items() if field not in stated]:
        msg = f"issuer {name!r} is not in the file: say what it may grant, with {', '.join(missing)}"
        raise ConfigurationError(msg, field="issuer")
    return Issuer(name=name, **stated)


def _ceiling(given: str) -> Scope:
    return Scope.UNRESTRICTED if given == _UNRESTRICTED else read_scope(given)


def _show(trust: TrustSnapshot, *, as_json: bool) -> None:
    if as_json:
        emit(cast("dict[str, JsonValue]", parse_strict(trust_file.dump(trust.issuers))))
    else:
        show("\n\n".join(_issuer_text(issuer) for issuer in trust) or "nobody is trusted")


def _issuer_text(issuer: Issuer) -> str:
    ceiling = _UNRESTRICTED if issuer.ceiling.unrestricted else _scope_text(issuer.ceiling)
    depth = "handed on never" if not issuer.max_depth else f"handed on {issuer.max_depth} times"
    rows = [
        ("audiences", ", ".join(issuer.audiences)),
        ("ceiling", ceiling),
        ("tokens", f"good for {duration(issuer.max_ttl)} and {depth}, at most"),
        ("revocation", f"list {issuer.revocation}" if issuer.revocation == "required" else "no list"),
        *(("key", _key_text(record)) for record in issuer.keys),
    ]
    return "\n".join([f"issuer {issuer.name}", *(f"  {label:<11} {text}" for label, text in rows)])


def _scope_text(scope: Scope) -> str:
    return visible(json.dumps(scope.to_json(), ensure_ascii=False))


def _key_text(record: KeyRecord) -> str:
    agent = "" if record.agent is None else f" for {record.agent}"
    return f"{record.key.key_id} {record.status}: {', '.join(sorted(record.usages))}{agent}"
