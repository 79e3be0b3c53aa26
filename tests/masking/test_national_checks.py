"""National numbers: of all endings the one that the authority's rule gives, and only real days and months.

The numbers are made up, and the underscores in them keep this file from being taken for a list of people.
All but Singapore's, the usual examples of its series, were made by python-stdnum, which has the rules too.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Container
from typing import Final, TypeAlias

import pytest

from delegate.masking import national_checks as national

Check: TypeAlias = Callable[[str], bool]

ALNUM: Final = string.digits + string.ascii_uppercase
VALID: Final[tuple[tuple[Check, str, int, str], ...]] = (
    (
        national.nhs,
        string.digits,
        1,
        "609139_0996 907866_6617 116372_6516 017598_9834 088387_3710 515055_6130",
    ),
    (national.nif, string.ascii_uppercase, 1, "656304_81G 729306_82M 125009_05Z 611459_31V 12345_67L"),
    (national.nie, string.ascii_uppercase, 1, "X56433_16J Y18713_26Z X66844_32B Z19614_22X Z37792_17T"),
    (
        national.codice_fiscale,
        string.ascii_uppercase,
        1,
        (
            "TXIUXQ07_D20F157G HANXSG64_C12Y129Z ZYRGEF24_H08V323B QEMIAC54_R20T514F JPGPLW20_E05M086Z"
            " OFPTBG13_M18L847G DJUBVN13_H29L254Z COFUKN20_S07K329L WLYEDB64_C19F877H"
        ),
    ),
    (national.pesel, string.digits, 1, "582406_97120 535214_55888 692210_46385 720907_98611 201023_92979"),
    (
        national.hetu,
        ALNUM,
        1,
        "020409_-864P 170763_-867U 171081_-174J 030817_-3790 051266_+0108 110582_+361X",
    ),
    (
        national.personnummer,
        string.digits,
        1,
        "510612_-4067 570625_-0957 200201_-3114 220321_-0410 19290703_-8711 20220361_-0411",
    ),
    (
        national.steuer_id,
        string.digits,
        1,
        "759054_25362 695312_48748 780934_16055 538706_69240 816930_45077",
    ),
    (national.bsn, string.digits, 1, "571286_951 148809_972 724078_861 175962_030 576046_383"),
    (national.nir, string.digits, 2, "24319_8357584670 26212_2909024915 14849_4469576820 15604_7215546013"),
    (
        national.aadhaar,
        string.digits,
        1,
        "221982_069244 793957_748111 805270_762696 593804_758438 323629_681412 462319_708767",
    ),
    (national.tfn, string.digits, 1, "326688_653 231828_378 515288_294 039761_056"),
    (national.abn, string.digits, 1, "834669_91005 322019_35085 559518_96817 644174_77110"),
    (national.acn, string.digits, 1, "300240_046 684900_936 416507_367 606391_977 506123_100"),
    (
        national.nric,
        string.ascii_uppercase,
        1,
        "S12345_67D T12345_67J F12345_67N G12345_67X M12345_67K",
    ),
    (national.rrn, string.digits, 1, "121118_0022629 110312_4581840 741207_4652306 170516_4037382"),
    (
        national.cpf,
        string.digits,
        2,
        "738689_62719 102452_82513 445975_99770 497050_66396 966909_11101 078023_45880",
    ),
    (
        national.cnpj,
        string.digits,
        2,
        "798185_54188524 586889_32982520 490000_14541014 840625_80305080 901384_11283507",
    ),
    (national.sin, string.digits, 1, "434010_955 905698_718 492127_485 216736_769"),
    (national.za_id, string.digits, 1, "851230_0111115 260514_3203101 641201_9111005 870827_5409175"),
    (national.tckn, string.digits, 2, "380810_23410 588078_14146 324298_58764 338327_38568"),
    (
        national.thai_id,
        string.digits,
        1,
        "702645_7648867 356824_4325828 511894_4117039 741353_6138857 323477_3523941 488897_8411300",
    ),
)


def accepted(check: Check, beginning: str, alphabet: str = string.digits, length: int = 1) -> list[str]:
    """What ``beginning`` may go on with."""
    ends = map("".join, itertools.product(alphabet, repeat=length))
    return [end for end in ends if check(beginning + end)]


@pytest.mark.parametrize(
    ("check", "alphabet", "length", "number"),
    [
        pytest.param(check, alphabet, length, number, id=f"{check.__name__} {number[:4]}")
        for check, alphabet, length, numbers in VALID
        for number in numbers.replace("_", "").split()
    ],
)
def test_of_all_endings_only_the_right_one_is_accepted(
    check: Check, alphabet: str, length: int, number: str
) -> None:
    assert accepted(check, number[:-length], alphabet, length) == [number[-length:]]


def test_every_check_was_asked() -> None:
    assert {check.__name__ for check, *_ in VALID} == set(national.__all__)


def test_letters_may_be_small() -> None:
    for check, alphabet, _, numbers in VALID:
        for number in numbers.replace("_", "").split():
            if alphabet == string.ascii_uppercase:
                assert check(number.lower())


@pytest.mark.parametrize(
    ("check", "form", "alphabet", "real"),
    [
        (national.pesel, "44{}140135", string.digits, {m for m in range(100) if 1 <= m % 20 <= 12}),
        (national.hetu, "{}1052-308", ALNUM, range(1, 32)),
        (national.hetu, "13{}52-308", ALNUM, range(1, 13)),
        (national.personnummer, "81{}28-987", string.digits, range(1, 13)),
        (national.personnummer, "8112{}-987", string.digits, {*range(1, 32), *range(61, 92)}),
        (national.rrn, "96{}21-123456", string.digits, range(1, 13)),
        (national.za_id, "80{}01500908", string.digits, range(1, 13)),
        (national.za_id, "8001{}500908", string.digits, range(1, 32)),
        (national.za_id, "8001015009{}", string.digits, range(30)),
    ],
)
def test_only_real_days_and_months_and_kinds_are_accepted(
    check: Check, form: str, alphabet: str, real: Container[int]
) -> None:
    """Each is tried with every check digit: what is refused has none."""
    for number in range(100):
        assert bool(accepted(check, form.format(f"{number:02}"), alphabet)) == (number in real), number


@pytest.mark.parametrize(
    ("check", "rest", "length", "first"),
    [
        (national.aadhaar, "1234567890", 1, "23456789"),
        (national.sin, "3069254", 1, "12345679"),
        (national.tckn, "00000001", 2, "123456789"),
        (national.thai_id, "10170023070", 1, "123456789"),
        (national.steuer_id, "609574271", 1, "123456789"),
    ],
)
def test_what_a_number_may_begin_with(check: Check, rest: str, length: int, first: str) -> None:
    found = [each for each in string.digits if accepted(check, each + rest, length=length)]
    assert found == list(first)


@pytest.mark.parametrize(
    ("ten", "different", "is_one"),
    [
        ("8609574213", 10, False),
        ("8609574271", 9, True),
        ("8609574277", 8, True),
        ("8609574227", 8, True),
        *(("8609574" + digit * 3, 7, False) for digit in "8609574"),
    ],
)
def test_a_german_tax_number_has_one_digit_twice_or_thrice(
    ten: str,
    different: int,
    is_one: bool,  # noqa: FBT001
) -> None:
    assert len(set(ten)) == different
    answers = [national.steuer_id(ten + last) for last in string.digits]
    assert answers.count(True) == is_one
    assert answers.count(False) == 10 - is_one


@pytest.mark.parametrize("digit", string.digits)
def test_one_digit_all_along_is_no_number_although_it_adds_up(digit: str) -> None:
    assert not national.cpf(digit * 11)
    assert not national.cnpj(digit * 14)


def test_two_digits_all_along_may_be_one() -> None:
    assert national.cpf("900909_09909".replace("_", ""))
    assert national.cnpj("111188_18111118".replace("_", ""))


def test_no_digit_but_zeros_is_no_number_of_a_citizen() -> None:
    assert not national.bsn("0" * 9)
    assert accepted(national.bsn, "0" * 6, length=3)


@pytest.mark.parametrize("wrong", ["12345678", "1234567890"])
def test_a_number_of_another_length_is_a_mistake_of_the_pattern(wrong: str) -> None:
    with pytest.raises(ValueError, match="zip"):
        national.tfn(wrong)


def test_verhoeffs_permutations_are_the_powers_of_one() -> None:
    table = national._VERHOEFF
    assert table[0] == tuple(range(10))
    for place, row in enumerate(table):
        assert table[(place + 1) % 8] == tuple(row[each] for each in table[1])
        assert sorted(row) == [*range(10)]


def test_the_products_of_a_pentagons_symmetries() -> None:
    """The turns are 0 to 4 and the mirror images 5 to 9; each is where it moves the five corners."""

    def moved(symmetry: int) -> list[int]:
        turn, mirrored = symmetry % 5, symmetry >= 5
        return [(turn - corner if mirrored else turn + corner) % 5 for corner in range(5)]

    for one in range(10):
        for other in range(10):
            after = [moved(one)[corner] for corner in moved(other)]
            assert after == moved(national._dihedral(one, other))
