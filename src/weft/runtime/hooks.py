"""Hooks of attempts whose own process could not run them: assignments without a step run, of which nothing depends."""

from __future__ import annotations

from collections.abc import Iterable

from weft.ports import executor as executors


class Hooks:
    """The hooks that are still to run, and those that do."""

    def __init__(self, executor: executors.Executor) -> None:
        """Run them on `executor`, as there is room."""
        self._executor = executor
        self._waiting: list[executors.Assignment] = []
        self.running: set[int] = set()

    @property
    def left(self) -> bool:
        """Whether the run's driver has to go on for them."""
        return bool(self._waiting or self.running)

    def add(self, assignments: Iterable[executors.Assignment]) -> None:
        """Have these run."""
        self._waiting += assignments

    def clear(self) -> None:
        """Start no more of them."""
        self._waiting.clear()

    def submit(self) -> bool:
        """Hand out as many as there is room for; tells whether some still wait for a worker."""
        if self._waiting and (room := self._executor.room(exclusive=False)) > 0:
            given, self._waiting = self._waiting[:room], self._waiting[room:]
            self.running.update(each.id for each in given)
            self._executor.submit(given)
        return bool(self._waiting)
