"""A wake-up that is safe in signal handlers and from other threads: one byte in a pipe that a selector watches."""

from __future__ import annotations

import os
import select


class Waker:
    """A pipe to oneself."""

    def __init__(self) -> None:
        """Open the pipe."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when somebody called `wake`."""
        return self._read

    def wake(self) -> None:
        """Make the descriptor readable."""
        try:
            os.write(self._write, b"!")
        except (BlockingIOError, OSError):
            pass  # it is full, so it is readable already; or it is closed, so nobody waits

    def clear(self) -> bool:
        """Take note of all calls so far; tells whether there were any."""
        try:
            return bool(os.read(self._read, 4096))
        except BlockingIOError:
            return False

    def wait(self, timeout: float | None) -> bool:
        """Wait up to `timeout` seconds for a call, forever if None; tells whether there was one."""
        select.select([self._read], [], [], timeout)
        return self.clear()

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._read)
        os.close(self._write)
