"""The stream of digests: what screens are told, when, and what a client that was away is told when it comes back."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.model import control_events, events, stored
from weft.service.server import locations
from weft.surfaces.http import changes


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.Server]:
    where = servers.project(tmp_path)
    world = wiring.open_world(where)
    locations.record_loaded(world, "main", source="shop.py", root=tmp_path)
    world.ledger.close()
    with servers.running(tmp_path) as made:
        yield made


class Screen:
    """One browser."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.read()
        self._lines = answer.iter_lines()

    def next(self, seconds: float = servers.PATIENCE) -> tuple[str, int | None, dict[str, Any]]:
        """The next event: its name, its id, what it says."""
        name, number, until = "", None, time.monotonic() + seconds
        for line in self._lines:
            assert time.monotonic() < until, "nothing came"
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                number = int(value)
            elif field == "data":
                return name, number, json.loads(value)
        raise AssertionError("the stream ended")


@contextlib.contextmanager
def watching(server: servers.Server, **given: Any) -> Iterator[Screen]:
    with server.client() as client, client.stream("GET", "/api/v1/changes", **given) as answer:
        yield Screen(answer)


def made(asset: str, run: str = "r1") -> events.Event:
    value = stored.StoredValue(data_version="v", format="none")
    return events.StepSucceeded(run=run, step=asset, outputs=(events.Materialization(asset=asset, value=value),))


def append(server: servers.Server, *batch: events.Event) -> int:
    with server.serving.ledger() as ledger:
        return ledger.append(list(batch))


def test_what_happens_is_told_with_what_lies_below_it(server: servers.Server) -> None:
    with watching(server) as screen:
        name, number, told = screen.next()
        assert name == "hello"
        assert number == told["position"]
        first = append(server, events.RunCreated(run="r1", execution="", pipeline="adding"), made("numbers"))
        name, number, told = screen.next()
    assert name == "change"
    assert number == told["position"] == first + 1
    assert told["runs"] == ["r1"]
    assert told["assets"] == ["numbers", "total"]
    assert told["pipelines"] == ["adding"]
    assert {"run", "asset", "step", "queue"} <= set(told["kinds"])
    assert not told["many"]


def test_many_events_are_few_digests_that_lose_nothing(server: servers.Server) -> None:
    with watching(server) as screen:
        screen.next()
        begun = time.monotonic()
        for number in range(150):
            append(server, events.RunCreated(run=f"r{number}", execution=""))
        last = append(server, control_events.IncidentNoted(incident="i", note="the last"))
        runs: set[str] = set()
        told: dict[str, Any] = {"position": 0}
        count = 0
        while told["position"] < last:
            _, _, told = screen.next()
            runs |= set(told["runs"])
            count += 1
        seconds = time.monotonic() - begun
    assert len(runs) == 150
    assert count <= seconds / changes.PACE_SECONDS + 2
    assert "incident" in told["kinds"]


def test_who_comes_back_is_told_what_was_missed_as_one(server: servers.Server) -> None:
    with watching(server) as screen:
        _, seen, _ = screen.next()
    append(server, made("numbers", "a"))
    last = append(server, made("total", "b"))
    with watching(server, headers={"last-event-id": str(seen)}) as screen:
        assert screen.next()[0] == "hello"
        name, number, told = screen.next()
    assert (name, number) == ("change", last)
    assert told["runs"] == ["a", "b"]


def test_who_missed_too_much_or_comes_from_another_ledger_is_to_ask_for_everything(
    server: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_GAP", 3)
    for number in range(5):
        append(server, made("numbers", f"r{number}"))
    for after in (1, 10_000):
        with watching(server, params={"after": after}) as screen:
            screen.next()
            _, _, told = screen.next()
        assert told["many"]
        assert {"asset", "run", "schedule", "worker"} <= set(told["kinds"])


def test_more_than_is_named_is_many(server: servers.Server) -> None:
    with watching(server) as screen:
        screen.next()
        append(server, *(events.RunCreated(run=f"r{number}", execution="") for number in range(300)))
        _, _, told = screen.next()
    assert told["many"]
    assert len(told["runs"]) == 200


def test_what_is_no_event_is_told_too(server: servers.Server) -> None:
    with watching(server) as screen:
        screen.next()
        with server.serving.ledger() as ledger, ledger.transaction() as transaction:
            transaction.set_pool_slots("cpu", 4, 1)
        _, _, told = screen.next()
    assert told["kinds"] == ["pool", "queue"]


def test_what_is_no_position_is_refused(server: servers.Server) -> None:
    with server.client() as client:
        answer = client.get("/api/v1/changes", headers={"last-event-id": "x"})
    assert answer.status_code == 400
