"""``keygen`` and ``key show``."""

from __future__ import annotations

from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delegate.cli.files import passphrase_from, read_public_key
from delegate.cli.options import Json
from delegate.cli.output import emit, reported, show
from delegate.errors import ConfigurationError
from delegate.keys import Alg, PublicKey, SigningKey

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["app", "keygen"]

app = typer.Typer(no_args_is_help=True, help="Look at keys.")


@reported
def keygen(
    path: Annotated[Path, typer.Argument(help="New PEM file for the private key, mode 0600.")],
    *,
    alg: Annotated[Alg, typer.Option(help="Algorithm of the key.")] = "ed25519",
    passphrase_prompt: Annotated[
        bool, typer.Option("--passphrase-prompt", help="Ask for a passphrase, and encrypt the key with it.")
    ] = False,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Encrypt the key with the passphrase in this file, mode 0600.")
    ] = None,
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


def _print(key: PublicKey, *, as_json: bool) -> None:
    if as_json:
        shown: dict[str, JsonValue] = {"key_id": key.key_id, "public_key": key.text, "jwk": {**key.to_jwk()}}
        emit(shown)
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
