"""Reading what a client sends, within limits; and sending it an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent import futures
from typing import TYPE_CHECKING, Any

from weft.surfaces.http import answering, problems, security
from weft.surfaces.http import call as calls

if TYPE_CHECKING:
    from weft.service.access import accounts

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_AT_MOST = 1024 * 1024
"""Bytes of a request's body."""
BODY_SECONDS = 30.0
HEADERS_AT_MOST = 100
HEAD_BYTES_AT_MOST = 32 * 1024
STREAMS_AT_MOST = 100
"""Streams of events that one process serves at once."""
STREAMS_EACH = 20
"""The same for one account or token, so that none takes them all; who has the server's own token is not bound so."""
ASK_AGAIN_SECONDS = 5.0
"""How often it is asked whether the one who follows a stream still may: its session may end, its role shrink."""
_ONCE = frozenset({"host", "origin", "authorization", "content-length", "content-type", "idempotency-key"})


class ClientGone(Exception):  # noqa: N818 - nothing is wrong
    """The client left before it had sent its request."""


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of a request by lower-case name; of those that may be repeated, the values joined.

    Raises:
        Refused: there are too many, or one is repeated that says who asks for what.
    """
    found: dict[str, str] = {}
    count = size = 0
    for name_bytes, value_bytes in raw:
        count += 1
        size += len(name_bytes) + len(value_bytes) + 4
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name in found:
            if name in _ONCE:
                raise problems.Refused(
                    400, "repeated-header", f"The header {name} is there twice.", remedy="Send it once."
                )
            found[name] += ("; " if name == "cookie" else ", ") + value
        else:
            found[name] = value
    if count > HEADERS_AT_MOST:
        raise problems.Refused(431, "headers", f"There are more than {HEADERS_AT_MOST} headers.", remedy="Send fewer.")
    if size > HEAD_BYTES_AT_MOST:
        raise problems.Refused(
            431, "headers", f"The headers have more than {HEAD_BYTES_AT_MOST:,} bytes.", remedy="Send less."
        )
    if "content-length" in found and "transfer-encoding" in found:  # what is in front may have counted otherwise
        raise problems.Refused(
            400, "two-lengths", "The body has a length and comes in chunks.", remedy="Send one of the two headers.",
            headers={"connection": "close"},
        )  # fmt: skip
    return found


async def body(receive: Receive, headers: Mapping[str, str], limit: int = BODY_AT_MOST) -> bytes:
    """The whole body of a request.

    Raises:
        Refused: it is too large (413) or takes too long (408).
        ClientGone: it never came.
    """
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise problems.Refused(
            408, "too-slow", f"The body did not come within {BODY_SECONDS:.0f} seconds.", remedy="Send it again."
        ) from error


def _too_large(limit: int) -> problems.Refused:
    return problems.Refused(
        413,
        "too-large",
        f"The body has more than {limit:,} bytes.",
        remedy="Send less at once; large values belong into storage, and are passed by name.",
        headers={"connection": "close"},
    )


async def send(answer: answering.Ready, send: Send, *, head: bool, hsts: bool, pool: futures.Executor) -> None:
    """Send an answer that is no stream of events."""
    headers = dict(answer.headers)
    content = answer.content
    assert not isinstance(content, calls.Stream)
    if isinstance(content, bytes) and answer.status not in (204, 304):
        headers["content-length"] = str(len(content))
    await send(_start(answer.status, headers, hsts))
    if head or isinstance(content, bytes):
        shown = content if isinstance(content, bytes) and not head and answer.status not in (204, 304) else b""
        await send({"type": "http.response.body", "body": shown})
        return
    loop = asyncio.get_running_loop()
    parts = iter(content)
    try:
        while (part := await loop.run_in_executor(pool, next, parts, None)) is not None:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            await loop.run_in_executor(pool, close)
    await send({"type": "http.response.body", "body": b""})


def _start(status: int, headers: Mapping[str, str], hsts: bool) -> Message:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if "content-security-policy" not in headers:
        raw.append((b"content-security-policy", security.API_CSP.encode()))
    raw += [each for each in security.COMMON if each[0].decode() not in headers]
    if hsts:
        raw.append(security.HSTS)
    return {"type": "http.response.start", "status": status, "headers": raw}


async def send_stream(
    answer: answering.Ready,
    receive: Receive,
    send: Send,
    *,
    state: calls.State,
    who: accounts.Principal,
    may_still: Callable[[], Awaitable[bool]],
    head: bool,
    hsts: bool,
) -> None:
    """Send a stream of events until it ends, the client goes or may see it no more, or the server stops.

    Raises:
        Refused: there are too many streams (503).
    """
    stream = answer.content
    assert isinstance(stream, calls.Stream)
    if head:
        await _close(stream)
        await send(_start(answer.status, answer.headers, hsts))
        await send({"type": "http.response.body", "body": b""})
        return
    name = who.account or f"{who.kind} {who.credential}"
    own = who.kind == "local"
    if state.streams.total() >= STREAMS_AT_MOST or (not own and state.streams[name] >= STREAMS_EACH):
        await _close(stream)
        bound = STREAMS_AT_MOST if state.streams.total() >= STREAMS_AT_MOST else STREAMS_EACH
        raise problems.Refused(
            503,
            "too-many-streams",
            f"There are {bound} streams of events already{'' if bound == STREAMS_AT_MOST else ' for this account'}.",
            remedy="Try again later, or share one stream.",
            headers={"retry-after": "10"},
        )
    state.streams[name] += 1
    try:
        await send(_start(answer.status, answer.headers, hsts))
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        tasks = {
            asyncio.ensure_future(_pump(stream, send)),
            asyncio.ensure_future(_gone(receive)),
            asyncio.ensure_future(state.stopping.wait()),
            *(() if own else (asyncio.ensure_future(_until_barred(may_still)),)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _close(stream)
        for task in done:
            if (error := task.exception()) is not None and not isinstance(error, OSError):
                raise error
        with contextlib.suppress(OSError):
            await send({"type": "http.response.body", "body": b""})
    finally:
        state.streams[name] -= 1
        if not state.streams[name]:
            del state.streams[name]


async def _pump(stream: calls.Stream, send: Send) -> None:
    async for part in stream.events:
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _until_barred(may_still: Callable[[], Awaitable[bool]]) -> None:
    while await may_still():
        await asyncio.sleep(ASK_AGAIN_SECONDS)


async def _close(stream: calls.Stream) -> None:
    close = getattr(stream.events, "aclose", None)
    if close is not None:
        await close()
