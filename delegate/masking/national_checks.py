"""Check digits of national numbers: each takes a number as written and says whether it may be issued.

Sources: the issuing authorities' published rules, named at each function.
"""

# ruff: noqa: PLR2004 - the numbers are those of the published rules

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from delegate.masking.checks import luhn

__all__ = [
    "aadhaar",
    "abn",
    "acn",
    "bsn",
    "cnpj",
    "codice_fiscale",
    "cpf",
    "hetu",
    "nhs",
    "nie",
    "nif",
    "nir",
    "nric",
    "personnummer",
    "pesel",
    "rrn",
    "sin",
    "steuer_id",
    "tckn",
    "tfn",
    "thai_id",
    "za_id",
]  # fmt: skip

_CONTROL_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdigit()]


def _weighted(values: Sequence[int], weights: Sequence[int]) -> int:
    return sum(value * weight for value, weight in zip(values, weights, strict=True))


def nhs(text: str) -> bool:
    """United Kingdom, NHS number (NHS Data Dictionary): modulus 11."""
    values = _digits(text)
    check = 11 - _weighted(values[:9], range(10, 1, -1)) % 11
    return (0 if check == 11 else check) == values[9]


def nif(text: str) -> bool:
    """Spain, NIF (Ministerio del Interior): the letter is the number modulo 23."""
    return _CONTROL_LETTERS[int("".join(map(str, _digits(text)))) % 23] == text[-1].upper()


def nie(text: str) -> bool:
    """Spain, NIE: as the NIF, the first letter counting 0, 1 or 2."""
    return nif(str("XYZ".index(text[0].upper())) + text[1:])


_ODD: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def codice_fiscale(text: str) -> bool:
    """Italy, codice fiscale (D.M. 23/12/1976): the last letter is a weighted sum modulo 26."""
    indices = [int(each) if each.isdigit() else ord(each) - 65 for each in text[:15].upper()]
    total = sum(_ODD[each] for each in indices[::2]) + sum(indices[1::2])
    return chr(65 + total % 26) == text[15].upper()


