"""Ours and its peers behind one signature: a value in, the masked value out.

Each peer is used as its documentation says, with everything it offers for secrets and personal data but the
recognition of names, which needs a language model. A peer that is not installed is named and left out.

- Logfire's scrubber: ``logfire`` scrubs attributes by a pattern of key names;
- Presidio: the pattern recognizers of ``presidio_analyzer`` with their check digits and context words;
- detect-secrets: all its plugins and filters, applied to each text as to the lines of a file;
- LangSmith's anonymizer: ``create_anonymizer`` with a rule for each pattern that its guide shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Literal, TypeAlias

from delegate.masking import masker as masking
from delegate.masking.policy import Policy

Masker: TypeAlias = Callable[[Any], Any]

__all__ = ["PEERS", "Masker", "ours", "peers"]


def ours(engine: Literal["re", "re2"]) -> Masker:
    """The default policy on one engine."""
    masker = masking.Masker(Policy(engine=engine))
    return lambda value: masker.mask(value).value


def each_text(value: Any, mask: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON value
    """``value`` with ``mask`` applied to every text, for peers that know texts only."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {
            mask(key) if isinstance(key, str) else key: each_text(item, mask) for key, item in value.items()
        }
    if isinstance(value, list):
        return [each_text(item, mask) for item in value]
    return value


def logfire() -> Masker:
    """Logfire's scrubber with its default patterns."""
    scrubber = import_module("logfire._internal.scrubbing").Scrubber(None)
    return lambda value: scrubber.scrub_value(("attributes",), value)[0]


def presidio() -> Masker:
    """Presidio's pattern recognizers for English, without a language model."""
    module = import_module("presidio_analyzer.predefined_recognizers")
    base = import_module("presidio_analyzer").PatternRecognizer
    classes = {each for each in vars(module).values() if isinstance(each, type) and issubclass(each, base)}
    recognizers = [each() for each in sorted(classes - {base}, key=lambda each: each.__name__)]
    english = [each for each in recognizers if each.supported_language == "en"]

    def mask(text: str) -> str:
        found = [
            (result.start, result.end)
            for recognizer in english
            for result in recognizer.analyze(text, recognizer.supported_entities, None)
            if result.score >= 0.4
        ]
        for start, end in sorted(found, reverse=True):
            text = f"{text[:start]}<MASKED>{text[end:]}"
        return text

    return lambda value: each_text(value, mask)


def detect_secrets() -> Masker:
    """detect-secrets with every plugin and filter, as it scans the lines of a file.

    Its public function for a line, ``scan_line``, searches eagerly and reports nearly every word.
    """
    scan = import_module("detect_secrets.core.scan")
    settings = import_module("detect_secrets.settings")

    def mask(text: str) -> str:
        lines = list(enumerate(text.splitlines(), start=1))
        for secret in scan._process_line_based_plugins(lines, "text"):  # noqa: SLF001 - see above
            if secret.secret_value:
                text = text.replace(secret.secret_value, "MASKED")
        return text

    def run(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        with settings.default_settings():
            return each_text(value, mask)

    return run


_GUIDE: Final = (
    r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b(?:\d[ -]*?){13,16}\b",
    r"sk-[a-zA-Z0-9]{20,}",
)
"""The patterns that LangSmith's guide to masking shows."""


def langsmith() -> Masker:
    """LangSmith's anonymizer with the rules of its guide."""
    rules = [{"pattern": re.compile(pattern), "replace": "<MASKED>"} for pattern in _GUIDE]
    anonymizer: Masker = import_module("langsmith.anonymizer").create_anonymizer(rules, max_depth=32)
    return anonymizer


PEERS: Final[dict[str, Callable[[], Masker]]] = {
    "logfire": logfire,
    "presidio": presidio,
    "detect_secrets": detect_secrets,
    "langsmith": langsmith,
}


def peers() -> dict[str, Masker]:
    """The peers that are installed; the others are named on the terminal."""
    found: dict[str, Masker] = {}
    for name, make in PEERS.items():
        try:
            found[name] = make()
        except ImportError as error:
            print(f"{name} is left out: {error}")
    return found
