"""What is searched only where a policy asks for it: network addresses, telephones, national numbers.

``NETWORK`` and ``PHONE`` are rows like those of ``STANDARD``; ``COUNTRIES`` has rows by country (ISO 3166-1).
They are off by default, since so much that is harmless has the same form. National numbers without a check
digit need a word before them that says what they are.
"""

# ruff: noqa: PLR2004 - lengths of telephone numbers are those of E.164

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final

from delegate.masking import national_checks as national
from delegate.masking.detectors.detector import Detector

__all__ = ["COUNTRIES", "NETWORK", "PHONE"]


def _row(  # noqa: PLR0917 - a column of the table each
    name: str,
    pattern: str,
    example: tuple[str, ...],
    counter_example: str,
    source: str,
    check: Callable[[str], bool] | None = None,
    *,
    needle: str = "",
) -> Detector:
    return Detector(
        id=name.replace("_", "-"),
        kind=name,
        pattern=pattern,
        example="".join(example),
        counter_example=counter_example,
        source=source,
        needles=(needle,),
        check=check,
        rank=55,
    )


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_unspecified


NETWORK: Final[tuple[Detector, ...]] = (
    _row(
        "ip",
        r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
        ("203.0.", "113.9"),
        "256.1.1.1",
        "RFC 791",
        _is_address,
        needle=".",
    ),
    _row(
        "ipv6",
        r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
        ("2001:db8:", ":8a2e:370:7334"),
        "12:34:56",
        "RFC 4291",
        _is_address,
        needle=":",
    ),
    _row(
        "mac",
        r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}",
        ("00:1b:44:", "11:3a:b7"),
        "00:1b:44:11:3a",
        "IEEE 802",
        needle=":",
    ),
    _row(
        "mac_dashed",
        r"[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}",
        ("00-1b-44-", "11-3a-b7"),
        "00-1b-44-11-3a",
        "IEEE 802",
        needle="-",
    ),
)

PHONE: Final[tuple[Detector, ...]] = (
    _row(
        "phone",
        r"\+[1-9][0-9 .()-]{6,20}[0-9]",
        ("+44 20 ", "7946 0958"),
        "+1 555",
        "ITU-T E.164",
        lambda text: 8 <= sum(character.isdigit() for character in text) <= 15,
        needle="+",
    ),
    _row(
        "phone_north_american",
        r"\(?[2-9][0-9]{2}\)?[ .-]?[2-9][0-9]{2}[ .-][0-9]{4}",
        ("(415) ", "555-0198"),
        "555-123",
        "North American Numbering Plan",
    ),
)


