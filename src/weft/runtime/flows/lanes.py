"""The executors of one flow's run as one: threads of this process, and worker processes once a call asks for them.

The processes are polled in a thread of their own, so that the loop waits in one place for both; that thread alone uses
their executor, which is made for one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import Any

from weft.define import tasks
from weft.ports import executor as executors
from weft.runtime import uninterrupted
from weft.runtime.flows import place as places


class Lanes:
    """Routes the attempts of calls to threads or processes. It fulfils `ports.executor.Executor`."""

    name = "flow"

    def __init__(self, place: places.Place, workers: int | None, live: places.Live) -> None:
        """Make the threads' executor; `live` has the calls of this process by the number of their node."""
        self.threads = place.make_threads(workers, live)
        self._place = place
        self._workers = workers
        self._live = live
        self._processes: executors.Executor | None = None
        self._polling: threading.Thread | None = None
        self._told: queue.SimpleQueue[executors.AttemptReport | BaseException | None] = queue.SimpleQueue()
        self._inbox: list[Sequence[executors.Assignment]] = []
        self._to_end: list[tuple[Sequence[int], bool]] = []
        self._room = 0
        self._lock = threading.Lock()
        self._closing = False
        self._started = False

    def start(self) -> None:
        """Bring the threads up; processes are started by `need_processes`."""
        if not self._started:
            self._started = True
            self.threads.start()

    def need_processes(self, task: tasks.TaskDefinition[..., Any]) -> None:
        """Have worker processes that know this task; they are started with the first."""
        if self._processes is None:
            with uninterrupted.Uninterrupted():
                processes = self._place.make_processes(self._workers, (task,))
                processes.start()
                self._room = processes.room(exclusive=False)
                self._processes = processes
                self._polling = threading.Thread(target=self._poll_processes, name="weft flow processes", daemon=True)
                self._polling.start()

    def room(self, *, exclusive: bool) -> int:
        """How many more would be taken now, of either kind."""
        threads = self.threads.room(exclusive=exclusive)
        return max(threads, self._room) if self._processes is not None else threads

    def submit(self, assignments: Sequence[executors.Assignment]) -> None:
        """Hand live calls to threads and the others to processes."""
        here = [each for each in assignments if each.id in self._live]
        if here:
            self.threads.submit(here)
        if len(here) < len(assignments):
            assert self._processes is not None
            there = [each for each in assignments if each.id not in self._live]
            with self._lock:
                self._inbox.append(there)
                self._room -= len(there)
            self._processes.wake()

    def poll(self, timeout: float | None) -> list[executors.AttemptReport]:
        """Wait for reports of either.

        Raises:
            WeftError: worker processes can't be started any more.
        """
        if self._processes is None:
            return self.threads.poll(timeout)
        # Each path asks the threads once: what wakes them is heard once, and belongs to who called this.
        found = self._heard()
        found += self.threads.poll(0.0 if found else timeout)
        return found + self._heard()

    def _heard(self) -> list[executors.AttemptReport]:
        found: list[executors.AttemptReport] = []
        while True:
            try:
                told = self._told.get_nowait()
            except queue.Empty:
                return found
            if isinstance(told, BaseException):
                raise told
            if told is not None:
                found.append(told)

    def _poll_processes(self) -> None:
        assert self._processes is not None
        processes = self._processes
        try:
            while not self._closing:
                with self._lock:
                    inbox, self._inbox = self._inbox, []
                    to_end, self._to_end = self._to_end, []
                for each in inbox:
                    processes.submit(each)
                for ids, kill in to_end:
                    processes.cancel(ids, kill=kill)
                with self._lock:
                    self._room = processes.room(exclusive=False) - sum(map(len, self._inbox))
                reports = processes.poll(None)
                with self._lock:
                    self._room = processes.room(exclusive=False) - sum(map(len, self._inbox))
                for report in reports:
                    self._told.put(report)
                if reports:
                    self.threads.wake()
        except BaseException as error:  # told to the loop, which ends the run
            self._told.put(error)
            self.threads.wake()

    def wake(self) -> None:
        """Make a `poll` that waits return."""
        self.threads.wake()

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        """End attempts, wherever they run."""
        self.threads.cancel([each for each in ids if each in self._live], kill=kill)
        if self._processes is not None:
            with self._lock:
                self._to_end.append(([each for each in ids if each not in self._live], kill))
            self._processes.wake()

    def close(self) -> None:
        """End both, and wait for that; done once."""
        if self._closing:
            return
        self._closing = True
        if self._processes is not None:
            self._processes.wake()
            assert self._polling is not None
            self._polling.join()
            self._processes.close()
        self.threads.close()
