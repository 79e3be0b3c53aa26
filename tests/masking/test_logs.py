"""The logging filter, and the library's own loggers."""

from __future__ import annotations

import io
import json
import logging

import pytest

import delegate.client.bodies
import delegate.server.asgi
import delegate.server.gate
import delegate.verifier  # noqa: F401 - these have the loggers
from delegate.masking import Masker, MaskingFilter, Policy
from delegate.masking.logs import masked_logger
from tests.masking.samples import EMAIL, PASSWORD, TOKEN


def fail(*words: str) -> None:
    raise ValueError(" ".join(words))


class Bench:
    def __init__(self, masker: Masker | None = None) -> None:
        self.out = io.StringIO()
        handler = logging.StreamHandler(self.out)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        handler.addFilter(MaskingFilter(masker))
        self.logger = logging.Logger("bench")  # noqa: LOG001 - one of its own, outside the tree
        self.logger.addHandler(handler)

    @property
    def text(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_message_and_arguments_are_masked_together(bench: Bench) -> None:
    bench.logger.warning("password=%s for %s", PASSWORD, EMAIL)
    bench.logger.warning("got %(a)s", {"a": TOKEN})
    bench.logger.info("plain %d %s", 7, "words")
    assert bench.text == (
        "WARNING password=[MASKED:password] for [MASKED:email]\n"
        "WARNING got [MASKED:github-token]\n"
        "INFO plain 7 words\n"
    )


def test_tracebacks_and_stacks_are_masked(bench: Bench) -> None:
    try:
        fail("token", TOKEN)
    except ValueError:
        bench.logger.exception("failed", stack_info=True)
    assert TOKEN not in bench.text
    assert "ValueError: token [MASKED:github-token]" in bench.text
    assert "test_logs.py" in bench.text


def test_extra_attributes_are_masked() -> None:
    record = logging.makeLogRecord({"msg": "x", "password": PASSWORD, "headers": {"a": TOKEN}, "n": 1})
    assert MaskingFilter().filter(record)
    assert (vars(record)["password"], vars(record)["headers"], vars(record)["n"]) == (
        "[MASKED:password]",
        {"a": "[MASKED:github-token]"},
        1,
    )


def test_a_record_that_cannot_be_made_is_not_lost_and_not_shown(bench: Bench) -> None:
    class Loud:
        def __str__(self) -> str:
            raise RuntimeError(PASSWORD)

    bench.logger.warning("a %s", Loud(), extra={"password": PASSWORD})
    bench.logger.warning("%d", PASSWORD)
    assert bench.text == "WARNING [MASKED:error]\n" * 2


def test_a_blocked_record_says_so() -> None:
    bench = Bench(Masker(Policy(mode="block")))
    bench.logger.warning("to %s", EMAIL, extra={"mail": EMAIL})
    bench.logger.warning("fine")
    assert bench.text.splitlines()[0].startswith("WARNING [MASKED:blocked]")
    assert EMAIL not in bench.text
    assert bench.text.endswith("WARNING fine\n")


def test_the_librarys_own_loggers_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("delegate.verifier", "delegate.revocation", "delegate.server", "delegate.client"):
        with caplog.at_level(logging.WARNING, logger=name):
            logging.getLogger(name).warning("seen %s", TOKEN)
    assert TOKEN not in caplog.text
    assert caplog.text.count("[MASKED:github-token]") == 4


def test_a_masked_logger_is_the_logger_of_that_name() -> None:
    logger = masked_logger("tests.masked")
    try:
        assert logger is logging.getLogger("tests.masked")
        assert masked_logger("tests.masked") is logger
        assert [type(each) for each in logger.filters] == [MaskingFilter]
    finally:
        logger.filters.clear()


def test_json_formatters_find_nothing_either(bench: Bench) -> None:
    class Json(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return json.dumps({name: str(value) for name, value in vars(record).items()})

    bench.logger.handlers[0].setFormatter(Json())
    try:
        fail(TOKEN)
    except ValueError:
        bench.logger.exception("x %s", TOKEN, extra={"t": TOKEN})
    assert TOKEN not in bench.text
