"""One target under atheris: ``python -m fuzz.worker <target> [libFuzzer options] <corpus folder>``.

Started by ``run.py``. The target's imports are instrumented, so libFuzzer sees which branches an input
reaches; a ``DelegateError`` is an answer, anything else ends the process and leaves the input behind.

Beside libFuzzer's own lines it prints, about once a second, how many inputs got past the target's first
step: a fuzzer that is turned away at the door finds nothing, however fast it knocks.
"""

from __future__ import annotations

import sys
import time

import atheris

from fuzz.mutation import mutated


def main() -> None:
    """Fuzz the target named first; libFuzzer reads the other arguments and never returns."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["delegate", "fuzz.targets"]):
        from fuzz.targets import load, passes  # noqa: PLC0415 - imported under instrumentation

        target = load(name)
    inputs = past = 0
    shown = time.monotonic()

    def one_input(data: bytes) -> None:
        nonlocal inputs, past, shown
        past += passes(target, data)
        inputs += 1
        if (now := time.monotonic()) - shown > 1:
            shown = now
            print(f"past the first step: {past} of {inputs}", flush=True)

    def mutate(data: bytes, limit: int, number: int) -> bytes:
        return mutated(data, limit, number, seeds=target.SEEDS, otherwise=atheris.Mutate)

    atheris.Setup(sys.argv, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
