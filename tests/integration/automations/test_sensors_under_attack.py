"""Sensors that answer with what nobody expects: it is told what is wrong, and the host and its other sensors go on."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from weft import RunRequest, dag, sensor, task
from weft.service import world as worlds
from weft.service.automation import automations, sensing
from weft.testing.clock import FakeClock

World = Callable[..., worlds.World]


@task
def noop(n: int = 0) -> int:
    return n


@dag(params={"n": 1})
def loading() -> None:
    noop(n="{{ params.n }}")


def finish(watch: sensing.Sensing) -> None:
    watch._next_look = 0.0
    wait = watch.turn()
    while watch.filenos():
        select.select(watch.filenos(), [], [], wait)
        wait = watch.turn()


def endless(context: Any) -> Iterator[RunRequest]:
    number = 0
    while True:
        number += 1
        yield RunRequest(key=str(number))


STRANGE: dict[str, tuple[Callable[[Any], object], str]] = {
    "a priority that no number holds": (lambda context: RunRequest(priority=2**70), "The priority is 118059162"),
    "a priority that is too large": (lambda context: RunRequest(priority=2**62), "The priority is 4611686018427387904"),
    "a priority that is text": (lambda context: RunRequest(priority="high"), "can't be read"),  # type: ignore[arg-type]
    "a partition that is a number": (lambda context: RunRequest(partition=5), "can't be read"),  # type: ignore[arg-type]
    "a key that is no text": (lambda context: RunRequest(key="\udcff"), "no text"),
    "tags that are none": (lambda context: RunRequest(tags=None), "can't be read"),  # type: ignore[arg-type]
    "params as a list": (lambda context: RunRequest(params=[1, 2]), "no JSON"),  # type: ignore[arg-type]
    "too much": (lambda context: RunRequest(params={"n": "x" * 5_000_000}), "bytes of params"),
    "a cursor that is too large": (lambda context: setattr(context, "cursor", "x" * 5_000_000), "bytes of params"),
    "no end": (endless, "more than 1000 runs"),
}


@pytest.mark.parametrize("strange", STRANGE)
def test_a_strange_answer_is_a_failed_decision_and_others_go_on(
    world_of: World, clock: FakeClock, strange: str
) -> None:
    function, told = STRANGE[strange]

    @sensor(target="loading")
    def watching(context):
        return function(context)

    @sensor(target="loading")
    def sound(context):
        return RunRequest(key=f"at {context.now}")

    world = world_of(noop, loading, watching, sound)
    watch = sensing.Sensing(world, "main", holder="host")
    for _ in range(3):
        finish(watch)
        clock.advance(5000)
    (tick,) = world.ledger.ticks("sensor:watching", limit=9)
    assert tick.decision == "failed"
    assert told in tick.reason
    assert len(tick.reason) <= 2000
    assert len(world.ledger.ticks("sensor:sound", limit=9)) == len(world.ledger.runs()) == 3


def test_a_cursor_that_is_set_to_nothing_is_no_news(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading")
    def watching(context):
        context.cursor = ""

    world = world_of(noop, loading, watching)
    watch = sensing.Sensing(world, "main", holder="host")
    for _ in range(3):
        finish(watch)
        clock.advance(5000)
    assert len(world.ledger.ticks("sensor:watching", limit=9)) == 1


def test_what_could_not_be_started_is_asked_for_again_once_it_is_mended(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading")
    def watching(context):
        seen = int(context.cursor or 0)
        context.cursor = seen + 1
        return RunRequest(params={"n": seen})

    @dag(name="loading", params={"m": 1})
    def broken() -> None:
        noop(n="{{ params.m }}")

    before = world_of(noop, broken, watching)
    watch = sensing.Sensing(before, "main", holder="host")
    for _ in range(3):
        finish(watch)
        clock.advance(5000)
    assert [each.decision for each in before.ledger.ticks("sensor:watching", limit=9)] == ["failed"]
    after = world_of(noop, loading, watching)
    watch = sensing.Sensing(after, "main", holder="host")
    for _ in range(2):
        finish(watch)
        clock.advance(5000)
    assert [each.params for each in reversed(after.ledger.runs())] == [b'{"n":0}', b'{"n":1}']


def test_a_sensor_that_still_fails_when_it_is_resumed_or_moved_says_so_again(world_of: World, clock: FakeClock) -> None:
    @sensor(target="loading")
    def watching(context):
        raise ValueError("no such folder")

    world = world_of(noop, loading, watching)
    watch = sensing.Sensing(world, "main", holder="host")

    def look() -> list[str]:
        clock.advance(5000)
        finish(watch)
        return [each.decision for each in reversed(world.ledger.ticks("sensor:watching", limit=9))]

    assert look() == ["failed"]
    assert look() == ["failed"]
    automations.pause(world, "sensor:watching")
    automations.resume(world, "sensor:watching")
    assert look() == ["failed", "failed"]
    clock.advance(1)
    sensing.set_cursor(world, "watching", "7")
    assert look() == look() == ["failed", "failed", "skipped", "failed"]
