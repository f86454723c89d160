"""Streams of events over a real ledger: nothing is missed or doubled, whatever a client saw and however slow it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from weft.model import control_events, events
from weft.stores import sqlite
from weft.surfaces.http import streams, wire

_PATIENCE = 60.0


def _note(number: int) -> events.Event:
    return control_events.IncidentNoted(incident="i", note=f"note {number}")


class Place:
    """A ledger, a tail on it, and streams."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = sqlite.SqliteLedger(path, durability="normal")
        self.tail = streams.Tail(lambda: sqlite.SqliteLedger(path))

    def read(self, wanted: streams.Wanted) -> streams.Reader:
        def page(after: int) -> tuple[list[wire.Line], int]:
            with contextlib.closing(sqlite.SqliteLedger(self.path)) as ledger:
                found, upto = ledger.logged(after=after, limit=50, run=wanted.run, types=sorted(wanted.types))
                return [wire.line(each) for each in found], upto

        return page

    def stream(self, after: int, wanted: streams.Wanted | None = None, **given: float) -> AsyncIterator[bytes]:
        wanted = wanted or streams.Wanted()
        return streams.streamed(self.tail, wanted, after, self.read(wanted), **given)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "ledger.db")
    yield made
    made.tail.stop()
    made.ledger.close()


def _ids(content: bytes) -> list[int]:
    return [
        int(line[4:])
        for event in content.split(b"\n\n")
        if b"data: " in event
        for line in event.splitlines()
        if line.startswith(b"id: ")
    ]


async def _until(chunks: AsyncIterator[bytes], last: int, seconds: float = _PATIENCE) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(seconds):
        async for chunk in chunks:
            found += _ids(chunk)
            if found and found[-1] >= last:
                return found
    return found


def test_a_stream_begins_after_what_its_client_saw_and_goes_on_with_what_comes(place: Place) -> None:
    for number in range(130):  # more than one page, before the tail is there
        place.ledger.append([_note(number)])
    place.tail.start()

    async def listen() -> list[int]:
        chunks = place.stream(7)
        found = await _until(chunks, 130)
        for number in range(20):
            await asyncio.to_thread(place.ledger.append, [_note(number)])
        return found + await _until(chunks, 150)

    assert asyncio.run(listen()) == list(range(8, 151))


def test_events_that_come_while_a_stream_catches_up_are_neither_missed_nor_doubled(place: Place) -> None:
    place.tail.start()
    for number in range(300):
        place.ledger.append([_note(number)])

    async def write() -> None:
        def some() -> None:
            with contextlib.closing(sqlite.SqliteLedger(place.path, durability="normal")) as ledger:
                for number in range(500):
                    ledger.append([_note(number)])

        await asyncio.to_thread(some)

    async def listen() -> list[list[int]]:
        writing = asyncio.create_task(write())
        found = await asyncio.gather(*(_until(place.stream(after), 800) for after in (0, 100, 299)))
        await writing
        return found

    for after, found in zip((0, 100, 299), asyncio.run(listen()), strict=True):
        assert found == list(range(after + 1, 801))


def test_a_slow_client_is_cut_with_a_gap_and_goes_on_from_what_it_saw(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MOST_WAITING_BYTES", 5000)
    place.tail.start()

    async def listen() -> tuple[list[int], bytes]:
        chunks = place.stream(0)
        await anext(chunks)
        first = asyncio.create_task(anext(chunks))
        async with asyncio.timeout(_PATIENCE):
            while not place.tail.streams:  # what came before it is there is read from the ledger, and cuts nobody
                await asyncio.sleep(0.01)
            await asyncio.to_thread(place.ledger.append, [_note(0)])
            seen = _ids(await first)
            await asyncio.to_thread(place.ledger.append, [_note(number) for number in range(100)])  # and takes nothing
            while place.tail.position < 101:
                await asyncio.sleep(0.01)
            rest = b"".join([each async for each in chunks])
        return seen, rest

    seen, rest = asyncio.run(listen())
    assert seen == [1]
    assert b"event: gap" in rest
    assert place.tail.streams == 0
    assert asyncio.run(_until(place.stream(1), 101)) == list(range(2, 102))


def test_a_stream_of_a_run_and_of_types_has_only_these(place: Place) -> None:
    place.tail.start()
    place.ledger.append([events.RunCreated(run="a", execution=""), events.RunCreated(run="b", execution="")])

    async def listen() -> tuple[list[int], list[int]]:
        of_run = place.stream(0, streams.Wanted(run="a"))
        of_type = place.stream(0, streams.Wanted(types=frozenset({"RunFinished"})))
        begun = await _until(of_run, 1)
        waiting = asyncio.create_task(_until(of_type, 4))
        later = asyncio.create_task(_until(of_run, 3))
        await asyncio.sleep(0)
        await asyncio.to_thread(place.ledger.append, [events.RunStarted(run="a"), _finished("b")])
        return begun + await later, await waiting

    assert asyncio.run(listen()) == ([1, 3], [4])


def _finished(run: str) -> events.Event:
    return events.RunFinished(run=run, outcome="succeeded")


def test_a_silent_stream_says_now_and_then_up_to_where_there_was_nothing(place: Place) -> None:
    place.tail.start()

    async def listen() -> bytes:
        chunks = place.stream(0, streams.Wanted(types=frozenset({"RunFinished"})), heartbeat=0.05)
        await asyncio.to_thread(place.ledger.append, [_note(0)])
        async with asyncio.timeout(_PATIENCE):
            async for chunk in chunks:
                if b"id: 1\n" in chunk:
                    return chunk
        raise AssertionError

    assert asyncio.run(listen()).startswith(b": ")


def test_the_end_of_the_server_ends_every_stream(place: Place) -> None:
    place.tail.start()

    async def listen() -> list[bytes]:
        chunks = place.stream(0)
        found = [await anext(chunks)]
        ending = asyncio.get_running_loop().run_in_executor(None, place.tail.stop)
        async with asyncio.timeout(_PATIENCE):
            found += [each async for each in chunks]
        await ending
        return found

    assert asyncio.run(listen()) == [b"retry: 1000\n\n"]


def test_a_success_is_heard_within_milliseconds_of_its_commit(place: Place) -> None:
    place.tail.start()

    async def listen() -> list[float]:
        chunks = place.stream(0)
        await anext(chunks)
        taken = []
        loop = asyncio.get_running_loop()
        for number in range(30):
            heard = asyncio.create_task(anext(chunks))
            await asyncio.sleep(0.02)
            begun = loop.time()
            await asyncio.to_thread(place.ledger.append, [_note(number)])
            await heard
            taken.append(loop.time() - begun)
        return sorted(taken)

    assert asyncio.run(listen())[0] < 0.1


def test_large_events_travel_without_their_body(place: Place) -> None:
    place.ledger.append([control_events.IncidentNoted(incident="i", note="x" * 10_000), _note(1)])
    (large, small), _ = place.ledger.logged(after=0, limit=2)
    assert len(wire.line(large).content) < 500
    assert wire.view(large).body is None
    whole = wire.view(large, whole=True).body
    assert whole is not None
    assert whole["note"] == "x" * 10_000
    assert wire.view(small).subject == "incident:i"
