"""The commands, put together; nothing is decided here."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from delegate.cli import keys, requests, tokens, trust
from delegate.cli.doctor import doctor
from delegate.cli.mask import mask
from delegate.cli.revocation import revoke

__all__ = ["app"]

_HELP: Final = """\
Delegate a part of an agent's authority, and find out why something was refused.

Exit codes: 0 done, or the verdict is yes; 1 refused, the verdict is no; 2 wrong usage, or a file or key
that cannot be read.
"""

app = typer.Typer(
    name="delegate",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: the same in a pipe, in a file and on every terminal
    pretty_exceptions_enable=False,  # a traceback with local variables would show keys
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(keys.keygen)
app.add_typer(keys.app, name="key")
app.add_typer(trust.app, name="trust")
app.command("issue")(tokens.issue_token)
app.command("attenuate")(tokens.attenuate_token)
app.command("inspect")(tokens.inspect_token)
app.command()(revoke)
app.command()(requests.verify)
app.command()(requests.explain)
app.command()(doctor)
app.command()(mask)


def _version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and only for this

        typer.echo(f"delegate {version('delegate-security')}")
        raise typer.Exit


@app.callback(help=_HELP)
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit.",
            is_eager=True,
            callback=lambda value: _version(wanted=value),
        ),
    ] = False,
) -> None:
    pass
