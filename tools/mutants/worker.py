"""A process that has collected the tests once and runs some of them for each mutant in a fork of itself.

Starting Python, importing and collecting cost seconds; a fork costs milliseconds. In the fork the code of the
module's functions is replaced by the mutant's, wherever they are already bound, and the tests are run in the
order given until the first one fails. The fork ends there; what it started is killed with it.

That cannot show a mutant of what runs while modules are imported (tables, defaults, class bodies), nor one
whose functions were called while the tests were collected. For these a worker is started anew with the mutant
planted: an import hook hands out the changed module, and the tests are collected over it.

A worker talks over a pipe: it sends READY, or BROKEN where the tests cannot even be collected, then answers
each ``Job`` with its ``Verdict``.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib.abc
import importlib.machinery
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Final

import pytest

from tools.mutants.decisions import mutants

KILLED: Final = "killed"
TIMEOUT: Final = "timeout"
SURVIVED: Final = "survived"
ELSEWHERE: Final = "elsewhere"
"""Replacing the functions' code does not plant this mutant; only an import does."""

READY: Final = "ready"
BROKEN: Final = "broken"

_MEMORY: Final = 4 << 30
"""Bytes of address space for a mutant: a mutated loop that only ends there ends soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The mutant at this place of ``mutants(path, source)``, and its tests with the seconds they take."""

    path: str
    number: int
    tests: tuple[tuple[str, float], ...]
    patience: float = 5.0
    """Seconds a test may take in any case, and how often its own: a busy machine is slower than it was."""
    planted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant, and the test that noticed it, where one did."""

    outcome: str
    test: str = ""


def code_of(path: str, number: int) -> CodeType:
    """The module's code with that mutant in it."""
    for at, mutant in enumerate(mutants(path, Path(path).read_text(encoding="utf-8"))):
        if at == number:
            return compile(mutant.tree, str(Path(path).resolve()), "exec", dont_inherit=True)
    msg = f"{path} has no mutant {number}"
    raise LookupError(msg)


def serve(pipe: Connection, arguments: Sequence[str], planted: Job | None) -> None:
    """Collect the tests, over the planted mutant if there is one, and answer jobs until the pipe closes."""
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    if planted is not None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        sys.meta_path.insert(0, _Planted(planted))
    pytest.main(list(arguments), plugins=[Repeatable(), _Server(pipe)])
    pipe.send(BROKEN)  # whoever was served has left by now


class Repeatable:
    """Makes hypothesis repeat itself, and not look for the smallest example of what is noticed."""

    def pytest_collection(self) -> None:
        """Choose the profile: after ``tests/conftest.py`` did, before a test module is imported."""
        from hypothesis import Phase, settings  # noqa: PLC0415 - pytest must be the first to import it

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutants", max_examples=50, deadline=None, derandomize=True, database=None, phases=phases
        )
        settings.load_profile("mutants")


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Hands out the changed module where the original is asked for."""

    def __init__(self, job: Job) -> None:
        self._code = code_of(job.path, job.number)
        self._module = module_of(job.path)

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        file = self._code.co_filename
        places = [str(Path(file).parent)] if file.endswith("__init__.py") else None
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=file, is_package=places is not None)
        spec.submodule_search_locations = places
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # noqa: S102 - that is what a loader does


def module_of(path: str) -> str:
    """``delegate/token/block.py`` is ``delegate.token.block``."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class _Server:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._functions: dict[str, list[FunctionType]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return False
        items = {item.nodeid: item for item in session.items}
        self._find_functions()
        gc.freeze()
        self._pipe.send(READY)
        while True:
            try:
                job = self._pipe.recv()
            except EOFError:
                os._exit(0)
            self._pipe.send(self._judge(session, job, items))

    def _find_functions(self) -> None:
        """Every function in the process by its file, wherever it is bound."""
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                self._functions.setdefault(thing.__code__.co_filename, []).append(thing)

    def _judge(self, session: pytest.Session, job: Job, items: dict[str, pytest.Item]) -> Verdict:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.setsid()
            os.write(writes, self._run(session, job, items).encode())
            os._exit(0)
        os.close(writes)
        try:
            return _verdict(child, reads)
        finally:
            os.close(reads)

    def _run(self, session: pytest.Session, job: Job, items: dict[str, pytest.Item]) -> str:
        """In the fork: what became of the mutant, a space, and the test's name."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        if not job.planted and not _replace(self._functions.get(str(Path(job.path).resolve()), []), job):
            return ELSEWHERE
        tests = [(items[name], seconds) for name, seconds in job.tests if name in items]
        for (item, seconds), following in zip(tests, [*(item for item, _ in tests[1:]), None], strict=True):
            signal.setitimer(signal.ITIMER_REAL, job.patience * (1 + seconds))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return f"{KILLED} {item.nodeid}"
        return SURVIVED


def _verdict(child: int, reads: int) -> Verdict:
    """Wait for the fork, kill what it left behind, and read its word; a fork that died was noticed."""
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):  # it left nobody
        os.killpg(child, signal.SIGKILL)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return Verdict(outcome=TIMEOUT)
    word = os.read(reads, 1 << 16) if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0 else b""
    outcome, _, test = word.decode().partition(" ")
    return Verdict(outcome=outcome or KILLED, test=test)


def _replace(functions: list[FunctionType], job: Job) -> bool:
    """Give the functions their mutated code; whether that plants the whole mutant."""
    changed = code_of(job.path, job.number)
    original = compile(
        ast.parse(Path(job.path).read_text(encoding="utf-8")), changed.co_filename, "exec", dont_inherit=True
    )
    before, after = dict(_functions_of(original)), dict(_functions_of(changed))
    wanted = {where for where, code in after.items() if before.get(where) != code}
    found = set()
    for function in functions:
        where = (function.__code__.co_qualname, function.__code__.co_firstlineno)
        if where in wanted:
            try:
                function.__code__ = after[where]
            except ValueError:  # the mutant needs other variables of the function around it
                return False
            found.add(where)
    return bool(found)


def _functions_of(module: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """All code below the module's, by name and line."""
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            yield (constant.co_qualname, constant.co_firstlineno), constant
            yield from _functions_of(constant)
