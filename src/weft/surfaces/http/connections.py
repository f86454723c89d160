"""Connections to the server: bounded in number and in patience.

uvicorn waits for the head of a request for ever, and takes as many connections as there are file descriptors, which
are those of the ledger too; and an answer that nobody reads stays in memory for as long as the other side likes. Here
a connection over which for a while no whole head comes, or nothing of what waits to be sent goes, is ended; and those
over the bound are at once.
"""

from __future__ import annotations

import asyncio
import functools
import resource
from typing import Any, cast

import h11
from uvicorn.protocols.http import h11_impl

HEAD_SECONDS = 30.0
"""How long the head of a request may take to come, from the first byte or the answer before on; and how long the other
side may take nothing of what waits for it."""
CONNECTIONS_AT_MOST = 512


@functools.cache
def most() -> int:
    """How many connections there may be: a bounded share of the file descriptors that this process has."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_AT_MOST if soft == resource.RLIM_INFINITY else max(32, min(CONNECTIONS_AT_MOST, soft // 2))


class _Counted:
    """A transport that counts what is written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._written = 0

    def write(self, data: bytes) -> None:
        self._written += len(data)
        self._transport.write(data)

    @property
    def sent(self) -> int:
        """Bytes that have gone."""
        return self._written - self._transport.get_write_buffer_size()

    @property
    def unsent(self) -> int:
        """Bytes that wait."""
        return self._transport.get_write_buffer_size()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Bounded(h11_impl.H11Protocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As uvicorn makes one for each connection."""
        super().__init__(*given, **named)
        self._waiting_since = 0.0
        self._sent = -1
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, or close at once where there are too many connections."""
        self._counted = _Counted(transport)
        super().connection_made(cast("asyncio.Transport", self._counted))
        if len(self.connections) > most():
            transport.abort()
            return
        self._waiting_since = self.loop.time()
        self._look = self.loop.call_later(HEAD_SECONDS, self._close_if_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def _close_if_late(self) -> None:
        is_waiting = self.conn.their_state is h11.IDLE
        left = self._waiting_since + HEAD_SECONDS - self.loop.time()
        is_stuck = self._counted.unsent > 0 and self._counted.sent == self._sent
        self._sent = self._counted.sent
        if is_stuck or (is_waiting and left <= 0.001 and not self._counted.unsent):
            self.transport.abort()
            return
        left = left if left > 0.001 else HEAD_SECONDS
        self._look = self.loop.call_later(left if is_waiting else HEAD_SECONDS, self._close_if_late)
