"""Secrets with a form of their own: private keys, web tokens, addresses with passwords, webhook addresses."""

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
        "putty-private-key",
        "Private-Lines:",
        r"(Private-Lines: [0-9]{1,3}" + repeated(r"[A-Za-z0-9+/=\r\n]", 10, 4000) + ")",
        ("PuTTY-User-Key-File-3: ssh-rsa\n", "Private-Lines: 1\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        ("PuTTY-User-Key-File-3: ssh-rsa\n", "Public-Lines: 1\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        "the.earth.li PuTTY appendix C",
        gate="name",
        kind="private-key",
        rank=90,
    ),
    found(
        "password-hash",
        "$",
        r"(\$(?:2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}|y\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"
        r"|[156]\$(?:rounds=[0-9]{1,9}\$)?[ -#%-~]{1,64}\$[./A-Za-z0-9]{22,86}"
        r"|argon2(?:id|i|d)\$v=[0-9]{1,3}\$[a-z0-9=,]{1,64}\$[A-Za-z0-9+/]{8,128}\$[A-Za-z0-9+/]{16,256}"
        r"|apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|[PH]\$[./A-Za-z0-9]{31}|S\$[./A-Za-z0-9]{52}))",
        ("$2b$", "12$", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8wL3nR6vC1p"),
        ("$2b$", "12$", "a7Q2xK9mB4tZ8wL3nR6vC"),
        "crypt(5), RFC 9106, openwall.com phpass, drupal.org",
        gate="$",
        kind="password-hash",
    ),
    found(
        "scrypt-hash",
        "$scrypt$ln=",
        r"(\$scrypt\$ln=[0-9]{1,2},r=[0-9]{1,3},p=[0-9]{1,3}\$[A-Za-z0-9+/]{8,128}\$[A-Za-z0-9+/]{16,256})",
        ("$scrypt$", "ln=16,r=8,p=1$", "a7Q2xK9mB4tZ8w$", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        ("$scrypt$", "ln=16,r=8,p=1$", "a7Q2xK9mB4tZ8w$"),
        "github.com/P-H-C phc-string-format",
        gate="$",
        kind="password-hash",
    ),
    found(
        "network-device-hash",
        "$8$ $9$",
        r"(\$[89]\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43})",
        ("enable secret 9 ", "$9$", "a7Q2xK9mB4tZ8w$", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8"),
        ("enable secret 9 ", "$9$", "a7Q2xK9mB4tZ8w$", "a7Q2xK9mB4tZ8w"),
        "cisco.com IOS password types 8 and 9",
        gate="$",
        kind="password-hash",
    ),
    found(
        "kerberos-hash",
        "$krb5tgs$ $krb5asrep$",
        r"(\$krb5(?:tgs\$[0-9]{1,2}\$\*[!-)+-~]{1,256}\*|asrep\$[0-9]{1,2}\$[!-#%-9;-~]{1,256}:[0-9A-Fa-f]{32})\$"
        + repeated(r"[0-9A-Fa-f$]", 32, 8000)
        + ")",
        ("$krb5tgs$", "23$*a$EXAMPLE.COM$cifs/b*$", "7a1c9e4b2d8f05e6" * 2, "$", "7a1c9e4b2d8f05e6" * 4),
        ("$krb5tgs$", "23$*a$EXAMPLE.COM$cifs/b*$", "7a1c9e4b2d8f05e6"),
        "openwall.com krb5tgs and krb5asrep",
        gate="$",
        kind="password-hash",
    ),
    found(
        "ntlm-response",
        ":0101000000000000",
        r"([A-Za-z0-9_.$-]{0,64}::[A-Za-z0-9_.-]{0,64}:[0-9A-Fa-f]{16}:[0-9A-Fa-f]{32}:0101000000000000"
        + repeated("[0-9A-Fa-f]", 32, 2000)
        + ")",
        (
            "bob::",
            "EXAMPLE:",
            "7a1c9e4b2d8f05e6:",
            "7a1c9e4b2d8f05e6" * 2,
            ":0101000000000000",
            "8f05e6b4" * 5,
        ),
        ("bob::", "EXAMPLE:", "7a1c9e4b2d8f05e6:", "7a1c9e4b2d8f05e6" * 2, ":0101000000000000", "8f05e6b4"),
        "learn.microsoft.com MS-NLMP section 2.2.2.8",
        gate=":0101000000000000",
        kind="password-hash",
    ),
    prefixed(
        "mssql-hash",
        "0x0200",
        "0x0200[0-9A-Fa-f]{136}",
        ("0x0200", "7A1C9E4B2D8F05E6" * 8, "7A1C9E4B"),
        ("0x0200", "7A1C9E4B2D8F05E6" * 8),
        "learn.microsoft.com SQL Server PWDENCRYPT",
        kind="password-hash",
    ),
    prefixed(
        "grub-hash",
        "grub.pbkdf2.sha512.",
        r"grub\.pbkdf2\.sha512\.[0-9]{1,9}\.[0-9A-Fa-f]{32,512}\.[0-9A-Fa-f]{128}",
        ("grub.pbkdf2.sha512.", "10000.", "7A1C9E4B2D8F05E6" * 8, ".", "7A1C9E4B2D8F05E6" * 8),
        ("grub.pbkdf2.sha512.", "10000.", "7A1C9E4B2D8F05E6" * 8, ".", "7A1C9E4B2D8F05E6" * 2),
        "gnu.org GRUB password_pbkdf2",
        kind="password-hash",
    ),
    prefixed(
        "identity-hash",
        "AQAAAAEAACcQAAAAE AQAAAAIAAYagAAAAE",  # the default numbers of iterations
        r"AQAAAA(?:EAACcQ|IAAYag)AAAAE[A-Za-z0-9+/]{65,67}={0,2}",
        ("AQAAAAIAAYagAAAAE", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2, "a7Q2x", "=="),
        ("AQAAAAIAAYagAAAAE", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2, "a7Q2", "=="),
        "learn.microsoft.com ASP.NET Core Identity",
        kind="password-hash",
    ),
    found(
        "django-hash",
        "pbkdf2_sha1$ pbkdf2_sha256$",
        r"(pbkdf2_sha(?:1|256)\$[0-9]{1,8}\$[A-Za-z0-9]{1,64}\$[A-Za-z0-9+/=]{20,64})",
        ("pbkdf2_sha256$", "600000$", "a7Q2xK9mB4tZ$", "8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8wL3nR6vC1pY5="),
        ("pbkdf2_sha256$", "600000$"),
        "docs.djangoproject.com password management",
        gate="$",
        kind="password-hash",
    ),
    found(
        "directory-hash",
        "{SSHA} {SHA}",
        r"(\{S?SHA\}[A-Za-z0-9+/]{27,64}={0,2})",
        ("{SSHA}", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7"),
        ("{SSHA}", "a7Q2xK9m"),
        "RFC 2307 section 5.3, openldap.org",
        gate="HA}",
        kind="password-hash",
    ),
    found(
        "werkzeug-hash",
        "scrypt: pbkdf2:",
        r"((?:scrypt:[0-9]{1,8}:[0-9]{1,4}:[0-9]{1,4}|pbkdf2:[a-z0-9]{3,10}(?::[0-9]{1,9})?)"
        r"\$[A-Za-z0-9]{1,64}\$[0-9a-f]{32,128})",
        ("pbkdf2:", "sha256:600000$", "a7Q2xK9mB4tZ$", "7a1c9e4b2d8f05e6" * 4),
        ("pbkdf2:", "sha256:600000$"),
        "werkzeug.palletsprojects.com security helpers",
        gate="$",
        kind="password-hash",
    ),
    found(
        "scram-verifier",
        "SCRAM-SHA-",
        r"(SCRAM-SHA-(?:1|256|512)\$[0-9]{1,9}:[A-Za-z0-9+/=]{8,128}\$[A-Za-z0-9+/=]{24,128}:[A-Za-z0-9+/=]{24,128})",
        (
            "SCRAM-SHA-256$",
            "4096:a7Q2xK9mB4tZ8w==$",
            "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD=:",
            "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD=",
        ),
        ("SCRAM-SHA-256$", "4096:a7Q2xK9mB4tZ8w=="),
        "RFC 5803",
        gate="$",
        kind="password-hash",
    ),
    found(
        "windows-hash",
        ":::",
        r":[0-9]{3,10}:([0-9A-Fa-f]{32}:[0-9A-Fa-f]{32}):::",
        ("bob:", "1001:", "7a1c9e4b2d8f05e6" * 2, ":", "7a1c9e4b2d8f05e6" * 2, ":::"),
        ("bob:", "1001:", "7a1c9e4b2d8f05e6", ":::"),
        "samba.org smbpasswd(5)",
        gate=":::",
        kind="password-hash",
    ),
    found(
        "mysql-hash",
        "*",
        r"(\*[0-9A-F]{40})",
        ("IDENTIFIED BY PASSWORD '", "*", "7A1C9E4B2D8F05E6" * 2, "7A1C9E4B'"),
        ("IDENTIFIED BY PASSWORD '", "*", "7A1C9E4B2D8F05E6'"),
        "dev.mysql.com native password authentication",
        gate="*",
        kind="password-hash",
    ),
    found(
        "rsa-key-value",
        "<D> <P> <Q> <DP> <DQ> <InverseQ>",
        r"<(?:D|P|Q|DP|DQ|InverseQ)>([A-Za-z0-9+/=\r\n\t ]{20,1000})</",
        ("<RSAKeyValue>", "<D>", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF==", "</D></RSAKeyValue>"),
        ("<RSAKeyValue>", "<D>", "a7Q2xK9m", "</D></RSAKeyValue>"),
        "learn.microsoft.com RSA.ToXmlString",
        gate="RSAKeyValue",
        kind="private-key",
    ),
    found(
        "ansible-vault",
        "$ANSIBLE_VAULT;",
        r"(\$ANSIBLE_VAULT;[0-9.]{3,5};AES256[ -~]{0,64}[\r\n]{1,2}"
        + repeated(r"[0-9a-f\r\n \t]", 40, 8000)
        + ")",
        ("$ANSIBLE_VAULT;", "1.1;AES256\n", "7a1c9e4b2d8f05e6" * 5),
        ("$ANSIBLE_VAULT;", "1.1;AES256\n"),
        "docs.ansible.com vault format",
        gate="$",
    ),
    found(
        "private-jwk",
        '"kty" \\"kty\\"',
        r"[\"'](?:d|k|p|q|dp|dq|qi)\\{0,2}[\"'] {0,4}: {0,4}\\{0,2}[\"']([A-Za-z0-9_-]{20,1000})",
        ('{"kty":"OKP","crv":"Ed25519","', 'd":"', "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8", '"}'),
        ('{"kty":"OKP","crv":"Ed25519","', 'x":"', "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8", '"}'),
        "RFC 7518 section 6",
        gate="kty",
        kind="private-key",
    ),
    prefixed(
        "private-key-der",
        "b3BlbnNzaC1rZXktdjEA MII MIG MIH MHcCAQEEI MC4CAQAwBQYDK2V AIBADAN QIBADAN gIBADAN wIBADAN",
        r"(?:b3BlbnNzaC1rZXktdjEA"
        r"|MII[A-Za-z0-9+/]{3}IBA(?:DANBgkqhkiG9w0BAQEFAASC|AK[BC])"  # RSA
        r"|[AQgw]IBADANBgkqhkiG9w0BAQEFAASC"  # the same, where a slash stands in its length
        r"|MI[GH][A-Za-z0-9+/]AgE(?:AMB[AM]GByqGSM49AgEG|BBD[A-D]|BBEI)|MHcCAQEEI"  # elliptic curves of NIST
        r"|MC4CAQAwBQYDK2V[a-z]BCIEI)" + repeated("[A-Za-z0-9+/=]", 40, 8000),  # Ed25519, X25519
        ("MC4CAQAwBQYDK2Vw", "BCIEI", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8"),
        ("MCowBQYDK2Vw", "AyEA", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8"),
        "the first bytes of RFC 5208, RFC 8017, RFC 5915, RFC 8410 and OpenSSH PROTOCOL.key, in base64",
        kind="private-key",
    ),
    prefixed(
        "private-key-hex",
        "3082 3081 308 3077 302e 302E 3041 304",
        "30(?:82[0-9A-Fa-f]{4}|81[0-9A-Fa-f]{2}|[0-7][0-9A-Fa-f])0201"
        "(?:0030(?:0[Dd]06092[Aa]864886[Ff]70[Dd]010101|[0-9A-Fa-f]{2}06072[Aa]8648[Cc][Ee]3[Dd]0201"
        "|0506032[Bb]65(?:6[EeFf]|7[01]))"
        "|0002(?:82[0-9A-Fa-f]{4}|81[0-9A-Fa-f]{2})00|0104[234][02])" + repeated("[0-9A-Fa-f]", 64, 8000),
        ("302e0201", "00300506032b6570", "04220420", "7a1c9e4b2d8f05e6" * 4),
        ("302a", "300506032b6570", "032100", "7a1c9e4b2d8f05e6" * 4),
        "the first bytes of RFC 5208, RFC 8017, RFC 5915 and RFC 8410, in hexadecimal",
        kind="private-key",
    ),
    prefixed(
        "wrapped-private-key",  # base64 of -----BEGIN ... PRIVATE KEY, in lines
        "LS0tLS1CRUdJTi",
        "LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRVk|BFQyBQUklWQVRFIEtFWS|BEU0EgUFJJVkFURSBLRVk"
        "|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRVk|BQR1AgUFJJVkFURSBLRVkg)"
        + repeated(r"[A-Za-z0-9+/=\r\n]", 60, 12_000),
        ("LS0tLS1CRUdJTi", "BQUklWQVRFIEtFWS", "0tLS0t\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 3),
        ("LS0tLS1CRUdJTi", "BQVUJMSUMgS0VZLS", "0tLS0t\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 3),
        "RFC 7468 in RFC 2045 section 6.8",
        kind="private-key",
    ),
    found(
        "private-key-numbers",
        "privateExponent: prime1: priv:",
        r"[pec][a-zA-Z12]{3,14}:"  # privateExponent, prime1, exponent2, coefficient, priv
        r"((?:[\r\n ]{1,14}(?:[0-9a-f][0-9a-f]:){15}){1,36}[\r\n]{1,2} {4,12}[0-9a-f:]{2,45})",
        (
            "RSA Private-Key: (2048 bit)\n",
            "privateExponent:\n    ",
            "7a:1c:9e:4b:2d:" * 3,
            "\n    7a:1c",
        ),
        ("RSA Public-Key: (2048 bit)\n", "modulus:\n    ", "7a:1c:9e:4b:2d:" * 3, "\n    7a:1c"),
        "docs.openssl.org openssl-pkey -text",
        gate="name",
        kind="private-key",
    ),
    found(
        "tor-service-key",
        "ED25519-V3:",
        r"ED25519-V3:([A-Za-z0-9+/]{86}(?:==)?)",
        (
            "ADD_ONION ",
            "ED25519-V3:",
            "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF/" * 2,
            "a7Q2xK9mB4tZ8wL3nR6vC1pY",
            "==",
        ),
        ("ADD_ONION ", "ED25519-V3:", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF/" * 2, "a7Q2xK9mB4tZ8wL3nR6vC1p"),
        "spec.torproject.org ADD_ONION",
        gate="ED25519-V3:",
        kind="private-key",
    ),
    found(
        "signing-secret-key",
        "secret",
        r"untrusted comment: [ -~]{0,80}secret key[\r\n]{1,2}(RW[A-Za-z0-9+/]{80,320}={0,2})",
        ("untrusted comment: signify ", "secret key\n", "RW", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 5),
        ("untrusted comment: signify ", "public key\n", "RW", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 5),
        "man.openbsd.org signify(1), jedisct1.github.io minisign",
        gate="name",
        kind="private-key",
    ),
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
