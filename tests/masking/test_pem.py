r"""Private keys in armour: whole, without their first or last line, line by line, and words about them."""

from __future__ import annotations

import pytest

from delegate.masking.pem import private_keys
from delegate.masking.text import TextScanner
from tests.masking.vectors import masked

BEGIN, END = "-----BEGIN PRIVATE " + "KEY-----", "-----END PRIVATE " + "KEY-----"
LINE = "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7"  # as short as a line may be
LINES = [LINE, LINE[::-1], LINE, "a7Q2xK=="]
SCANNER = TextScanner()


def found(text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in private_keys(text)]


@pytest.mark.parametrize(
    "between",
    [
        "\n",
        "\r\n",
        "\\n",
        "\\r\\n",
        "\n    ",
        "\n> ",
        "\n# ",
        "\n * ",
        "\n; ",
        "\n- ",
        "\n | ",
        "', '",
        '",\n  "',
        '\\n" +\n "',
    ],
)
class TestLines:
    """What stands between the lines of a key, wherever it is quoted."""

    def test_a_key_without_its_first_line_begins_where_its_lines_do(self, between: str) -> None:
        between = between.replace("+", ",")
        body = between.join([*LINES, END])
        for before in ("", "see ", "one two\nthree:\n", '"'):
            assert found(f"{before}{between if before else ''}{body} there") == [body]

    def test_a_key_without_its_last_line_ends_where_its_lines_do(self, between: str) -> None:
        between = between.replace("+", ",")
        key = between.join([BEGIN, *LINES])
        assert [hit.rstrip() for hit in found(f"see {key}!")] == [key]

    def test_a_whole_key(self, between: str) -> None:
        key = between.join([BEGIN, *LINES, END])
        assert found(f"see {key} there, {key}") == [key, key]


def test_a_key_on_one_line_without_its_first() -> None:
    assert found(f"x {LINE}{END}") == [LINE + END]
    assert found(f"x {LINE} {END}") == [f"{LINE} {END}"]


@pytest.mark.parametrize(
    "text",
    [
        f"x {LINE[:-1]}\n{END}",
        f"{LINE}\na word\n{END}",
        f"{LINE}\n{'. ' * 17}{END}",
        f"{LINE}\n{'-----END PUBLIC ' + 'KEY-----'}",
        f"keys end with {END}",
        f"{LINE}\0{END}",
        END,
    ],
)
def test_no_lines_of_a_key(text: str) -> None:
    assert found(text) == []


def test_only_the_last_line_may_be_short() -> None:
    assert found(f"{LINE}\nabc\n{LINE}\n{END}") == [f"{LINE}\n{END}"]
    assert found(f"{LINE}\n{LINE}\nabc\nabc\n{END}") == []


def test_a_key_without_its_first_line_begins_behind_the_frame_before() -> None:
    key = f"{BEGIN}\n{LINE}\n{END}"
    assert found(f"{key}\n{LINE}\n{END}") == [key, f"{LINE}\n{END}"]
    assert found(f"{LINE}\n{END}\n{LINE}\n{END}") == [f"{LINE}\n{END}"] * 2


@pytest.mark.parametrize(
    "words",
    [" and ", " and end with ", "` to `", '" ... "', '", "', "' (which is the first line), then '"],
)
def test_words_between_the_frames_are_no_key(words: str) -> None:
    assert found(f"Keys begin with {BEGIN}{words}{END}.") == []


@pytest.mark.parametrize("body", ["\nab\n", " ab", "ab ", " And ", " a7 ", " x\ny ", " " + "ab " * 41])
def test_what_is_not_only_words_may_be_a_key(body: str) -> None:
    assert found(f"{BEGIN}{body}{END}") == [f"{BEGIN}{body}{END}"]


def test_a_sentence_behind_a_first_line_is_no_key() -> None:
    assert found(f"Keys begin with {BEGIN} and go on for long") == []
    assert found(f"{BEGIN} and go a7Q2xK9m") == [f"{BEGIN} and go a7Q2xK9m"]
    assert found(f"Keys begin with {BEGIN} and then it ends. {BEGIN}\n{LINE}\n{END}") == [
        f"{BEGIN}\n{LINE}\n{END}"
    ]


def test_a_key_whose_lines_are_leaves() -> None:
    key = "\0".join([BEGIN, *LINES, END])
    assert found(f"x\0{key}\0y") == [key]
    for hit in SCANNER.scan(f"x\0{key}\0y"):
        assert hit.kind == "private-key"
    marker = "[MASKED:private-key]"
    assert masked(f"x\0{key}\0y", SCANNER.scan(f"x\0{key}\0y")) == f"x\0{(marker + chr(0)) * 6}y"
    with_ends = "\0".join(line + "\n" for line in [BEGIN, "Proc-Type: 4,ENCRYPTED", "", *LINES, END])
    assert found(with_ends) == [with_ends[:-1]]


@pytest.mark.parametrize("leaves", [[], ["two words"], [LINE[:-1]], [LINE, "{}"], [LINE, "x" * 129]])
def test_leaves_that_are_no_lines_are_left(leaves: list[str]) -> None:
    assert found("\0".join([BEGIN, *leaves, END])) == [BEGIN]


@pytest.mark.parametrize("label", ["OpenVPN Static key V1", "OpenVPN tls-crypt-v2 client key"])
def test_keys_of_openvpn(label: str) -> None:
    key = f"-----BEGIN {label}-----\n{'7a1c9e4b2d8f05e6' * 2}\n-----END {label}-----"
    assert found(f"<tls-auth>\n{key}\n</tls-auth>") == [key]
    assert found(key.replace("OpenVPN", "OpenVPX")) == []
