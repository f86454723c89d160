"""One worker as the driver sees it: what it was sent and hasn't reported yet, and what is to become of it."""

from __future__ import annotations

import selectors
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from weft.executors import framing, shared
from weft.ports import executor

Fate: TypeAlias = Literal["timed_out", "cancelled"]
"""Why the driver ends the body that a worker runs."""


class WorkerLink:
    """The socket and the page of one worker, and its assignments in flight, in the order in which it runs them."""

    def __init__(self, number: int, name: str) -> None:
        """Make both ends of what connects driver and worker; `theirs` is for the zygote to hand on."""
        self.number = number
        self.name = name
        self.socket, self.theirs = socket.socketpair()
        self.socket.setblocking(False)
        self.state = shared.SharedState()
        self.in_flight: deque[executor.Assignment] = deque()
        self.estimates: deque[float] = deque()
        """Seconds that each assignment in flight will take."""
        self.pid: int | None = None
        self.ready = False
        self.retiring = False
        """It gets nothing more, and ends when it has reported on what it has."""
        self.quitting = False
        self.reported = 0
        self.baseline = 0
        """Bytes that it held when it was first idle."""
        self.ended = False
        self.status: int | None = None
        self.connected = True
        self.deadline: float | None = None
        """When to look at the running body again (monotonic): its timeout is over, or the grace after that."""
        self.fate: Fate | None = None
        self.fated = -1
        """The assignment that `fate` is about."""
        self.cancelling: set[int] = set()
        self._reader = framing.Reader()
        self._unsent = bytearray()

    @property
    def accepts(self) -> bool:
        """Whether it may be sent assignments."""
        return self.connected and not self.retiring and not self.ended

    @property
    def idle(self) -> bool:
        """Whether it may be sent assignments and has none."""
        return not self.in_flight and self.accepts

    @property
    def load(self) -> float:
        """Seconds that the assignments in flight will take, by estimate."""
        return sum(self.estimates)

    @property
    def alone(self) -> bool:
        """Whether it has an assignment behind which nothing may be queued."""
        return bool(self.in_flight) and self.in_flight[-1].exclusive

    def send_assignments(self, assignments: Sequence[executor.Assignment], estimates: Iterable[float]) -> None:
        """Send a frame of assignments, each with the seconds that it will take."""
        self.in_flight.extend(assignments)
        self.estimates.extend(estimates)
        self.send(framing.encode(framing.RUN, assignments))

    def send(self, message: bytes) -> None:
        """Send a message, as much as the socket takes; the rest goes when it is writable."""
        self._unsent += message
        self.flush()

    def flush(self) -> None:
        """Send what is left of earlier messages."""
        try:
            while self._unsent:
                del self._unsent[: self.socket.send(self._unsent)]
        except BlockingIOError:
            pass  # the selector tells when there is room again
        except OSError:
            self._unsent.clear()  # the worker has ended, which its socket's end and the zygote tell

    @property
    def head_started(self) -> bool:
        """Whether the first assignment in flight has been started."""
        return bool(self.in_flight) and self.state.running[0] == self.reported + 1

    @property
    def events(self) -> int:
        """What the selector is to wait for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)

    def messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the messages that have come; sets `connected` False at the end of the stream."""
        while self.connected:
            try:
                content = framing.receive(self.socket)
            except BlockingIOError:
                return
            if not content:
                self.connected = False
                return
            yield from self._reader.take(content)
            if len(content) < framing.LARGEST_RECEIVED and not self.ended:
                return

    def close(self) -> None:
        """Close the socket and the page."""
        self.socket.close()
        self.theirs.close()
        self.state.close()
