"""Several executors as one: steps may name the executor that they run on, the rest runs on the default one.

The default executor stays on the driver's thread, as if it were alone. Every other one is brought up when a step first
needs it, and is driven by a thread of its own, its *lane*, which nobody else touches; what it reports wakes the default
one's `poll`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from weft.model import keys
from weft.ports import executor as executors


class Routed:
    """An executor that hands assignments to others, by step."""

    name = "routed"

    def __init__(
        self,
        default: executors.Executor,
        make: Callable[[str], executors.Executor],
        named: Mapping[keys.StepKey, str],
    ) -> None:
        """Hand what `named` has an executor for to that one, made by `make` when it is needed, else to `default`."""
        self._default = default
        self._make = make
        self._named = named
        self._lanes: dict[str, _Lane] = {}
        self._waiting: deque[executors.Assignment] = deque()
        self._reports: deque[executors.AttemptReport] = deque()

    def start(self) -> None:
        """Bring the default executor up; the others follow when they are needed."""
        self._default.start()

    def room(self, *, exclusive: bool) -> int:
        """Room on all of them together; what finds none on its own executor waits here for it."""
        own = 0 if self._waiting else self._default.room(exclusive=exclusive)
        unmade = len(set(self._named.values()) - self._lanes.keys())
        return own + unmade + sum(lane.room(exclusive=exclusive) for lane in self._lanes.values())

    def submit(self, assignments: Sequence[executors.Assignment]) -> None:
        """Take assignments."""
        for each in assignments:
            name = self._named.get(each.step)
            if name is None:
                self._waiting.append(each)
            else:
                self._lane(name).submit(each)
        self._hand_on()

    def poll(self, timeout: float | None) -> list[executors.AttemptReport]:
        """Wait for reports of any of them.

        Raises:
            WeftError: one of them can't start workers any more.
        """
        self._hand_on()
        found = self._default.poll(0.0 if self._reports else timeout)
        for lane in self._lanes.values():
            lane.raise_if_broken()
        while self._reports:
            found.append(self._reports.popleft())
        return found

    def wake(self) -> None:
        """Make a `poll` that waits return."""
        self._default.wake()

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """End these assignments wherever they are."""
        chosen = set(ids)
        for each in [each for each in self._waiting if each.id in chosen]:
            self._waiting.remove(each)
            chosen.discard(each.id)
            self._reports.append(executors.AttemptReport(id=each.id, attempt=each.attempt, outcome="cancelled"))
        for lane in self._lanes.values():
            lane.cancel(chosen, kill=kill)
            chosen -= lane.ids
        self._default.wake()
        if chosen:
            self._default.cancel(sorted(chosen), kill=kill)

    def close(self) -> None:
        """End all of them."""
        for lane in self._lanes.values():
            lane.close()
        self._default.close()

    def _lane(self, name: str) -> _Lane:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane(name, self._make(name), self._told)
        return lane

    def _told(self, reports: Sequence[executors.AttemptReport]) -> None:
        self._reports.extend(reports)
        self._default.wake()

    def _hand_on(self) -> None:
        """Give the default executor what waits for it, in order, as far as it has room."""
        while self._waiting:
            exclusive = self._waiting[0].exclusive
            room = self._default.room(exclusive=exclusive)
            given: list[executors.Assignment] = []
            while self._waiting and len(given) < room and self._waiting[0].exclusive == exclusive:
                given.append(self._waiting.popleft())
            if not given:
                return
            self._default.submit(given)


class _Lane:
    """An executor with the thread that drives it."""

    def __init__(
        self,
        name: str,
        executor: executors.Executor,
        told: Callable[[Sequence[executors.AttemptReport]], None],
    ) -> None:
        """Bring `executor` up; `told` gets its reports, on the lane's thread, or nothing when it has ended."""
        self._executor = executor
        self._told = told
        self._queue: deque[executors.Assignment] = deque()
        self._ends: deque[tuple[frozenset[int], bool]] = deque()
        self._ended = False
        self._broken: BaseException | None = None
        self.ids: set[int] = set()
        """The assignments that it has: those that wait and those that run."""
        executor.start()
        self._free = {each: executor.room(exclusive=each) for each in (False, True)}
        self._thread = threading.Thread(target=self._run, name=f"weft-{name}", daemon=True)
        self._thread.start()

    def room(self, *, exclusive: bool) -> int:
        """Room as of its last turn, less what has come since."""
        return max(0, self._free[exclusive] - len(self._queue))

    def submit(self, assignment: executors.Assignment) -> None:
        """Take an assignment."""
        self.ids.add(assignment.id)
        self._queue.append(assignment)
        self._executor.wake()

    def cancel(self, ids: set[int], *, kill: bool) -> None:
        """End those of these assignments that it has."""
        if ids & self.ids:
            self._ends.append((frozenset(ids & self.ids), kill))
            self._executor.wake()

    def raise_if_broken(self) -> None:
        """Raise what ended the lane before its time."""
        if self._broken is not None:
            raise self._broken

    def close(self) -> None:
        """End it and wait for that."""
        self._ended = True
        self._executor.wake()
        self._thread.join()
        self._executor.close()

    def _run(self) -> None:
        try:
            while not self._ended:
                reports = self._end_some()
                self._submit_some()
                reports += self._executor.poll(0.0 if reports else None)
                self.ids.difference_update(each.id for each in reports)
                self._free = {each: self._executor.room(exclusive=each) for each in (False, True)}
                self._told(reports)
        except BaseException as error:  # whatever it is, the driver's thread raises it
            self._broken = error
            self._told(())

    def _submit_some(self) -> None:
        while self._queue:
            exclusive = self._queue[0].exclusive
            room = self._executor.room(exclusive=exclusive)
            given: list[executors.Assignment] = []
            while self._queue and len(given) < room and self._queue[0].exclusive == exclusive:
                given.append(self._queue.popleft())
            if not given:
                return
            self._executor.submit(given)

    def _end_some(self) -> list[executors.AttemptReport]:
        """Carry out what is to be cancelled; what waits still is reported, the rest reports itself."""
        reports = []
        while self._ends:
            ids, kill = self._ends.popleft()
            for each in [each for each in self._queue if each.id in ids]:
                self._queue.remove(each)
                reports.append(executors.AttemptReport(id=each.id, attempt=each.attempt, outcome="cancelled"))
            running = sorted(ids - {each.id for each in reports})
            if running:
                self._executor.cancel(running, kill=kill)
        return reports
