"""Linear on hostile text, in counted steps: each call into Python or into a built-in function is one.

What a call costs is bounded by its pattern, since every quantifier is (``test_detectors``), or by what it
reads, which nothing reads twice; the time itself is measured by ``make bench``.
"""

from __future__ import annotations

from typing import Final

import pytest

from delegate.masking.text import TextScanner
from tests.masking.counting import calls_in

FRAGMENTS: Final = (
    *(
        "a.",
        "a-",
        "a",
        "1",
        "1 ",
        "1-",
        "[",
        '"',
        " ",
        "\n",
        "\\\\",
        "_-_-",
        "\u00e9",
        "%41",
        "\\u0041",
        "&#65;",
    ),
    *(
        "password",
        'password="',
        "secret: ",
        "key=",
        "token:",
        '=\\"',
        "a=b&c=",
        "<password>",
        "password = \n",
    ),
    *(
        "'password', '",
        "aws_secret_access_key ",
        "bearer ",
        "identified by ",
        "[MASKED:password]",
        "eyJ",
        "eyJa.",
    ),
    *(
        "http://",
        "a://b:",
        "://:@",
        "a@a.",
        "-----BEGIN PRIVATE KEY-----\n",
        "xoxb-",
        "ghp_",
        "sk-ant-",
        "t1.",
    ),
    *(
        "GB82 WEST ",
        "4111 ",
        "123-45-",
        "curl -u ",
        "kind: Secret\ndata:\n a: b\n",
        "data: |\n  ",
        "MTIzNDU2.",
    ),
    *(
        "Private-Lines: 1\n",
        "$2b$10$",
        "hooks.slack.com/services/",
        "machine a login b password ",
        "Z2hw",
        "6768",
    ),
)
assert len(FRAGMENTS) >= 48

SCANNERS: Final[dict[str, TextScanner]] = {"re": TextScanner(engine="re"), "re2": TextScanner(engine="re2")}


def steps(scanner: TextScanner, text: str) -> int:
    """Calls during one scan."""
    return calls_in(lambda: scanner.scan(text))


@pytest.mark.parametrize("engine", ["re", "re2"])
@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_five_times_the_text_takes_at_most_eight_times_the_steps(fragment: str, engine: str) -> None:
    """ "the cost at 50 KB is at most 8x that at 10 KB" """
    scanner = SCANNERS[engine]
    short, long = ((fragment * (size // len(fragment) + 1))[:size] for size in (2_000, 10_000))
    assert steps(scanner, long) <= 8 * max(steps(scanner, short), 20)
