"""What Python lacks of the operating system: dying with a parent, adopting orphans, counting threads."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(signal_number: int) -> None:
    """Have this process get a signal when its parent ends; nothing on systems without it."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends; nothing on systems without it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children() -> list[int]:
    """Return the ids of this process's children, as far as the system tells."""
    try:
        return [int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def thread_count() -> int:
    """Return how many threads this process has, those of libraries included where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - quicker, and it need not be a Path
    except OSError:
        return threading.active_count()


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds, 0 if unknown."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def usable_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
