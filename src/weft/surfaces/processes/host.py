"""The host of a code location: loads its code, records what it defines, and has its runs driven by runners.

It is a process of the location's own interpreter: `python -m weft.surfaces.processes.host DESCRIPTOR SETTINGS`. Over
the descriptor it tells its supervisor `loaded` or `failed`; the supervisor says `go` (take runs), `drain` (take none
any more, and end when those under way have ended) or `stop` (likewise, but within so many seconds). When the
supervisor is gone, the host ends at once: what it leaves is gone on with by the next.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from weft.executors import linux
from weft.model import errors
from weft.ports import locations as ports
from weft.runtime import owners
from weft.surfaces.processes import channel as channels
from weft.surfaces.processes import operating as operatings
from weft.surfaces.processes import runner as runners
from weft.surfaces.processes import widening as widenings

if TYPE_CHECKING:
    from pathlib import Path

    from weft.ports import ledger as ledgers
    from weft.service import world as worlds
    from weft.surfaces.processes import crew as crews

LOOK_SECONDS = 1.0
"""So often it looks for itself, whatever the bell says."""
SEEN_SECONDS = 5.0
_PAUSE = 0.01  # seconds between two looks at what may run, while the ledger is written all the time
_REFUSED_SECONDS = 1.0
_REFUSED_MOST = 60.0
_MOST_CRASHES = 3
_MOST_CLAIMS = 20


class HostSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a host is told by its supervisor."""

    location: str
    where: runners.Where
    source: str = ""
    most: int = 16
    """So many runs at once."""
    takes_runs: bool = True
    pools: tuple[str, ...] | None = None
    """The work pools that it takes runs from; None: all."""
    jobs: int | None = None
    slow_after: float = 30.0
    """Seconds of loading after which it tells at which line it is."""


