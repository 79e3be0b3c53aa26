"""Secrets with a form of their own: web tokens, webhook addresses, and strings that connect."""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.detector import (
    Detector,
    found,
    is_no_placeholder,
    prefixed,
    repeated,
    token,
)
from delegate.masking.secret_shape import looks_like_password

__all__ = ["STRUCTURED"]


_PASERK: Final = ("local", "secret", "local-pw", "secret-pw")
"""The keys of PASERK that are secret, or that a password opens."""


def _is_web_token(text: str) -> bool:
    """Whether the parts are those of a signed or encrypted token, or two that begin as JSON objects do."""
    parts = text.split(".")
    return len(parts) > 2 or parts[1].startswith("eyJ")  # noqa: PLR2004 - RFC 7515 section 3.1


def _is_no_example(text: str) -> bool:
    """Whether the last part of Slack's address is more than the crosses of its documentation."""
    parts = text.partition("/services/")[2].split("/")
    return len(parts) != 3 or {*parts[2]} - {*"Xx"} != set()  # noqa: PLR2004 - team, channel, secret


STRUCTURED: Final[tuple[Detector, ...]] = (
    found(
        "powershell-secure-string",
        "ConvertTo-SecureString",
        r"ConvertTo-SecureString (?:-String )?[\"']([^\"'\n\x00]{4,256})[\"'] -",
        ("ConvertTo-SecureString ", '"', "a7Q2xK9m", '" -AsPlainText'),
        ("ConvertTo-SecureString ", "$value", " -AsPlainText"),
        "learn.microsoft.com ConvertTo-SecureString",
        gate="ConvertTo-SecureString",
        kind="password",
        check=is_no_placeholder,
    ),
    Detector(
        id="jwt",
        kind="jwt",
        prefixes=("eyJ",),
        pattern=r"eyJ[A-Za-z0-9_-]{8,1000}\." + repeated("[A-Za-z0-9_.-]", 1, 24_000),
        check=_is_web_token,
        example="eyJ" + "hbGciOiJub25lIn0" + ".eyJzdWIiOiIxIn0.",
        counter_example="eyJ" + "hbGciOiJub25lIn0" + ".x",
        source="RFC 7519, RFC 7516",
    ),
    token(
        "paseto",
        "v1.local. v2.local. v3.local. v4.local. v1.public. v2.public. v3.public. v4.public.",
        54,
        "github.com/paseto-standard",
        "[A-Za-z0-9_.-]",
        most=8000,
    ),
    token(
        "paserk",
        " ".join(f"k{version}.{what}." for version in "1234" for what in _PASERK),
        43,
        "github.com/paseto-standard PASERK",
        "[A-Za-z0-9_-]",
        most=4000,
        kind="private-key",
    ),
    prefixed(
        "macaroon",  # base64 of 00??location, the first packet
        "MDA",
        "MDA[A-Za-z0-9]{3}xvY2F0aW9uI" + repeated("[A-Za-z0-9+/=_-]", 60, 8000),
        ("MDA", "yMWxvY2F0aW9uI", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2),
        ("MDA", "yMWxvY2F0aW9uI", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        "research.google macaroons, libmacaroons",
    ),
    token(
        "saml-response",  # base64 of <samlp:Response, <saml2p:Response
        "PHNhbWxwOlJlc3BvbnNl PHNhbWwycDpSZXNwb25zZ",
        200,
        "docs.oasis-open.org SAML 2.0 bindings",
        "[A-Za-z0-9+/=]",
        most=60_000,
        kind="saml",
    ),
    # --- webhook addresses: who knows one may write to it
    found(
        "slack-webhook",
        "hooks.slack.com/ hooks.slack-gov.com/",
        r"((?:https?://)?hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,100})",
        ("https://hooks.slack.com/", "services/", "Ta7Q2xK9m/", "Ba7Q2xK9m/", "a7Q2xK9mB4tZ8wL3nR6vC1pY"),
        ("https://hooks.slack.com/", "services/", "T"),
        "docs.slack.dev incoming webhooks",
        gate="hook",
        kind="webhook-url",
        check=_is_no_example,
    ),
    found(
        "discord-webhook",
        "/api/webhooks/",
        r"((?:https?://)?(?:[a-z]{1,10}\.)?discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80})",
        (
            "https://discord.com",
            "/api/webhooks/",
            "1029481319595911706/",
            "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2 + "a7Q2xK9m",
        ),
        ("https://discord.com", "/api/webhooks/", "1029481319595911706/"),
        "discord.com developer docs",
        gate="hook",
        kind="webhook-url",
    ),
    found(
        "teams-webhook",
        ".webhook.office.com/ outlook.office.com/webhook outlook.office365.com/webhook",
        r"(https://(?:[a-z0-9-]{1,63}\.webhook\.office\.com/webhookb2|outlook\.office(?:365)?\.com/webhook)/[A-Za-z0-9@-]{60,100}"
        r"/(?:IncomingWebhook|[A-Za-z]{3,40})/[A-Za-z0-9]{20,40}/[A-Za-z0-9/_-]{20,120})",
        (
            "https://acme.webhook.office.com/",
            "webhookb2/7a1c9e4b-2d8f-05e6-7a1c-9e4b2d8f05e6@7a1c9e4b-2d8f-05e6-7a1c-9e4b2d8f05e6/",
            "IncomingWebhook/7a1c9e4b2d8f05e67a1c9e4b2d8f05e6/",
            "7a1c9e4b-2d8f-05e6-7a1c-9e4b2d8f05e6",
        ),
        ("https://acme.webhook.office.com/", "webhookb2/7a1c9e4b/IncomingWebhook/7a1c"),
        "learn.microsoft.com incoming webhooks",
        gate="hook",
        kind="webhook-url",
    ),
    found(
        "automation-webhook",
        "hooks.zapier.com/ hook.eu1.make.com/ hook.us1.make.com/ hook.eu2.make.com/ hook.us2.make.com/",
        r"(https://(?:hooks\.zapier\.com/hooks/catch/[0-9]{1,12}/[A-Za-z0-9]{5,16}"
        r"|hook\.(?:eu|us)[12]\.make\.com/[a-z0-9]{20,40}))",
        ("https://hooks.zapier.com/", "hooks/catch/123456/", "a7q2xk9"),
        ("https://hooks.zapier.com/", "hooks/"),
        "help.zapier.com, help.make.com",
        gate="hook",
        kind="webhook-url",
    ),
    found(
        "chat-webhook",
        "maker.ifttt.com/ chat.googleapis.com/",
        r"(https://(?:maker\.ifttt\.com/trigger/[A-Za-z0-9_]{1,64}/with/key/[A-Za-z0-9_-]{20,80}"
        r"|chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]{5,20}/messages\?key=[A-Za-z0-9_%&=-]{40,200}))",
        ("https://maker.ifttt.com/", "trigger/a/with/key/", "a7Q2xK9mB4tZ8wL3nR6vC1"),
        ("https://maker.ifttt.com/", "trigger/a/"),
        "help.ifttt.com, developers.google.com",
        gate="name",
        kind="webhook-url",
    ),
    found(
        "collector-address",
        ".loggly.com/inputs/ .sumologic.com/receiver/",
        r"\.(?:loggly\.com/inputs/|sumologic\.com/receiver/v1/http/)([A-Za-z0-9_=+/-]{32,120})",
        ("https://logs-01.loggly.com/", "inputs/", "7a1c9e4b-2d8f-05e6-7a1c-9e4b2d8f05e6"),
        ("https://logs-01.loggly.com/", "inputs/", "7a1c9e4b"),
        "documentation.solarwinds.com, help.sumologic.com",
        gate="log",
        kind="webhook-url",
    ),
    found(
        "lark-webhook",
        "/bot/v2/hook/ /bot/hook/",
        r"/bot/(?:v2/)?hook/([A-Za-z0-9-]{32,64})",
        ("https://open.larksuite.com/open-apis/bot/v2/", "hook/", "7a1c9e4b-2d8f-05e6-7a1c-9e4b2d8f05e6"),
        ("https://open.larksuite.com/open-apis/bot/v2/", "hook/", "7a1c9e4b"),
        "open.larksuite.com custom bots",
        gate="hook",
        kind="webhook-url",
    ),
    found(
        "mattermost-webhook",
        "/hooks/",
        r"(https?://[A-Za-z0-9.:-]{1,128}/hooks/[a-z0-9]{26})",
        ("https://chat.example.com/", "hooks/", "a7q2xk9mb4tz8wl3nr6vc1py5h"),
        ("https://chat.example.com/", "hooks/", "a7q2xk9m"),
        "developers.mattermost.com incoming webhooks",
        gate="hook",
        kind="webhook-url",
    ),
    # --- headers
    found(
        "digest-authorization",
        "response=",
        r"(?i)\bresponse=\"?([0-9a-f]{32,64})\"?",
        ('Digest username="a", ', 'response="', "7a1c9e4b2d8f05e6" * 2, '"'),
        ('Digest username="a", ', 'response="', "7a1c", '"'),
        "RFC 7616 section 3.4",
        gate="igest",
        kind="authorization",
    ),
    # --- strings that connect
    found(
        "sftp-netrc-password",
        "login",
        r"machine [!-~]{1,128}[ \t\r\n]{1,4}login [!-~]{1,128}[ \t\r\n]{1,4}password ([!-~]{1,128})",
        ("machine api.example.com ", "login a ", "password ", "a7Q2xK9m"),
        ("machine api.example.com ", "login a "),
        "netrc(5)",
        gate="name",
        kind="password",
        check=is_no_placeholder,
    ),
    found(
        "go-data-source",
        "@tcp(",
        r"[A-Za-z0-9_.-]{1,64}:([^\s@\"'\x00]{3,128}|[^\s@\"'\x00]{1,128}@[^\s@\"'()\x00]{1,64}"
        r"|[^\s@\"'\x00]{1,128}@[^\s@\"'()\x00]{1,64}@[^\s@\"'()\x00]{1,64})@tcp\(",
        ("bob:", "a7Q2xK9m", "@tcp(db:3306)/app"),
        ("bob", "@tcp(db:3306)/app"),
        "pkg.go.dev go-sql-driver/mysql",
        gate="@tcp(",
        kind="password",
        check=is_no_placeholder,
    ),
    found(
        "odbc-password",
        ";PWD={ ;Pwd={ ;pwd={ ;Password={ ;password={ ;PASSWORD={",
        r"(?i);p(?:wd|assword)=\{([^{}\[\]()\"'\n\x00]{4,128})\}",
        ("Driver={a};UID=sa;", "PWD={", "a7Q2;xK9m", "};Encrypt=yes"),
        ("Driver={a};UID=sa;", "PWD={", "password", "};Encrypt=yes"),
        "learn.microsoft.com ODBC connection strings",
        gate="name",
        kind="password",
        check=looks_like_password,
    ),
    found(
        "oracle-logon",
        "sqlplus",
        r"sqlplus (?:-[A-Za-z]{1,2} )?[A-Za-z0-9_$.-]{1,64}/([^\s@/\"'\x00]{3,128})@",
        ("sqlplus ", "bob/", "a7Q2xK9m", "@orcl"),
        ("sqlplus ", "/@orcl"),
        "docs.oracle.com SQL*Plus logon",
        gate="@",
        kind="password",
        check=is_no_placeholder,
    ),
)
