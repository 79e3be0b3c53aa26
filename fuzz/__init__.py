"""Coverage-guided fuzzing of everything that reads bytes from outside (atheris, libFuzzer).

``targets/`` holds one file for each parser; ``run.py`` fuzzes them one after the other, each in a process
of its own; ``worker.py`` is that process. What crashed lies in ``crashes/<target>/`` and is committed with
its repair: ``tests/test_fuzz_replay.py`` replays it, and every seed, without atheris. ``corpus/`` is what
libFuzzer has learnt on this machine; it may be deleted at any time.
"""
