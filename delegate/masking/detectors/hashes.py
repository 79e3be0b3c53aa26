"""Hashes of passwords, which can be guessed from them: each in the form of the system that checks it."""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.detector import Detector, found, prefixed, repeated

__all__ = ["HASHES"]

HASHES: Final[tuple[Detector, ...]] = (
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
)
