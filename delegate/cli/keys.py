"""``keygen``, ``key show`` and ``key rotate``.

The rule of a rotation: the new key's file is made first and the trust file replaced last, so whatever fails
in between, nobody trusts a key whose private half is lost; a file made for nothing is taken away again.
"""

from __future__ import annotations

from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delegate.cli.files import find_key_id, locked, passphrase_from, read_public_key
from delegate.cli.options import Json, parse_instant
from delegate.cli.output import emit, reported, show
from delegate.clock import Clock, read
from delegate.errors import ConfigurationError
from delegate.keys import Alg, PublicKey, SigningKey, TrustStore
from delegate.limits import KEY_OVERLAP_DEFAULT

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["app", "keygen"]

app = typer.Typer(no_args_is_help=True, help="Look at keys, and change them for new ones.")

NewKeyFile = Annotated[Path, typer.Argument(help="New PEM file for the private key, mode 0600.")]
NewAlg = Annotated[Alg, typer.Option(help="Algorithm of the key.")]
PassphrasePrompt = Annotated[
    bool, typer.Option("--passphrase-prompt", help="Ask for a passphrase, and encrypt the key with it.")
]
NewPassphraseFile = Annotated[
    Path | None, typer.Option(help="Encrypt the key with the passphrase in this file, mode 0600.")
]


@reported
def keygen(
    path: NewKeyFile,
    *,
    alg: NewAlg = "ed25519",
    passphrase_prompt: PassphrasePrompt = False,
    passphrase_file: NewPassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Make a new key.

    Prints the key id and the public key, which is what others need. An existing file is never overwritten.
    """
    key = SigningKey.generate(alg)
    key.save(path, _new_passphrase(passphrase_file, prompt=passphrase_prompt))
    _print(key.public_key, as_json=as_json)


@app.command("show")
@reported
def show_key(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="ed25519:... or p256:..., or a file: PEM, JWK or that text.")
    ],
    *,
    jwk: Annotated[bool, typer.Option("--jwk", help="Print the public key as a JSON Web Key.")] = False,
    as_json: Json = False,
) -> None:
    """Show the id and the public half of a key."""
    public_key = read_public_key(key)
    if jwk:
        emit({**public_key.to_jwk()})
    else:
        _print(public_key, as_json=as_json)


@app.command("rotate")
@reported
def rotate(
    path: NewKeyFile,
    *,
    old: Annotated[
        str,
        typer.Option(metavar="KEY", help="The key to replace: its id, its text, or a file with it."),
    ],
    trust: Annotated[Path, typer.Option(metavar="FILE", help="The trust file that has it.")],
    retire_at: Annotated[
        int | None,
        typer.Option(
            parser=parse_instant,
            metavar="WHEN",
            help="When the old key signs its last, such as +2h, or seconds since 1970; default: +1h.",
        ),
    ] = None,
    alg: NewAlg = "ed25519",
    passphrase_prompt: PassphrasePrompt = False,
    passphrase_file: NewPassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Make a new key, trust it beside an old one, and retire the old one after an overlap.

    The new key is trusted for the same, in the same bounds. Reload the file in every verifier, then let the
    signer change to the new key before WHEN.
    """
    now = read(Clock())
    end = now + KEY_OVERLAP_DEFAULT if retire_at is None else retire_at
    if end < now:
        msg = f"--retire-at {end} is past: a rotation needs an overlap; give an instant to come, such as +1h"
        raise ConfigurationError(msg, field="retire_at", limit=now)
    passphrase = _new_passphrase(passphrase_file, prompt=passphrase_prompt)
    with locked(trust):
        store = TrustStore.load(trust)
        kid = find_key_id(store.snapshot, old)
        key = SigningKey.generate(alg)
        store.replace(store.snapshot.rotate(kid, key.public_key, now=now, retire_at=end))
        key.save(path, passphrase)
        try:
            store.save(trust)
        except BaseException:
            path.unlink()
            raise
    if as_json:
        emit({**_json(key.public_key), "not_before": now, "old_key_id": kid, "old_retired_at": end})
    else:
        _print(key.public_key, as_json=False)
        show(f"old key     {kid}, retired from {end} on")


def _json(key: PublicKey) -> dict[str, JsonValue]:
    return {"key_id": key.key_id, "public_key": key.text, "jwk": {**key.to_jwk()}}


def _print(key: PublicKey, *, as_json: bool) -> None:
    if as_json:
        emit(_json(key))
    else:
        show(f"key id      {key.key_id}\npublic key  {key.text}")


def _new_passphrase(path: Path | None, *, prompt: bool) -> str | bytes | None:
    if path is not None:
        return passphrase_from(path)
    if not prompt:
        return None
    passphrase = getpass("Passphrase for the new key: ")
    if passphrase != getpass("The same again: "):
        msg = "the two passphrases differ; nothing was written"
        raise ConfigurationError(msg, field="passphrase")
    return passphrase
