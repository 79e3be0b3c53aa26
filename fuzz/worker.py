"""One target under atheris: ``python -m fuzz.worker <target> [libFuzzer options] <corpus folder>``.

Started by ``run.py``. The target's imports are instrumented, so libFuzzer sees which branches an input
reaches; a ``DelegateError`` is an answer, anything else ends the process and leaves the input behind.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import atheris


def main() -> None:
    """Fuzz the target named first; libFuzzer reads the other arguments and never returns."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["delegate", "fuzz.targets"]):
        from delegate.errors import DelegateError  # noqa: PLC0415 - imported under instrumentation
        from fuzz.targets import load  # noqa: PLC0415 - the same

        target = load(name).target

    def one_input(data: bytes) -> None:
        with suppress(DelegateError):
            target(data)

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
