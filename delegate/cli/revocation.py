"""``revoke``: the list by which an issuer takes tokens and keys back.

The rules: a list only grows, so one file is the whole history, and each run signs it anew under a higher
version; what stands in the file is believed only if the issuer's own key signed it; two runs at once wait
for each other, since two lists of one version would both be refused everywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from delegate.cli.files import load_key, locked, read_bytes, read_public_key, unusable
from delegate.cli.options import Json, KeyFile, PassphraseFile, parse_duration
from delegate.cli.output import emit, reported, show
from delegate.errors import ConfigurationError
from delegate.files import replace_file
from delegate.keys import PublicKey
from delegate.limits import REVOCATION_LIST_MAX_BYTES, REVOCATION_STALENESS_DEFAULT
from delegate.revocation import RevocationList
from delegate.token.explain import duration

__all__ = ["revoke"]

_MODE: Final = 0o644
"""Of a new list: it is signed and no secret, and servers that run as other users read it."""


@reported
def revoke(
    listfile: Annotated[Path, typer.Argument(metavar="LISTFILE", help="The list; made if there is none.")],
    *,
    key: KeyFile,
    issuer: Annotated[str, typer.Option(help="Your name in the verifiers' trust files.")],
    token_id: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A block and all after it; repeatable.")
    ] = None,
    key_id: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="All chains that name the key; repeatable.")
    ] = None,
    next_update: Annotated[
        int | None,
        typer.Option(parser=parse_duration, metavar="TIME", help="When to expect the next list; default 5m."),
    ] = None,
    previous_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Who signed the list so far, if not --key.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="Its number, if the list so far is lost; default: one more.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Revoke tokens and keys, or sign a revocation list anew.

    Verifiers count a list for 5 minutes unless they say otherwise: run this more often than that, with or
    without something to revoke.
    """
    signer = load_key(key, passphrase_file)
    with locked(listfile):
        before = _read(listfile, read_public_key(previous_key) if previous_key else signer.public_key, issuer)
        data = RevocationList.sign(
            signer,
            issuer=issuer,
            version=_version(before, version),
            tokens=(before.tokens if before else frozenset()).union(token_id or ()),
            keys=(before.keys if before else frozenset()).union(key_id or ()),
            next_update_in=REVOCATION_STALENESS_DEFAULT if next_update is None else next_update,
        )
        _replace(listfile, data)
    _print(listfile, RevocationList.read(data, signer.public_key), as_json=as_json)


def _read(path: Path, key: PublicKey, issuer: str) -> RevocationList | None:
    """The list so far, which is this issuer's own."""
    if not path.exists():
        return None
    found = RevocationList.read(read_bytes(str(path), REVOCATION_LIST_MAX_BYTES), key)
    if found.issuer != issuer:
        msg = f"{str(path)!r} is the list of issuer {found.issuer!r}; each issuer has one of its own"
        raise ConfigurationError(msg, field="issuer", limit=found.issuer)
    return found


def _version(before: RevocationList | None, stated: int | None) -> int:
    least = before.version + 1 if before else 1
    if stated is not None and stated < least:
        msg = f"--version must be {least} or more: verifiers refuse what is not higher"
        raise ConfigurationError(msg, field="version", limit=least)
    return least if stated is None else stated


def _replace(path: Path, data: bytes) -> None:
    """Put a complete new file in the place of the old one in one step, keeping its mode."""
    try:
        replace_file(path, data, new_mode=_MODE)
    except (OSError, ValueError) as error:
        raise unusable(error, str(path), "write") from None


def _print(path: Path, made: RevocationList, *, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "issuer": made.issuer,
                "version": made.version,
                "issued_at": made.issued_at,
                "next_update": made.next_update,
                "tokens": [*sorted(made.tokens)],
                "keys": [*sorted(made.keys)],
            }
        )
    else:
        counts = f"{len(made.tokens)} token ids, {len(made.keys)} key ids"
        due = duration(made.next_update - made.issued_at)
        show(f"list {made.version} of issuer {made.issuer} is in {path}: {counts}; the next is due in {due}")
