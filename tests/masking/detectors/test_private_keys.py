"""Private keys outside of their armour: every form that libraries write, and how long each may be."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from delegate.masking.detectors import Detector
from delegate.masking.detectors.private_keys import PRIVATE_KEYS
from delegate.masking.tokens import RUN
from tests.masking.detectors.rows import assert_example, taken

ROWS = {row.id: row for row in PRIVATE_KEYS}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("name", "head", "least", "most"),
    [
        ("putty-private-key", "Private-Lines: " + "1\n", 9, 3999),  # and the end of the line
        ("ansible-vault", "$ANSIBLE_VAULT;" + "1.1;AES256\n", 40, 8000),
    ],
)
def test_how_long_a_key_may_be(name: str, head: str, least: int, most: int) -> None:
    for length in (least, most):
        assert taken(ROWS[name], f"Key: {head}{'a' * length}!") == [head + "a" * length]
    for length in (least - 1, most + 1):
        assert taken(ROWS[name], f"Key: {head}{'a' * length}!") == []


@pytest.mark.parametrize(
    ("name", "head", "least", "most"),
    [
        ("private-key-hex", "302e0201" + "00300506032b6570", 64, 8000),
        ("wrapped-private-key", "LS0tLS1CRUdJTi" + "BQUklWQVRFIEtFWS", 60, 12_000),
    ],
)
def test_how_long_a_key_in_a_run_may_be(name: str, head: str, least: int, most: int) -> None:
    for length in (least, most):
        assert taken(ROWS[name], f"see {head}{'a' * length} there") == [head + "a" * length]
    for length in (least - 1, most + 1):
        assert taken(ROWS[name], f"see {head}{'a' * length} there") == []


KEYS: dict[str, Callable[[], Any]] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "X25519": x25519.X25519PrivateKey.generate,
    "RSA of 1024 bits": lambda: rsa.generate_private_key(65537, 1024),
    "RSA of 2048 bits": lambda: rsa.generate_private_key(65537, 2048),
    "RSA of 3072 bits": lambda: rsa.generate_private_key(65537, 3072),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
}
FORMS = {
    "PKCS #8": PrivateFormat.PKCS8,
    "traditional": PrivateFormat.TraditionalOpenSSL,
    "OpenSSH": PrivateFormat.OpenSSH,
}
NO_SUCH_FORM = {("Ed25519", "traditional"), ("X25519", "traditional"), ("X25519", "OpenSSH")}


def unframed(name: str, form: str) -> str:
    """The base64 of a private key whose first characters are not cut by a slash or plus."""
    while True:
        pem: bytes = KEYS[name]().private_bytes(Encoding.PEM, FORMS[form], NoEncryption())
        body = b"".join(pem.splitlines()[1:-1]).decode()
        if body[len("MIIG/") : RUN + len("MIIG/")].isalnum():
            return body


@pytest.mark.parametrize(
    ("name", "form"), [pair for pair in itertools.product(KEYS, FORMS) if pair not in NO_SUCH_FORM]
)
def test_a_private_key_without_its_frame_is_found(name: str, form: str) -> None:
    body = unframed(name, form)
    [key] = taken(ROWS["private-key-der"], f"see {body} there")
    assert body.endswith(key)
    assert len(body) - len(key) <= len("MIIG/")


@pytest.mark.parametrize("name", KEYS)
def test_a_public_key_without_its_frame_is_none(name: str) -> None:
    der = KEYS[name]().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert taken(ROWS["private-key-der"], f"see {base64.b64encode(der).decode()} there") == []


@pytest.mark.parametrize(
    "head",
    [
        "b3BlbnNzaC1r" + "ZXktdjEA",
        *(f"MII{each}IBADAN" + "BgkqhkiG9w0BAQEFAASC" for each in ("Aaz", "Z09")),
        *(f"{each}IBADAN" + "BgkqhkiG9w0BAQEFAASC" for each in "AQgw"),
        *("MIIAaz" + f"IBAAK{each}" for each in "BC"),
        *(f"MI{group}zAgEAMB{each}" + "GByqGSM49AgEG" for group in "GH" for each in "AM"),
        *("MIG" + f"kAgEBBD{each}" for each in "ABCD"),
        "MIH" + "cAgEBBEI",
        "MHcCAQ" + "EEI",
        *("MC4CAQAw" + f"BQYDK2V{each}BCIEI" for each in "anz"),
    ],
)
def test_how_long_a_key_without_its_frame_may_be(head: str) -> None:
    body = "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 267
    for length in (40, 8000):
        assert taken(ROWS["private-key-der"], f"see {head}{body[:length]}!") == [head + body[:length]]
    for length in (39, 8001):
        assert taken(ROWS["private-key-der"], f"see {head}{body[:length]}!") == []
    assert taken(ROWS["private-key-der"], f"see {head[:-1]}-{body[:40]}!") == []


@pytest.mark.parametrize(
    ("name", "form"), [pair for pair in itertools.product(KEYS, FORMS) if pair not in NO_SUCH_FORM]
)
def test_a_private_key_in_hexadecimal_is_found(name: str, form: str) -> None:
    row = ROWS["private-key-hex"]
    key = KEYS[name]()
    if form == "OpenSSH":
        return
    der: bytes = key.private_bytes(Encoding.DER, FORMS[form], NoEncryption())
    for text in (der.hex(), der.hex().upper()):
        assert taken(row, f"see {text} there") == [text]
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert taken(row, f"see {public.hex()} there") == []


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize(
    "label", ["PRIVATE", "RSA PRIVATE", "EC PRIVATE", "DSA PRIVATE", "OPENSSH PRIVATE", "ENCRYPTED PRIVATE"]
)
def test_a_frame_in_lines_of_base64_is_masked_to_the_end(label: str, width: int) -> None:
    body = "\n".join(["a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2] * 8)
    for what, found in ((label, 1), (label.replace("PRIVATE", "PUBLIC"), 0)):
        pem = f"-----BEGIN {what} KEY-----\n{body}\n-----END {what} KEY-----\n"
        coded = base64.b64encode(pem.encode()).decode()
        lines = "\n".join(coded[at : at + width] for at in range(0, len(coded), width))
        assert taken(ROWS["wrapped-private-key"], f"see {lines} there") == [lines] * found


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        (
            "private-key-numbers",
            "Private-Key: (256 bit)\npriv:\n" + f"    {'7a:' * 15}\n" * 2 + "    1c:9e\npub:\n    04:1c",
            "\n" + f"    {'7a:' * 15}\n" * 2 + "    1c:9e",
        ),
        (
            "signing-secret-key",
            "untrusted comment: secret key\r\nRW" + "a7/+" * 20 + "==\n",
            "RW" + "a7/+" * 20 + "==",
        ),
    ],
)
def test_a_key_in_its_place(name: str, text: str, secret: str) -> None:
    assert taken(ROWS[name], f"see {text} there") == [secret or text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("private-key-numbers", f"Private-Key:\nmodulus:\n    {'7a:' * 15}\n    1c:9e\n"),
        ("private-key-numbers", f"Private-Key:\nprivateExponent:\n    {'7a:' * 15}\npub:"),
    ],
)
def test_no_key(name: str, text: str) -> None:
    assert taken(ROWS[name], f"see {text} there") == []
