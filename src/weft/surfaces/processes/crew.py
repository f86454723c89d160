"""The runners of a host: forked when runs come, kept warm for the next, ended when idle, replaced when they die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from weft.executors import linux
from weft.surfaces.processes import channel as channels
from weft.surfaces.processes import runner as runners

if TYPE_CHECKING:
    from weft.service import world as worlds

IDLE_SECONDS = 60.0
BEGIN_SECONDS = 10.0
"""A runner that does not take up a run for so long hangs."""
WARM = 1
"""So many idle runners stay however long nothing comes."""


@dataclass(slots=True)
class Runner:
    """One runner, and the run that it drives."""

    pid: int
    channel: channels.Channel
    handle: int
    """A descriptor of the process, readable when it has ended."""
    process: subprocess.Popen[bytes] | None = None
    run: str | None = None
    since: float = field(default_factory=time.monotonic)
    """When it last began or ended a run."""
    ready: bool = False
    begun: bool = True
    """Whether it has taken up the run that it was handed last."""
    spoiled: bool = False
    """Whether it is to end after its run: workers can't be forked from it any more, or it still owns a broken run."""
    cool: bool = False
    """Whether it was told that nothing came for a while."""


class Crew:
    """The runners of one host. Single-threaded."""

    def __init__(self, world: worlds.World, where: runners.Where, location: str, *, most: int) -> None:
        """Make runners of the code of `world`, `most` at once; none is started yet."""
        self._world = world
        self._location = location
        self._where = where
        self._most = most
        self._runners: dict[int, Runner] = {}
        self.inherited: list[Any] = []
        """What a forked runner is to close at once: things with `close`."""

    @property
    def runs(self) -> list[str]:
        """The runs that are under way."""
        return [each.run for each in self._runners.values() if each.run is not None]

    @property
    def room(self) -> int:
        """How many more runs it would take."""
        return self._most - len(self.runs)

    @property
    def size(self) -> int:
        """How many runners there are."""
        return len(self._runners)

    def descriptors(self) -> Iterable[int]:
        """What is readable when a runner says something, or has ended."""
        for each in self._runners.values():
            yield each.handle
            if not each.channel.closed:
                yield each.channel.fileno()

    def prepare(self) -> None:
        """Have the runners ready that are kept warm."""
        while len(self._runners) < min(WARM, self._most):
            self._start()

    def give(self, run: str, is_finished: Callable[[str], bool], **how: object) -> None:
        """Hand a run to an idle runner, the one that was busy last; to a new one where all are busy.

        One whose run `is_finished` has a few milliseconds of work left with it, less than a new one takes to start.
        """
        there = [each for each in self._runners.values() if not each.channel.closed]
        idle = [each for each in there if each.run is None]
        if not idle:
            idle = [each for each in there if each.run is not None and is_finished(each.run)]
        chosen = max(idle, key=lambda each: each.since) if idle else self._start()
        chosen.run, chosen.since, chosen.cool, chosen.begun = run, time.monotonic(), False, False
        chosen.channel.send(run=run, **how)

    def hear(self) -> list[dict[str, Any]]:
        """What the runners have said: `ended`, `refused` or `broken` with a run; `lost` with that of a dead one.

        `stuck` comes with a run that a runner was handed and never took up: it is killed, and the run is free.
        """
        found: list[dict[str, Any]] = []
        for each in list(self._runners.values()):
            for message in each.channel.receive():
                if "ready" in message:
                    each.ready, each.since = True, time.monotonic()
                    continue
                if "begun" in message:
                    each.begun = each.begun or message["begun"] == each.run
                    continue
                found.append(message)
                is_last = each.run in message.values()  # else it was handed its next run while it ended this one
                if is_last:
                    each.run, each.since = None, time.monotonic()
                each.spoiled = each.spoiled or message.get("threads", 1) > 1 or "broken" in message
                if is_last and each.spoiled:
                    each.channel.send(do="end")
                    each.channel.closed = True
            if each.run is not None and each.ready and not each.begun and time.monotonic() - each.since > BEGIN_SECONDS:
                found.append({"stuck": each.run})
                each.run = None
                _kill(each)
            if _has_ended(each):
                self._forget(each)
                if each.run is not None or not each.ready:
                    found.append({"lost": each.run, "seconds": time.monotonic() - each.since})
        return found

    def trim(self) -> None:
        """Let runners go that nothing came for in a minute; those that are kept warm keep one executor."""
        now = time.monotonic()
        idle = sorted((each for each in self._runners.values() if each.run is None), key=lambda each: -each.since)
        for place, each in enumerate(idle):
            if now - each.since <= IDLE_SECONDS or each.cool:
                continue
            each.cool = True
            if place < WARM:
                each.channel.send(do="cool")
            else:
                each.channel.send(do="end")
                each.channel.closed = True  # it takes no run any more

    def end(self) -> None:
        """End all runners, and wait for that: idle ones by themselves, the others at once."""
        for each in self._runners.values():
            if each.run is None and each.ready:
                each.channel.send(do="end")
            else:
                _kill(each)
        until = time.monotonic() + 3.0
        for each in list(self._runners.values()):
            while not _has_ended(each):
                if time.monotonic() > until:
                    _kill(each)
                time.sleep(0.002)
            self._forget(each)

    def _start(self) -> Runner:
        ours, theirs = channels.pair()
        if linux.thread_count() == 1:
            made = self._fork(ours, theirs)
        else:
            made = self._spawn(ours, theirs)
        self._runners[made.pid] = made
        return made

    def _fork(self, ours: channels.Channel, theirs: socket.socket) -> Runner:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            ours.close()
            for each in [*self.inherited, *(each.channel for each in self._runners.values())]:
                each.close()
            runners.forked(self._world, self._location, theirs)
        theirs.close()
        return Runner(pid=pid, channel=ours, handle=os.pidfd_open(pid))

    def _spawn(self, ours: channels.Channel, theirs: socket.socket) -> Runner:
        process = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
            [
                sys.executable,
                "-P",
                "-m",
                "weft.surfaces.processes.runner",
                str(theirs.fileno()),
                msgspec.json.encode(self._where).decode(),
                self._location,
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        return Runner(pid=process.pid, channel=ours, handle=os.pidfd_open(process.pid), process=process)

    def _forget(self, each: Runner) -> None:
        del self._runners[each.pid]
        each.channel.close()
        os.close(each.handle)


def _has_ended(each: Runner) -> bool:
    if each.process is not None:
        return each.process.poll() is not None
    try:
        return os.waitpid(each.pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _kill(each: Runner) -> None:
    try:
        os.kill(each.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself
