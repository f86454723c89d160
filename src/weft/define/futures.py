"""What `.submit()` and `.map()` give: futures, and the states of calls that have ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from weft.model import events

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class State(Generic[R_co]):
    """How a call stands or ended: phase and outcome, with its value or what it raised."""

    phase: events.Phase
    outcome: events.Outcome | None = None
    value: R_co | None = None
    error: BaseException | None = None
    run: str = ""
    """The run that it belongs to; for a cached value `source_run` is the one that made it."""
    source_run: str = ""
    message: str = ""

    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self.phase == "finished"

    def is_success(self) -> bool:
        """Whether it ended with a value, its own or a cached one."""
        return self.outcome in ("succeeded", "reused")

    is_completed = is_success

    def is_failed(self) -> bool:
        """Whether it ended without a value because something went wrong."""
        return self.outcome in ("failed", "timed_out", "crashed", "upstream_failed")

    def result(self, *, raise_on_failure: bool = True) -> Any:
        """The value; raises what the call raised, or returns it where that is not wanted."""
        if self.error is None:
            return self.value
        if raise_on_failure:
            raise self.error
        return self.error


class Future(Protocol[R_co]):
    """A call that runs beside the flow."""

    @property
    def state(self) -> State[R_co]:
        """How it stands now."""

    @property
    def observed(self) -> bool:
        """Whether somebody has asked for its value or state."""

    def done(self) -> bool:
        """Whether it has ended."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until it has ended; tells whether it has."""

    def result(self, timeout: float | None = None, *, raise_on_failure: bool = True) -> Any:
        """Wait for the value, and raise what the call raised.

        Raises:
            TimeoutError: it takes longer than `timeout` seconds.
        """


class FutureList(list[Future[R]]):
    """The futures of a map, in the order of its elements."""

    def result(self, timeout: float | None = None, *, raise_on_failure: bool = True) -> list[R]:
        """Wait for all values, in order; `timeout` is for all of them together."""
        import time

        end = None if timeout is None else time.monotonic() + timeout
        return [
            each.result(None if end is None else max(0.0, end - time.monotonic()), raise_on_failure=raise_on_failure)
            for each in self
        ]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all have ended; tells whether they have."""
        import time

        end = None if timeout is None else time.monotonic() + timeout
        return all(each.wait(None if end is None else max(0.0, end - time.monotonic())) for each in self)


@dataclass(frozen=True, slots=True)
class Unmapped(Generic[R]):
    """A value that is the same for all elements of a map."""

    value: R


def unmapped(value: R) -> Unmapped[R]:
    """Keep a list (or anything) whole in a map: every element gets the same."""
    return Unmapped(value)


def wait(futures: Iterable[Future[Any]], timeout: float | None = None) -> tuple[list[Future[Any]], list[Future[Any]]]:
    """Wait up to `timeout` seconds for futures; returns those that have ended and those that have not."""
    import time

    end = None if timeout is None else time.monotonic() + timeout
    done: list[Future[Any]] = []
    left: list[Future[Any]] = []
    for each in futures:
        ended = each.wait(None if end is None else max(0.0, end - time.monotonic()))
        (done if ended else left).append(each)
    return done, left