class Host:
    """The loop of a host, once its code is loaded."""

    def __init__(
        self,
        settings: HostSettings,
        world: worlds.World,
        parent: channels.Channel,
        crew: crews.Crew,
        sensing: Any = None,
        widening: widenings.Widening | None = None,
    ) -> None:
        """Serve `world`; `sensing` evaluates its sensors, on a world that `widening` keeps current."""
        self._settings = settings
        self._world = world
        self._parent = parent
        self._crew = crew
        self._sensing = sensing
        self._widening = widening
        self._news = world.ledger.listen()
        self._wake_read, self._wake_write = os.pipe()
        self._taking = False
        self._ending_at: float | None = None
        self._draining = False
        self._terminated = False
        self._refused: dict[str, tuple[float, float]] = {}
        """Runs that could not be claimed: until when they are left alone, and for how long that was."""
        self._crashes: dict[str, int] = {}
        self._fruitless_until = 0.0
        self._next_seen = 0.0
        self._next_look = 0.0
        self._next_wide = 0.0
        self._id = f"host-{socket.gethostname()}-{os.getpid()}"
        self._started = int(time.time() * 1e6)
        self._operating = operatings.Operating(
            world.ledger, world.clock, settings.where, settings.location, holder=self._id, give=self._go_on
        )
        crew.inherited.append(parent)

    def run(self) -> None:
        """Serve until told to end."""
        self._catch_signals()
        try:
            while not self._is_done():
                self._turn()
        finally:
            if self._sensing is not None:
                self._sensing.close()
            self._operating.close()
            self._crew.end()
            with contextlib.suppress(errors.LedgerError):
                self._world.ledger.remove_worker_seen(self._id)
            self._news.close()

    def _catch_signals(self) -> None:
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

        def terminated(number: int, frame: object) -> None:
            self._terminated = True

        signal.signal(signal.SIGTERM, terminated)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _is_done(self) -> bool:
        if self._parent.closed:
            return True
        if not (self._draining or self._ending_at is not None):
            return False
        is_idle = not self._crew.runs and not self._operating.is_busy
        return is_idle or (self._ending_at is not None and time.monotonic() >= self._ending_at)

    def _turn(self) -> None:
        wait = self._wait_seconds()
        descriptors: list[Any] = [self._parent, self._news, self._wake_read, *self._crew.descriptors()]
        if self._sensing is not None and self._taking:
            if self._widening is not None and time.monotonic() >= self._next_wide:
                self._next_wide = time.monotonic() + LOOK_SECONDS
                with self._told_failures():
                    self._widening.refresh()
            with self._told_failures():
                wait = min(wait, max(self._sensing.turn(), 0.0))
            descriptors += self._sensing.filenos()
        if self._taking or self._operating.is_busy:
            with self._told_failures():
                wait = min(wait, self._operating.turn(takes=self._taking))
            descriptors += self._operating.filenos()
        ready, _, _ = select.select(descriptors, [], [], wait)
        if self._wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
        if self._terminated:
            self._stop(30.0)
            self._terminated = False
        for message in self._parent.receive():
            self._obey(message)
        for message in self._crew.hear():
            self._heard(message)
        now = time.monotonic()
        if self._news in ready:
            self._news.clear()
            self._next_look = 0.0
        if self._taking and now >= max(self._next_look, self._fruitless_until):
            with self._told_failures():
                self._take(now)
        if now >= self._next_seen:
            self._tell_seen(now)
            self._crew.trim()

    def _wait_seconds(self) -> float:
        moments = [self._next_seen]
        if self._taking:
            moments.append(max(self._next_look, self._fruitless_until))
        if self._ending_at is not None:
            moments.append(self._ending_at)
        return min(max(min(moments) - time.monotonic(), 0.0), LOOK_SECONDS)

    def _obey(self, message: dict[str, Any]) -> None:
        match message.get("do"):
            case "go":
                self._taking = self._settings.takes_runs
                if self._taking:
                    self._crew.prepare()
            case "drain":
                self._taking, self._draining = False, True
            case "stop":
                self._stop(float(message.get("grace", 30.0)))
            case other:
                raise ValueError(f"the supervisor said {other!r}")

    def _stop(self, grace: float) -> None:
        self._taking = False
        self._ending_at = min(time.monotonic() + grace, self._ending_at or float("inf"))

    # --- runs ---

    def _take(self, now: float) -> None:
        """Hand runs that may begin to runners."""
        from weft.service.queue import queueing

        self._next_look = now + LOOK_SECONDS
        room = self._crew.room
        if room <= 0:
            return
        self._refused = {run: each for run, each in self._refused.items() if now < each[0] + each[1]}
        left_alone = {run for run, (until, _) in self._refused.items() if now < until}
        rows = queueing.take(
            self._world,
            location=self._settings.location,
            pools=self._settings.pools,
            room=room,
            refused={*left_alone, *self._crew.runs},
        )
        for row in rows:
            if row.epoch >= _MOST_CLAIMS or self._crashes.get(row.id, 0) >= _MOST_CRASHES:
                self._give_up(row)
                continue
            self._crew.give(row.id, self._is_finished, executor=self._executor_of(row), jobs=self._settings.jobs)
        self._fruitless_until = time.monotonic() + (0.0 if rows else _PAUSE)

    def _go_on(self, run: str) -> None:
        """Hand a run to a runner that waits in no work pool: its own process is gone, or it was answered since."""
        if run not in self._crew.runs:
            self._crew.give(run, self._is_finished, jobs=self._settings.jobs)

    def _is_finished(self, run: str) -> bool:
        return all(each.phase == "finished" for each in self._world.ledger.runs_with_prefix(run))

    def _executor_of(self, row: ledgers.RunRow) -> str | None:
        """The kind of executor of the work pool in which a run waited; None for the project's own."""
        known = {each.name: each.type for each in self._world.ledger.work_pools()}
        return known.get(row.pool)

    def _give_up(self, row: ledgers.RunRow) -> None:
        """End a run whose runner dies again and again."""
        from weft.model import events
        from weft.service.run import recovering

        if self._world.ledger.lease(row.id) is not None:
            recovering.recover(self._world, run=row.id)
        else:
            reason = f"the process that was to drive it died {self._crashes.get(row.id, 0)} times"
            pipeline = row.pipeline if row.partition is not None else None
            ended = events.RunFinished(
                run=row.id, outcome="crashed", reason=reason, pipeline=pipeline, partition=row.partition
            )
            self._world.ledger.append([ended])
        self._crashes.pop(row.id, None)

    def _heard(self, message: dict[str, Any]) -> None:
        now = time.monotonic()
        self._next_look = 0.0  # there is room now
        match message:
            case {"refused": str(run), "message": str()} | {"broken": str(run), "message": str()}:
                before = self._refused.get(run, (0.0, 0.0))[1]
                longer = min(max(2 * before, _REFUSED_SECONDS), _REFUSED_MOST)
                seconds = _REFUSED_SECONDS if message.get("waits") else longer
                self._refused[run] = (now + seconds, seconds)
                if "broken" in message:
                    if not message.get("blameless"):
                        self._crashes[run] = self._crashes.get(run, 0) + 1
                    sys.stderr.write(f"weft: {self._settings.location}: run {run}: {message['message']}\n")
            case {"lost": str(run)}:
                self._crashes[run] = self._crashes.get(run, 0) + 1
                sys.stderr.write(f"weft: {self._settings.location}: the process that drove run {run} has died.\n")
            case {"stuck": str(run)}:
                sys.stderr.write(f"weft: {self._settings.location}: a runner that hung was ended; run {run} goes on.\n")
            case {"lost": None}:
                self._fruitless_until = now + _REFUSED_SECONDS  # it could not even begin
            case {"ended": str(run)}:
                self._refused.pop(run, None)
                self._crashes.pop(run, None)

    # --- being there ---

    def _tell_seen(self, now: float) -> None:
        self._next_seen = now + SEEN_SECONDS
        body = {
            "location": self._settings.location,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "python": sys.executable,
            "runs": self._crew.runs,
            "most": self._settings.most,
            "takes_runs": self._settings.takes_runs,
            "pools": self._settings.pools,
            "state": "draining" if self._draining or self._ending_at is not None else "ready",
        }
        row = ports.WorkerRow(
            id=self._id,
            kind="worker" if self._settings.takes_runs else "host",
            owner=owners.myself().encode(),
            started=self._started,
            seen=int(time.time() * 1e6),
            body=msgspec.json.encode(body),
        )
        with self._told_failures():
            self._world.ledger.put_worker_seen(row)

    @contextlib.contextmanager
    def _told_failures(self) -> Iterator[None]:
        """A ledger that fails for a moment, as on a full disk, ends no run that is under way."""
        try:
            yield
        except errors.LedgerError as error:
            sys.stderr.write(f"weft: {self._settings.location}: {error.message}\n")