def pesel(text: str) -> bool:
    """Poland, PESEL: weights 1379, a month of one of five centuries."""
    values = _digits(text)
    month = (values[2] * 10 + values[3]) % 20
    return 1 <= month <= 12 and _weighted(values, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def hetu(text: str) -> bool:
    """Finland, henkilötunnus (Digital and Population Data Services Agency): modulus 31."""
    number = int(text[:6] + text[7:10])
    return (
        1 <= int(text[:2]) <= 31
        and 1 <= int(text[2:4]) <= 12
        and "0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31] == text[10].upper()
    )


def personnummer(text: str) -> bool:
    """Sweden, personnummer (Skatteverket): Luhn over the last ten digits, a real month and day."""
    number = "".join(map(str, _digits(text)))[-10:]
    return 1 <= int(number[2:4]) <= 12 and 1 <= int(number[4:6]) % 60 <= 31 and luhn(number)


def steuer_id(text: str) -> bool:
    """Germany, Steuer-Identifikationsnummer (ISO/IEC 7064 modulus 11,10), one digit repeated."""
    values = _digits(text)
    if values[0] == 0 or len(set(values[:10])) not in {8, 9}:
        return False
    product = 10
    for value in values[:10]:
        product = (((value + product) % 10 or 10) * 2) % 11
    return (11 - product) % 10 == values[10]


def bsn(text: str) -> bool:
    """Netherlands, burgerservicenummer: the test of eleven."""
    values = _digits(text)
    return any(values) and _weighted(values, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def nir(text: str) -> bool:
    """France, NIR (INSEE): the key is 97 less the number modulo 97."""
    values = "".join(map(str, _digits(text)))
    return 97 - int(values[:13]) % 97 == int(values[13:])


_VERHOEFF: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


def _dihedral(one: int, other: int) -> int:
    """The product of two elements of the group of the pentagon's ten symmetries."""
    if one < 5:
        return (one + other) % 5 + (0 if other < 5 else 5)
    return (one - other) % 5 + 5 if other < 5 else (one - other) % 5


def aadhaar(text: str) -> bool:
    """India, Aadhaar (UIDAI): Verhoeff's scheme, not beginning with 0 or 1."""
    values = _digits(text)
    check = 0
    for place, value in enumerate(reversed(values)):
        check = _dihedral(check, _VERHOEFF[place % 8][value])
    return values[0] > 1 and check == 0


def tfn(text: str) -> bool:
    """Australia, tax file number (ATO): weights, modulus 11."""
    return _weighted(_digits(text), (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def abn(text: str) -> bool:
    """Australia, business number (ABR): the first digit less one, weights, modulus 89."""
    values = _digits(text)
    return _weighted([values[0] - 1, *values[1:]], (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) % 89 == 0


def acn(text: str) -> bool:
    """Australia, company number (ASIC): weights, complement of ten."""
    values = _digits(text)
    return (10 - _weighted(values[:8], range(8, 0, -1)) % 10) % 10 == values[8]


def nric(text: str) -> bool:
    """Singapore, NRIC and FIN: weights, and a letter by series."""
    series = text[0].upper()
    total = _weighted(_digits(text), (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(series, 0)
    letters = {
        "S": "JZIHGFEDCBA",
        "T": "JZIHGFEDCBA",
        "F": "XWUTRQPNMLK",
        "G": "XWUTRQPNMLK",
        "M": "KLJNPQRTUWX",
    }
    rest = 10 - total % 11 if series == "M" else total % 11
    return letters[series][rest] == text[-1].upper()


def rrn(text: str) -> bool:
    """Korea, resident registration number: weights, modulus 11 (numbers issued before October 2020)."""
    values = _digits(text)
    check = (11 - _weighted(values[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return 1 <= values[2] * 10 + values[3] <= 12 and check == values[12]


def _brazilian(values: Sequence[int], weights: Sequence[int]) -> bool:
    rest = _weighted(values[:-1], weights) * 10 % 11 % 10
    return rest == values[-1]


def cpf(text: str) -> bool:
    """Brazil, CPF (Receita Federal): two check digits, modulus 11."""
    values = _digits(text)
    return (
        len(set(values)) > 1
        and _brazilian(values[:10], range(10, 1, -1))
        and _brazilian(values, range(11, 1, -1))
    )


def cnpj(text: str) -> bool:
    """Brazil, CNPJ (Receita Federal): two check digits, modulus 11."""
    values = _digits(text)
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return len(set(values)) > 1 and _brazilian(values[:13], weights[1:]) and _brazilian(values, weights)


def sin(text: str) -> bool:
    """Canada, social insurance number (Service Canada): Luhn, not beginning with 0 or 8."""
    values = _digits(text)
    return values[0] not in {0, 8} and luhn("".join(map(str, values)))


def za_id(text: str) -> bool:
    """South Africa, identity number: Luhn, a real month and day, citizenship 0 to 2."""
    values = _digits(text)
    month, day = values[2] * 10 + values[3], values[4] * 10 + values[5]
    return 1 <= month <= 12 and 1 <= day <= 31 and values[10] <= 2 and luhn("".join(map(str, values)))


def tckn(text: str) -> bool:
    """Turkey, T.C. identification number: two check digits."""
    values = _digits(text)
    nine = values[:9]
    tenth = (sum(nine[::2]) * 7 - sum(nine[1::2])) % 10
    return values[0] > 0 and tenth == values[9] and sum(values[:10]) % 10 == values[10]


def thai_id(text: str) -> bool:
    """Thailand, identification number: weights 13 to 2, modulus 11."""
    values = _digits(text)
    return values[0] > 0 and (11 - _weighted(values[:12], range(13, 1, -1)) % 11) % 10 == values[12]
