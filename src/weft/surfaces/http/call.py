"""What a handler gets and what it may give back."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from weft.model import errors
from weft.service.access import auditing
from weft.surfaces.http import problems

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers
    from weft.service import world as worlds
    from weft.service.access import accounts
    from weft.service.server.serving import Serving
    from weft.surfaces.http import authentication, routing

PREFIX = "/api/v1"


Observer = Callable[[str, str, int, float], None]
"""Told of each request: method, template of the path, status, seconds."""


@dataclass(kw_only=True)
class State:
    """What one server process has for as long as it lives. `extras` is for one-per-process things of resources."""

    serving: Serving
    door: authentication.Door
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    streams: collections.Counter[str] = field(default_factory=collections.Counter)
    """How many streams of events each has open."""
    observers: list[Observer] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)


class NotModified(Exception):  # noqa: N818 - it is an answer
    """The client has what it asks for already."""

    def __init__(self, etag: str) -> None:
        """Say which version it has."""
        super().__init__(etag)
        self.etag = etag


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as a handler sees it. `headers` are lower-case; `now` is the time at which it came, UTC."""

    state: State
    route: routing.Route
    principal: accounts.Principal
    headers: Mapping[str, str]
    path: Mapping[str, str]
    address: str = ""
    origin: str = ""
    """Scheme and host by which the client reached the server: `http://127.0.0.1:8321`."""
    base: str = ""
    """The path under which the client reaches the server, "" for none: `/tools/weft`."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def actor(self) -> auditing.Actor:
        """Who makes the call, as the audit log has it."""
        return auditing.Actor(
            by=self.principal.name or "nobody", via="http", token=self.principal.credential, address=self.address
        )

    @property
    def serving(self) -> Serving:
        """What the server works on."""
        return self.state.serving

    def world(self) -> AbstractContextManager[worlds.World]:
        """Lease a world; give it back soon, and never keep it across a stream."""
        return self.state.serving.world(self.principal.name)

    def ledger(self) -> AbstractContextManager[ledgers.Ledger]:
        """Lease a connection to the ledger."""
        return self.state.serving.ledger()

    def url(self, path: str) -> str:
        """The path of something in the API, from the root of the server."""
        return PREFIX + path

    @contextlib.contextmanager
    def looking_up(self, name: str, value: str) -> Iterator[None]:
        """Say of a usage error within that what is named (`name`, as the path has it) is not there: 404."""
        try:
            yield
        except (errors.NotFoundError, errors.ConflictError):
            raise
        except errors.UsageError as error:
            raise problems.Refused(
                404,
                errors.NotFoundError.code,
                error.message,
                remedy=error.remedy or "",
                fields=(problems.FieldProblem(field=f"path.{name}", value=problems.told(value), problem="not found"),),
            ) from error

    def unless_changed(self, etag: str) -> None:
        """Raise NotModified (answered as 304) if the client has this version: what `Answer(etag=…)` was given.

        Call it before what is costly.
        """
        if quoted(etag) in listed(self.headers.get("if-none-match", "")):
            raise NotModified(quoted(etag))

    def must_match(self, etag: str) -> None:
        """Refuse with 412 if the client's If-Match names another version than `etag`.

        Raises:
            Refused: somebody else changed it since the client looked.
        """
        wanted = self.headers.get("if-match", "")
        if wanted and wanted.strip() != "*" and quoted(etag) not in listed(wanted):
            raise problems.Refused(
                412,
                "changed",
                "It is not any more what it was when you looked.",
                remedy="Get it again, and decide anew; its ETag is the version.",
            )


def quoted(etag: str) -> str:
    """A version as the header ETag has it."""
    return f'"{etag}"'


def listed(header: str) -> frozenset[str]:
    """The versions that If-Match or If-None-Match names; weak ones count as well."""
    return frozenset(each.strip().removeprefix("W/") for each in header.split(",") if each.strip())


def etag_of(content: bytes) -> str:
    """A version by content."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with more than its value. `location` is a path under /api/v1; `etag` a version in any text."""

    value: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = ""
    etag: str = ""
    target: str = ""
    """What was changed, for the audit log: "run:8f2c"."""
    detail: Mapping[str, Any] | None = None
    """What was given, and what was there before, for the audit log; secrets in it are masked."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Content that is no JSON: sent as an attachment unless `inline`, and never run by a browser."""

    content: bytes | Iterable[bytes]
    content_type: str = "application/octet-stream"
    filename: str | None = None
    inline: bool = False
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """Server-sent events: chunks of text/event-stream, made on the event loop, which they must not block."""

    events: AsyncIterator[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