COUNTRIES: Final[dict[str, tuple[Detector, ...]]] = {
    "AU": (
        _row(
            "au_tfn",
            r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
            ("123 456", " 782"),
            "123 456 789",
            "ato.gov.au",
            national.tfn,
        ),
        _row(
            "au_abn",
            r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
            ("51 824 ", "753 556"),
            "51 824 753 557",
            "abr.business.gov.au",
            national.abn,
        ),
        _row(
            "au_acn",
            r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
            ("004 085", " 616"),
            "004 085 617",
            "asic.gov.au",
            national.acn,
        ),
    ),
    "BR": (
        _row(
            "br_cpf",
            r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}",
            ("529.982.", "247-25"),
            "529.982.247-26",
            "gov.br Receita Federal",
            national.cpf,
        ),
        _row(
            "br_cnpj",
            r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}/?[0-9]{4}-?[0-9]{2}",
            ("11.222.333", "/0001-81"),
            "11.222.333/0001-82",
            "gov.br Receita Federal",
            national.cnpj,
        ),
    ),
    "CA": (
        _row(
            "ca_sin",
            r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}",
            ("130 692 ", "544"),
            "130 692 545",
            "canada.ca",
            national.sin,
        ),
    ),
    "DE": (
        _row(
            "de_tax_id",
            r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
            ("86 095 ", "742 719"),
            "86 095 742 718",
            "bzst.de",
            national.steuer_id,
        ),
    ),
    "ES": (
        _row(
            "es_nif", r"[0-9]{7,8}-?[A-Za-z]", ("12345678", "Z"), "12345678A", "interior.gob.es", national.nif
        ),
        _row(
            "es_nie",
            r"[X-Zx-z]-?[0-9]{7}-?[A-Za-z]",
            ("X1234567", "L"),
            "X1234567A",
            "interior.gob.es",
            national.nie,
        ),
    ),
    "FI": (
        _row(
            "fi_hetu",
            r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Z]",
            ("131052", "-308T"),
            "131052-308U",
            "dvv.fi",
            national.hetu,
        ),
    ),
    "FR": (
        _row(
            "fr_nir",
            r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}",
            ("2 55 08 14 ", "168 025 38"),
            "2 55 08 14 168 025 39",
            "insee.fr",
            national.nir,
        ),
    ),
    "GB": (
        _row(
            "gb_nhs",
            r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}",
            ("943 476 ", "5919"),
            "943 476 5918",
            "datadictionary.nhs.uk",
            national.nhs,
        ),
        _row(
            "gb_nino",
            r"[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
            ("AB 12 34 ", "56 C"),
            "QQ 12 34 56 C",
            "gov.uk NIM39110",
        ),
    ),
    "IN": (
        _row(
            "in_aadhaar",
            r"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}",
            ("3123 4567 ", "8909"),
            "3123 4567 8900",
            "uidai.gov.in",
            national.aadhaar,
        ),
        _row(
            "in_pan",
            r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]",
            ("ABCPE", "1234F"),
            "ABCDE1234F",
            "incometax.gov.in",
        ),
    ),
    "IT": (
        _row(
            "it_fiscal_code",
            r"[A-Za-z]{6}[0-9]{2}[A-Ea-eHhLlMmPpR-Tr-t][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]",
            ("RSSMRA85", "T10A562S"),
            "RSSMRA85T10A562T",
            "agenziaentrate.gov.it",
            national.codice_fiscale,
        ),
    ),
    "KR": (
        _row(
            "kr_rrn",
            r"[0-9]{6}-?[1-8][0-9]{6}",
            ("960121", "-1234561"),
            "961321-1234567",
            "mois.go.kr",
            national.rrn,
        ),
    ),
    "NL": (_row("nl_bsn", r"[0-9]{9}", ("111222", "333"), "111222334", "government.nl", national.bsn),),
    "PL": (_row("pl_pesel", r"[0-9]{11}", ("440514", "01359"), "44051401358", "gov.pl", national.pesel),),
    "SE": (
        _row(
            "se_personnummer",
            r"(?:19|20)?[0-9]{6}[-+]?[0-9]{4}",
            ("811228", "-9874"),
            "811228-9875",
            "skatteverket.se",
            national.personnummer,
        ),
    ),
    "SG": (
        _row(
            "sg_nric",
            r"[STFGMstfgm][0-9]{7}[A-Za-z]",
            ("S1234567", "D"),
            "S1234567A",
            "ica.gov.sg",
            national.nric,
        ),
    ),
    "TH": (
        _row(
            "th_tnin",
            r"[1-8]-?[0-9]{4}-?[0-9]{5}-?[0-9]{2}-?[0-9]",
            ("1-1017-", "00230-70-8"),
            "1-1017-00230-70-9",
            "bora.dopa.go.th",
            national.thai_id,
        ),
    ),
    "TR": (
        _row("tr_tckn", r"[1-9][0-9]{10}", ("100000", "00146"), "10000000147", "nvi.gov.tr", national.tckn),
    ),
    "ZA": (
        _row("za_id", r"[0-9]{13}", ("800101", "5009087"), "8001015009088", "dha.gov.za", national.za_id),
    ),
}
"""Country to its numbers: ``TextScanner(detectors=(*STANDARD, *COUNTRIES["GB"]))``."""
