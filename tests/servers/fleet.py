"""The five servers, each in a process of its own that ends with the block."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.conftest import ROOT
from tests.servers.child import SERVERS

LOOPBACK: Final = "127.0.0.1"
START: Final = 30.0
"""Seconds within which a server must accept connections, on a machine with other work."""

_POLL: Final = 0.02


@contextmanager
def running() -> Iterator[Mapping[str, int]]:
    """Start all five at once; yields their ports by name, once all accept connections."""
    with ExitStack() as stack:
        ports = {name: _free_port() for name in SERVERS}
        processes = {name: stack.enter_context(_process(name, port)) for name, port in ports.items()}
        deadline = time.monotonic() + START
        for name, port in ports.items():
            _await_listening(name, port, processes[name], deadline)
        yield ports


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _process(name: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.child", name, str(port)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _await_listening(name: str, port: int, process: subprocess.Popen[bytes], deadline: float) -> None:
    """None of them tells when it listens in a way that all share, so ask."""
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                msg = f"{name} did not start"
                raise RuntimeError(msg) from None
            time.sleep(_POLL)
        else:
            return
