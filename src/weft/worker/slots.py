"""Concurrency slots across processes: `with concurrency("api", limit=3):` lets three bodies in at a time.

Each slot is a file in a folder that all processes of a project share; who holds a slot holds a lock on its file. The
system frees the lock when the process ends, however it ends, so that nothing is ever left locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from weft.define import durations
from weft.model import errors
from weft.storage import paths

FOLDER_VARIABLE = "WEFT_SLOTS"
"""Tells worker processes where the files of slots lie."""
_FOLDER = "slots"
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.1


def set_home(home: Path) -> None:
    """Keep the files of slots in the home of a project, in this process and those that it starts."""
    os.environ[FOLDER_VARIABLE] = str(home / _FOLDER)


@contextlib.contextmanager
def concurrency(
    name: str, *, limit: int = 1, occupy: int = 1, timeout: durations.Duration | None = None
) -> Iterator[None]:
    """Hold slots of a name while a block runs; waits until they are free.

    Args:
        name: what is shared, such as the name of an API; all who use it should give one limit.
        limit: how many slots there are.
        occupy: how many of them the block takes.
        timeout: how long to wait: seconds, a timedelta or text such as "5m"; for ever unless given.

    Raises:
        UsageError: the name or a number is wrong.
        TimeoutError: the slots were not free in time.
    """
    if not isinstance(name, str) or not name:
        raise errors.UsageError(f"concurrency() was given the name {name!r}.", remedy="Give a name that is text.")
    for argument, number in (("limit", limit), ("occupy", occupy)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise errors.UsageError(
                f"concurrency({name!r}): {argument} is {number!r}.", remedy="Give a whole number of at least 1."
            )
    if occupy > limit:
        raise errors.UsageError(
            f"concurrency({name!r}): {occupy} slots are to be taken, but there are only {limit}.",
            remedy="Raise limit, or lower occupy.",
        )
    seconds = None if timeout is None else durations.seconds(timeout, what="concurrency(timeout)")
    held = _take(name, limit, occupy, seconds)
    try:
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)


def _take(name: str, limit: int, occupy: int, seconds: float | None) -> list[int]:
    """Lock as many files as slots are wanted, all or none at a time; returns their descriptors."""
    folder = _folder() / paths.escape(name)
    folder.mkdir(parents=True, exist_ok=True)
    until = None if seconds is None else time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while True:
        held: list[int] = []
        try:
            for slot in range(limit):
                descriptor = _lock(folder / str(slot))
                if descriptor is not None:
                    held.append(descriptor)
                if len(held) == occupy:
                    return held
        except BaseException:
            _free(held)
            raise
        _free(held)  # those who wait for several at once must not keep each other from them
        if until is not None and time.monotonic() >= until:
            taken = "its slot is" if limit == 1 else f"its {limit} slots are"
            raise TimeoutError(f"concurrency({name!r}): {taken} in use, and did not become free within {seconds:g} s.")
        time.sleep(pause if until is None else min(pause, max(0.0, until - time.monotonic())))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _lock(path: Path) -> int | None:
    """Lock a file, None where somebody else has it. Each opening has a lock of its own, so threads count as well."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _free(held: list[int]) -> None:
    for descriptor in held:
        os.close(descriptor)


def _folder() -> Path:
    found = os.environ.get(FOLDER_VARIABLE)
    return Path(found) if found else Path(tempfile.gettempdir()) / f"weft-slots-{os.getuid()}"
