"""Connections to the server: bounded in number and in patience.

uvicorn waits for the head of a request for ever, and takes as many connections as there are file descriptors, which
are those of the ledger too. Here a connection over which nothing whole comes for a while is closed, and those over the
bound are closed at once.
"""

from __future__ import annotations

import asyncio
import functools
import resource
from typing import Any

import h11
from uvicorn.protocols.http import h11_impl

HEAD_SECONDS = 30.0
"""How long the head of a request may take to come, from the first byte or the answer before on."""
CONNECTIONS_AT_MOST = 512


@functools.cache
def most() -> int:
    """How many connections there may be: a bounded share of the file descriptors that this process has."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_AT_MOST if soft == resource.RLIM_INFINITY else max(32, min(CONNECTIONS_AT_MOST, soft // 2))


class Bounded(h11_impl.H11Protocol):
    """One connection."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As uvicorn makes one for each connection."""
        super().__init__(*given, **named)
        self._waiting_since = 0.0
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, or close at once where there are too many connections."""
        super().connection_made(transport)
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
        now = self.loop.time()
        is_waiting = self.conn.their_state is h11.IDLE
        left = self._waiting_since + HEAD_SECONDS - now
        if is_waiting and left <= 0.001:
            self.transport.abort()
            return
        self._look = self.loop.call_later(left if is_waiting else HEAD_SECONDS, self._close_if_late)
