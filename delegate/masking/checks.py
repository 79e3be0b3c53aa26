"""Checks on what a pattern has matched: check digits, lengths, ranges. Each takes the text and answers.

Sources: ISO/IEC 7812-1 annex B (Luhn), the issuers' published number ranges, ISO 13616-1 and the IBAN
registry (lengths, mod 97), Social Security Administration (areas never issued), Internal Revenue Service
(ITIN groups), American Bankers Association (routing numbers), bitcoin.it (wallet import format), Stellar's
SEP-23 (seeds).
"""

# ruff: noqa: PLR2004 - the numbers are those of the published rules

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

__all__ = [
    "aba",
    "card",
    "iban",
    "iban_length",
    "itin",
    "luhn",
    "ssn",
    "stellar_seed",
    "wallet_import_format",
]

_SEPARATORS: Final = str.maketrans("", "", " -.")
_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")


def digits(text: str) -> str:
    """The text without the separators people write."""
    return text.translate(_SEPARATORS)


def luhn(number: str) -> bool:
    """Whether the digits add up (ISO/IEC 7812-1 annex B)."""
    digits = number.encode()
    weighed = sum(digits[::-2]) + sum(digits[-2::-2].translate(_DOUBLED))
    return (weighed - len(digits) * ord("0")) % 10 == 0


_ISSUERS: Final = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12,15}"  # Discover
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|3(?:0[0-5]|09|[689][0-9])[0-9]{11,13}"  # Diners Club
    r"|62[0-9]{14,17}|81[0-9]{14}"  # UnionPay
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|(?:5018|5019|5020|5038|5893|6304|6759|6761|6762|6763|0604|6390)[0-9]{8,15}"  # Maestro, Dankort
    r"|9792[0-9]{12}|(?:60|82|508)[0-9]{13,14}"  # Troy, RuPay
    r"|(?:606282|3841)[0-9]{10,13}|636[0-9]{13}"  # Hipercard, Elo, InterPayment
    r"|122[0-9]{12}"  # UATP
)


def card(text: str) -> bool:
    """Whether this is a payment card number of some issuer, with a good check digit."""
    number = digits(text)
    return _ISSUERS.fullmatch(number) is not None and luhn(number)


_IBAN_TEXT = """
    AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22
    DJ:27 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HN:28
    HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25
    MC:27 MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 PS:29 PT:25 QA:29
    RO:24 RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29
    VA:22 VG:24 XK:20 YE:30
"""
_IBAN_LENGTHS: Final = {entry[:2]: int(entry[3:]) for entry in _IBAN_TEXT.split()}
"""Country to the length of its account numbers (IBAN registry)."""


def iban_length(country: str) -> int:
    """How long account numbers of a country are; 0 where it has none."""
    return _IBAN_LENGTHS.get(country.upper(), 0)


def iban(text: str) -> bool:
    """Whether this is an account number of the length its country uses, with good check digits (mod 97)."""
    account = digits(text)
    if account.islower():
        account = account.upper()
    if not account.isupper() or _IBAN_LENGTHS.get(account[:2]) != len(account):
        return False
    return int("".join(str(int(character, 36)) for character in account[4:] + account[:4])) % 97 == 1


def ssn(text: str) -> bool:
    """Whether the Social Security Administration could have issued this number."""
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def itin(text: str) -> bool:
    """Whether this is an individual taxpayer number of the Internal Revenue Service: 9xx, groups in use."""
    number = digits(text)
    group = int(number[3:5])
    return number[0] == "9" and (50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or group >= 94)


def aba(text: str) -> bool:
    """Whether this is a routing number: a Federal Reserve prefix, and 3-7-1 weights adding up."""
    number = digits(text)
    prefix = int(number[:2])
    if not (prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80):
        return False
    return sum(int(digit) * weight for digit, weight in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0


_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_WALLET: Final = 0x80


def wallet_import_format(text: str) -> bool:
    """Whether this is a Bitcoin private key (WIF): its first byte, and its checksum (base58check)."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    digest = hashlib.sha256(hashlib.sha256(octets[:-4]).digest()).digest()
    return octets[0] == _WALLET and len(octets) in {37, 38} and octets[-4:] == digest[:4]


def stellar_seed(text: str) -> bool:
    """Whether the checksum of a Stellar secret seed is good (SEP-23: CRC-16/XMODEM, low byte first)."""
    octets = base64.b32decode(text)
    return binascii.crc_hqx(octets[:-2], 0) == int.from_bytes(octets[-2:], "little")
