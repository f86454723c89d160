"""Who owns a run: the identity of a process, and whether it still lives.

On one machine a dead owner is recognised at once, without waiting for its lease: the boot, the process number and the
moment at which it started identify a process for good. On another machine only the lease's end tells.
"""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

_driven: set[str] = set()  # the runs that this process drives at this moment


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A process: its host, the boot of that host, its number and the start of it in clock ticks since the boot."""

    host: str
    boot: str
    pid: int
    started: int

    def encode(self) -> str:
        """Write it down."""
        return msgspec.json.encode(self).decode()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def decode(text: str) -> Owner:
    """Read an owner back."""
    return msgspec.json.decode(text, type=Owner)


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux: the machine's own number has to do
        return str(uuid.getnode())


def _started(pid: int) -> int | None:
    """When a process began, in clock ticks since the boot; None when there is none, or only its corpse."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _alive_elsewhere(pid)
    return None if fields[0] in ("Z", "X") else int(fields[19])


def _alive_elsewhere(pid: int) -> int | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return 0
    return 0


def myself() -> Owner:
    """This process."""
    return Owner(host=socket.gethostname(), boot=_boot(), pid=os.getpid(), started=_started(os.getpid()) or 0)


@contextlib.contextmanager
def driving(run: str) -> Iterator[None]:
    """Note that this process drives `run`; once it has left, by an error say, it owns the run no more."""
    _driven.add(run)
    try:
        yield
    finally:
        _driven.discard(run)


def is_dead(owner: Owner, *, run: str | None = None, expires: int, now: int) -> bool:
    """Whether the owner of `run` is gone: surely so on this machine, else once its lease has ended (microseconds)."""
    if run is not None and owner == myself():
        return run not in _driven
    if owner.host == socket.gethostname():
        if owner.boot != _boot():
            return True
        return _started(owner.pid) != owner.started
    return now > expires
