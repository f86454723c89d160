"""Locks on files between processes, waited for so that a cancellation is heard."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_PAUSE = 0.1


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock, named by a file that is made for it; others wait, here and in other processes.

    A blocking lock would not hear a cancellation, which is raised between two steps of Python.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)