def load(settings: HostSettings) -> worlds.World:
    """Load the code of a location and record what it defines.

    Raises:
        WeftError: it can't be loaded, another location defines the same, or the ledger can't be used.
    """
    from weft import wiring
    from weft.service.server import locations

    world = wiring.open_world(runners.place_of(settings.where))
    world.locations = runners.places(world, settings.location)
    locations.record_loaded(world, settings.location, source=settings.source, root=world.root)
    return world


def serve(
    settings: HostSettings, parent: channels.Channel, *, loader: Callable[[HostSettings], worlds.World] = load
) -> int:
    """Be a host until told to end; returns the exit code."""
    from weft.service.server import locations
    from weft.surfaces.processes import crew as crews

    begun = time.monotonic()
    faulthandler.dump_traceback_later(settings.slow_after)
    try:
        world = loader(settings)
    except Exception as error:
        if not isinstance(error, errors.WeftError):
            traceback.print_exc()
        parent.send(
            failed=[msgspec.to_builtins(each) for each in locations.problems_of(error, _root(settings))],
            conflict=isinstance(error, locations.LocationConflictError),
            seconds=time.monotonic() - begun,
        )
        return 2
    finally:
        faulthandler.cancel_dump_traceback_later()
    parent.send(loaded=settings.location, seconds=time.monotonic() - begun, threads=linux.thread_count())
    crew = crews.Crew(world, settings.where, settings.location, most=settings.most)
    sensing = widening = None
    if settings.takes_runs and world.definitions.sensors:
        from weft.service.automation import sensing as sensings
        from weft.surfaces.processes import looking as lookings

        wide = dataclasses.replace(world)  # what may be taken is judged by the location's own definitions
        widening = widenings.Widening(wide, settings.location)
        sensing = sensings.Sensing(
            wide,
            settings.location,
            holder=f"host-{socket.gethostname()}-{os.getpid()}",
            command=lookings.command(settings.where),
        )
    Host(settings, world, parent, crew, sensing, widening).run()
    return 0


def _root(settings: HostSettings) -> Path | None:
    """The folder that files are named relative to; None where the configuration is wrong."""
    from weft import wiring

    try:
        return wiring.root_of(runners.place_of(settings.where))
    except errors.WeftError:
        return None


def main() -> None:
    """Be the host that the command line says."""
    linux.die_with_parent(signal.SIGTERM)
    end = socket.socket(fileno=int(sys.argv[1]))
    code = serve(msgspec.json.decode(sys.argv[2], type=HostSettings), channels.Channel(end))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
