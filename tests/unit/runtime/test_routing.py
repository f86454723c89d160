"""Several executors as one, each with real threads and pipes underneath."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence

import pytest

from weft.executors import waking
from weft.model import errors
from weft.ports import executor as executors
from weft.runtime import routing


class Gated:
    """An executor of one slot whose bodies end when the test says so."""

    name = "gated"

    def __init__(self, *, slots: int = 1) -> None:
        self.slots = slots
        self.started = self.closed = False
        self.threads: set[int] = set()
        self.running: deque[executors.Assignment] = deque()
        self.got = threading.Semaphore(0)
        self.ending: deque[str] = deque()
        self.waker = waking.Waker()

    def start(self) -> None:
        self.started = True

    def room(self, *, exclusive: bool) -> int:
        return self.slots - len(self.running)

    def submit(self, assignments: Sequence[executors.Assignment]) -> None:
        assert len(assignments) <= self.room(exclusive=False)
        self.threads.add(threading.get_ident())
        self.running += assignments
        for _ in assignments:
            self.got.release()

    def end(self, outcome: str = "succeeded") -> None:
        self.ending.append(outcome)
        self.waker.wake()

    def poll(self, timeout: float | None) -> list[executors.AttemptReport]:
        self.threads.add(threading.get_ident())
        if not self.ending:
            self.waker.wait(5.0 if timeout is None else timeout)
        found = []
        while self.ending and self.running:
            outcome = self.ending.popleft()
            if outcome == "broken":
                raise errors.UsageError("No worker can be started.", remedy="None.")
            each = self.running.popleft()
            found.append(executors.AttemptReport(id=each.id, attempt=1, outcome=outcome))  # type: ignore[arg-type]
        return found

    def wake(self) -> None:
        self.waker.wake()

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        for each in self.running:
            if each.id in ids:
                self.end("cancelled")

    def close(self) -> None:
        self.closed = True
        self.waker.close()


class World:
    def __init__(self) -> None:
        self.default, self.other = Gated(), Gated(slots=2)
        self.made: list[str] = []
        self.routed = routing.Routed(self.default, self.make, {"p:other": "other"})
        self.routed.start()

    def make(self, name: str) -> Gated:
        self.made.append(name)
        return self.other

    def reports(self, count: int) -> dict[int, str]:
        found: dict[int, str] = {}
        while len(found) < count:
            found.update({each.id: each.outcome for each in self.routed.poll(60.0)})
        return found


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.routed.close()
    assert made.default.closed


def work(number: int, step: str = "plain") -> executors.Assignment:
    return executors.Assignment(
        id=number, run="r", step=f"p:{step}", partition=None, attempt=1, tag="", code="", outputs=(), inputs=()
    )


def test_an_executor_that_no_step_needs_is_not_brought_up(world: World) -> None:
    world.routed.submit([work(1)])
    world.default.end()
    assert world.reports(1) == {1: "succeeded"}
    assert world.made == []
    assert world.default.threads == {threading.get_ident()}


def test_steps_run_on_the_executor_that_they_name(world: World) -> None:
    assert world.routed.room(exclusive=False) == 2
    world.routed.submit([work(1), work(2, "other")])
    assert world.other.got.acquire(timeout=60)
    assert [each.id for each in world.default.running] == [1]
    assert [each.id for each in world.other.running] == [2]
    assert threading.get_ident() not in world.other.threads
    world.other.end()
    assert world.reports(1) == {2: "succeeded"}
    world.default.end()
    assert world.reports(1) == {1: "succeeded"}


def test_a_report_of_any_executor_wakes_a_poll_that_waits(world: World) -> None:
    world.routed.submit([work(1), work(2, "other")])
    assert world.other.got.acquire(timeout=60)
    threading.Timer(0.05, world.other.end).start()
    assert [each.id for each in world.routed.poll(60.0) or world.routed.poll(60.0)] == [2]


def test_what_finds_no_room_on_its_executor_waits_for_it(world: World) -> None:
    world.routed.submit([work(1), work(2)])
    assert [each.id for each in world.default.running] == [1]
    world.default.end()
    assert world.reports(1) == {1: "succeeded"}
    world.default.end()
    assert world.reports(1) == {2: "succeeded"}


def test_what_is_cancelled_is_reported_wherever_it_is(world: World) -> None:
    world.routed.submit([work(1), work(2), *(work(number, "other") for number in (3, 4, 5))])
    assert world.other.got.acquire(timeout=60)
    assert world.other.got.acquire(timeout=60)
    world.routed.cancel([1, 2, 3, 4, 5], kill=True)
    assert world.reports(5) == dict.fromkeys((1, 2, 3, 4, 5), "cancelled")


def test_an_executor_that_breaks_is_told_to_who_polls(world: World) -> None:
    world.routed.submit([work(1, "other")])
    assert world.other.got.acquire(timeout=60)
    world.other.end("broken")
    with pytest.raises(errors.UsageError, match="No worker can be started"):
        world.reports(1)
