"""Running a program: its output line by line while it comes, and its whole process group ended when the task is.

The output is read with a short patience, so that a cancellation that is raised into this thread is heard between two
looks, even while the program says nothing. Beside each program a shell of two lines waits for the end of this process:
killed itself, it can end nothing any more, and a run that is taken up again would start the same program a second time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.model import errors
from weft.operators import defining

_PATIENCE = 0.2
"""Seconds between two looks at whether the program has ended."""
_GRACE = 5.0
"""Seconds that a process group has to end after it was asked to."""
_TAIL = 20
_LARGEST = 64 * 1024 * 1024
_LONGEST = 1024 * 1024
"""Bytes of a line, of which the rest is left out of the log."""
_GUARD = 'read -r _; kill -s TERM -- "-$0"; sleep 5; kill -s KILL -- "-$0"'


class ProcessError(Exception):
    """A program ended with an exit code that means failure; `code` is negative for a signal."""

    def __init__(self, message: str, *, code: int) -> None:
        """Keep the message and the exit code."""
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it: it comes back from other processes."""
        return functools.partial(type(self), code=self.code), (str(self),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended. `text` is its whole stdout, where that was to be kept."""

    code: int
    text: str
    last_line: str
    tail: tuple[str, ...]
    """The last lines of stdout and stderr."""


def run(
    arguments: Sequence[str],
    *,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    keep: bool = False,
    say: Callable[[str], None] = defining.say,
) -> Finished:
    """Run a program to its end.

    Args:
        arguments: the program and its arguments.
        cwd: where it runs.
        env: its whole environment; this process's unless given.
        timeout: seconds after which it is ended.
        keep: whether all of its stdout is returned, up to 64 MiB.
        say: told each line of stdout and stderr.

    Raises:
        UsageError: there is no such program or folder, or more was to be kept than is allowed.
        TimeoutError: it took too long; all of its group has been ended.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - running what it is given is what this is for
            list(arguments), cwd=cwd, env=None if env is None else dict(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
        )  # fmt: skip
    except FileNotFoundError as error:
        missing = f"The folder {str(cwd)!r}" if cwd and not Path(cwd).is_dir() else f"The program {arguments[0]!r}"
        raise errors.UsageError(f"{missing} is not there.", remedy="Check the name, and PATH.") from error
    except (PermissionError, NotADirectoryError) as error:
        raise errors.UsageError(
            f"{arguments[0]!r} can't be run: {error.strerror}.", remedy="Check its mode and the folder."
        ) from error
    with process, _guarded(process.pid):
        try:
            reader = _Reader(process, keep=keep, say=say)
            reader.read(None if timeout is None else time.monotonic() + timeout, timeout)
        except BaseException:
            _end(process)
            raise
    return reader.finished(process.returncode)


@contextlib.contextmanager
def _guarded(group: int) -> Iterator[None]:
    """Have a process group ended if this process is killed meanwhile."""
    guard = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", _GUARD, str(group)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, process_group=0,
    )  # fmt: skip
    with guard:
        try:
            yield
        finally:
            guard.kill()


class _Lines:
    """Takes a stream apart into lines."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._left_out = 0

    def take(self, chunk: bytes) -> Iterator[str]:
        """Yield the lines that end in this chunk."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._add(chunk[start:end])
            yield self.line()
            start = end + 1
        self._add(chunk[start:])

    def line(self) -> str:
        """What has come since the last line."""
        found = self._rest.decode("utf-8", "replace").rstrip("\r")
        if self._left_out:
            found += f"… ({self._left_out:,} more bytes)"
        self._rest.clear()
        self._left_out = 0
        return found

    def _add(self, piece: bytes) -> None:
        room = _LONGEST - len(self._rest)
        self._rest += piece[:room]
        self._left_out += max(0, len(piece) - room)


class _Reader:
    """Reads the two streams of a process to their end."""

    def __init__(self, process: subprocess.Popen[bytes], *, keep: bool, say: Callable[[str], None]) -> None:
        self._process = process
        self._say = say
        self._kept: bytearray | None = bytearray() if keep else None
        self._last = ""
        self._tail: deque[str] = deque(maxlen=_TAIL)

    def read(self, deadline: float | None, timeout: float | None) -> None:
        streams = {"out": _Lines(), "err": _Lines()}
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ, "out")  # type: ignore[arg-type]
            selector.register(self._process.stderr, selectors.EVENT_READ, "err")  # type: ignore[arg-type]
            while selector.get_map():
                found = selector.select(_PATIENCE)
                for key, _ in found:
                    chunk = os.read(key.fd, 65536)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    self._keep(key.data, chunk)
                    for line in streams[key.data].take(chunk):
                        self._line(key.data, line)
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"The program took longer than its timeout of {timeout:g} s.")
                # what it left running in the background may hold the streams open for ever
                if not found and self._process.poll() is not None:
                    break
        for stream, lines in streams.items():
            if rest := lines.line():
                self._line(stream, rest)
        while True:
            try:
                self._process.wait(_PATIENCE)
                return
            except subprocess.TimeoutExpired:
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"The program took longer than its timeout of {timeout:g} s.") from None

    def _keep(self, stream: str, chunk: bytes) -> None:
        if self._kept is None or stream == "err":
            return
        self._kept += chunk
        if len(self._kept) > _LARGEST:
            raise errors.UsageError(
                f"The program wrote more than {_LARGEST >> 20} MiB to stdout, which was to be returned.",
                remedy="Write it to a file and return its path.",
            )

    def _line(self, stream: str, line: str) -> None:
        self._say(line)
        self._tail.append(line)
        if stream == "out" and line.strip():
            self._last = line

    def finished(self, code: int) -> Finished:
        text = (self._kept or b"").decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n")
        return Finished(code=code, text=text, last_line=self._last, tail=tuple(self._tail))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group: politely, then for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue
        if not _is_group_alive(process.pid, _GRACE if number == signal.SIGTERM else 0.5):
            break
    process.wait()


def _is_group_alive(group: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)


def environment(given: Mapping[str, str] | None, *, inherit: bool = True) -> dict[str, str]:
    """The environment of a program: this process's with what is given, or only that."""
    return {**(os.environ if inherit else {}), **{name: str(value) for name, value in (given or {}).items()}}


def failed(what: str, finished: Finished) -> ProcessError:
    """The error for a program that failed, with the last lines that it wrote."""
    code = finished.code
    how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
    tail = "\n".join(each if len(each) <= 400 else each[:399] + "…" for each in finished.tail[-8:])
    return ProcessError(f"{what} {how}." + (f" It wrote last:\n{tail}" if tail else ""), code=code)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def silent(line: str) -> None:
    """Say nothing of a program whose output is not for people."""
