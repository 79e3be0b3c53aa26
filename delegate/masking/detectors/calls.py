"""Secrets that only their place tells: the arguments of a call that logs in, the words of a command.

The programs and functions are those of common libraries and tools; each row names whose. What stands in such
a place may be a stand-in, so its form is judged too.
"""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.detector import Detector, found, is_no_placeholder
from delegate.masking.secret_shape import looks_like_password, looks_secret

__all__ = ["CALLS"]

_ARGUMENTS: Final = (
    r"(?:(?:[\"'][^\"'\n\x00]{1,80}[\"']|[a-zA-Z_.]{1,40}), ?){1,2}[\"']([^\"'\n\x00]{6,64})[\"']"
)
"""One or two arguments, literal or not, and behind them the literal that is judged."""


def _is_password(text: str) -> bool:
    """Whether an argument may be a password: what a machine made, or a person chose, without a blank."""
    return " " not in text and (looks_secret(text) or looks_like_password(text))


CALLS: Final[tuple[Detector, ...]] = (
    found(
        "login-call",
        "ogin( onnect( onnection( PDO( Client(",
        r"(?:login|Login|connect|Connect|mysqli_connect|getConnection|createConnection|PDO|Client)\("
        + _ARGUMENTS,
        ("server.", "login(", "'bob', ", "'a7Q2xK9m'", ")"),
        ("server.", "login(", "'bob', ", "'password'", ")"),
        "docs.python.org smtplib, docs.oracle.com DriverManager, php.net PDO, twilio.com",
        gate="(",
        kind="password",
        check=_is_password,
    ),
    found(
        "credentials-call",
        "uth( uth=( uth=[ redential( redentials( creds=( (' (\"",
        r"(?:(?:auth|creds) ?= ?|(?:Auth|auth|HTTPBasicAuth|HttpBasicAuth|BasicAuth|setBasicAuth"
        r"|SetBasicAuth"
        r"|Credentials|NetworkCredential|PasswordCredential|UsernamePasswordCredentials))[(\[]" + _ARGUMENTS,
        ("requests.get(url, ", "auth=(", "'bob', ", "'a7Q2xK9m'", ")"),
        ("requests.get(url, ", "auth=(", "'bob', ", "'password'", ")"),
        "requests.readthedocs.io authentication, learn.microsoft.com NetworkCredential",
        gate="name",
        kind="password",
        check=_is_password,
    ),
    found(
        "client-call",
        "Client(' Client(\" algoliasearch(' algoliasearch(\"",
        r"(?:Client|algoliasearch)\((?:[\"'][A-Za-z0-9]{4,40}[\"'], ?)?[\"']([A-Za-z0-9_-]{32,128})[\"']",
        ("cohere.", "Client(", "'a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4'", ")"),
        ("cohere.", "Client(", "'a7Q2xK9m'", ")"),
        "docs.cohere.com, algolia.com",
        gate="(",
        kind="key",
        check=looks_secret,
    ),
    found(
        "password-to-command",
        "chpasswd sudo",
        r"echo [\"']?([^\s\"'|\x00]{4,128})[\"' |]{2,4}(?:sudo chpasswd|chpasswd|sudo -S)",
        ("echo ", "'bob:a7Q2xK9m", "' | chpasswd"),
        ("echo ", "$PASSWORD", " | chpasswd"),
        "chpasswd(8), sudo(8)",
        gate="|",
        kind="password",
        check=is_no_placeholder,
    ),
    found(
        "password-file-command",
        "htpasswd auth-pass",
        r"(?:htpasswd -[a-zA-Z]{0,8} [^\s\x00]{1,128} [^\s\x00]{1,64}|sentinel auth-pass [!-~]{1,64})"
        r" [\"']?([^\s\"'\x00]{4,128})",
        ("htpasswd -b ", ".htpasswd bob ", "a7Q2xK9m"),
        ("htpasswd -b ", ".htpasswd bob ", "$PASS"),
        "httpd.apache.org, redis.io",
        gate="name",
        kind="password",
        check=is_no_placeholder,
    ),
    found(
        "network-drive",
        "net",
        r"net use (?:[A-Za-z*]: )?\\\\[^\s\x00]{1,128} [\"']?([^\s/\"'\x00]{4,128})",
        ("net use Z: ", "\\\\srv\\share ", "a7Q2xK9m", " /user:bob"),
        ("net use Z: ", "\\\\srv\\share ", "/user:bob"),
        "learn.microsoft.com net use",
        gate="\\\\",
        kind="password",
        check=is_no_placeholder,
    ),
)
