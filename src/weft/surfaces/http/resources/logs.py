"""The output of runs: attempts with their logs, pages of text, search, download, and following it as it comes."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec

from weft.service import views
from weft.service.run import log_following, log_lines, log_pages, run_logs
from weft.surfaces.http import paging, routing
from weft.surfaces.http.call import Call, Raw, Stream
from weft.surfaces.http.resources import runs

routes = routing.Routes(tag="logs")

_LOOK_SECONDS = 0.3
_HEARTBEAT_LOOKS = 50


class LogsQuery(paging.Paged, frozen=True, kw_only=True):
    """Which attempts of a run."""

    step: runs.Name | None = None
    partition: runs.Name | None = None
    item: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    attempt: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    failed: Annotated[bool, msgspec.Meta(description="Only attempts that did not succeed.")] = False


class LogPage(views.View, frozen=True, kw_only=True):
    """Attempts of a run in the order in which they ended."""

    items: list[log_pages.LogView]
    next: str | None


@routes.get("/runs/{id}/logs", scope="logs.read", query=LogsQuery, answer=LogPage, summary="List a run's attempts")
def list_logs(call: Call, id: str, query: LogsQuery) -> LogPage:  # noqa: A002 - the word of the path
    """The attempts of a run that have ended, each with the id of its log.

    `step` may be given in full, or without its pipeline and groups, also as `step[item]`.
    """
    at = paging.place(f"logs {id}", query, int)
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
        steps, item = None, query.item
        if query.step is not None:
            with call.looking_up("step", query.step):
                steps, given = run_logs.steps_named(ledger, row.id, query.step)
            item = given if item is None else item
        found, after = log_pages.listed(
            ledger,
            call.serving.home / "logs",
            row,
            after=at[0] if at is not None else 0,
            limit=query.limit,
            steps=steps,
            partition=query.partition,
            item=item,
            attempt=query.attempt,
            failed=query.failed,
        )
    return LogPage(items=found, next=paging.cursor(f"logs {id}", query, after) if after is not None else None)


class TextQuery(routing.Query, frozen=True, kw_only=True):
    """Which lines of a log."""

    offset: Annotated[
        int, msgspec.Meta(ge=0, le=2**53, description="The byte to begin at: `next` of the page before.")
    ] = 0
    limit: Annotated[int, msgspec.Meta(ge=1024, le=log_pages.MOST_BYTES, description="Bytes of text at most.")] = (
        64 << 10
    )
    grep: Annotated[str, msgspec.Meta(max_length=1000, description="Only lines with this text in them.")] = ""
    fold: Annotated[bool, msgspec.Meta(description="Let `grep` match letters in either case.")] = False
    level: Annotated[log_lines.Level, msgspec.Meta(description="Only records of this level or above.")] | None = None


@routes.get("/runs/{id}/logs/{log}", scope="logs.read", query=TextQuery, answer=log_pages.LogText, summary="Read a log")
def read(call: Call, id: str, log: str, query: TextQuery) -> log_pages.LogText:  # noqa: A002
    """Lines of the log of one attempt; its id is `log` in the list of attempts."""
    with call.ledger() as ledger:
        return log_pages.lines(
            ledger, call.serving.home / "logs", runs.found(ledger, id), log,
            offset=query.offset, most=query.limit, search=query.grep, level=query.level, fold=query.fold,
        )  # fmt: skip


@routes.get(
    "/runs/{id}/logs/{log}/index", scope="logs.read", answer=log_pages.LogIndex, summary="Find the lines of a log"
)
def index(call: Call, id: str, log: str) -> log_pages.LogIndex:  # noqa: A002
    """How many lines a log has, and the bytes at which pages of them begin: `offset` and `limit` of a page of text."""
    with call.ledger() as ledger:
        return log_pages.index(ledger, call.serving.home / "logs", runs.found(ledger, id), log)


@routes.get("/runs/{id}/logs/{log}/text", scope="logs.read", raw=("text/plain",), summary="Download a log")
def download(call: Call, id: str, log: str) -> Raw:  # noqa: A002
    """The whole log of one attempt as a file of text."""
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
        pieces = log_pages.content(ledger, call.serving.home / "logs", row, log)
    return Raw(pieces, "text/plain; charset=utf-8", filename=f"{row.id}-{log}.log")


class LogEvent(views.View, frozen=True, kw_only=True):
    """Some lines that a run has written: which file of it, the byte at which they begin, and the text."""

    file: str
    offset: int
    text: str


@routes.get("/runs/{id}/logs/stream", scope="logs.read", stream=True, summary="Follow the output of a run")
def follow(call: Call, id: str) -> Stream:  # noqa: A002
    """What a run writes, as it writes it: server-sent events `log`, and `end` when the run has ended.

    Each worker of a run writes a file of its own; `data` is a `LogEvent`. `Last-Event-ID` goes on where it was left.
    """
    with call.ledger() as ledger:
        row = runs.found(ledger, id)
    growing = log_following.Growing(
        call.serving.home / "logs", row.id, log_following.decoded(call.headers.get("last-event-id", "")[:4000])
    )
    return Stream(_followed(call, row.id, growing))


async def _followed(call: Call, run: str, growing: log_following.Growing) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    yield b"retry: 1000\n\n"
    quiet = 0
    while not call.state.stopping.is_set():
        # asked before the look, so that nothing is missed between the last look and the end
        outcome = await loop.run_in_executor(None, functools.partial(_outcome, call, run))
        told = False
        more = functools.partial(growing.more, last=outcome is not None)
        while lines := await loop.run_in_executor(None, more):
            told = True
            yield b"".join(_log_event(growing, *each) for each in lines)
        if outcome is not None:
            yield b"event: end\ndata: %s\n\n" % msgspec.json.encode({"run": run, "outcome": outcome})
            return
        quiet = 0 if told else quiet + 1
        if quiet >= _HEARTBEAT_LOOKS:
            quiet = 0
            yield b": nothing new\n\n"
        await asyncio.sleep(_LOOK_SECONDS)


def _log_event(growing: log_following.Growing, file: str, offset: int, text: str) -> bytes:
    data = msgspec.json.encode(LogEvent(file=file.removesuffix(".log"), offset=offset, text=text))
    return b"id: %s\nevent: log\ndata: %s\n\n" % (log_following.encoded(growing.told).encode(), data)


def _outcome(call: Call, run: str) -> str | None:
    """How a run ended, None while it has not."""
    with call.ledger() as ledger:
        row = ledger.run(run)
    return "removed" if row is None else (row.outcome or "finished") if row.phase == "finished" else None
