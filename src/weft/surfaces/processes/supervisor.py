"""The supervisor: one host for each code location, started, replaced when the code changes, restarted when it dies.

A change of the code starts a second host. Once that has loaded, the first takes no more runs and ends when those that
it drives have ended; a host that cannot load says why and ends, and the first one stays. All of it happens on one
thread, which the others leave notes for.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from weft.model import control_events, errors
from weft.surfaces.processes import host_process, owed, reloading, slots, watching

if TYPE_CHECKING:
    from pathlib import Path

    from weft import wiring
    from weft.ports import ledger as ledgers
    from weft.service.server import serving as servings

_CONFIGURATIONS = ("weft.toml", "pyproject.toml")
_STEADY_SECONDS = 60.0  # a host that has lived so long did not die of its start
_LONGEST_PAUSE = 60.0
_RETRY_SECONDS = 30.0
_RETRY_MOST = 300.0
_LOOK_SECONDS = 1.0
Options = host_process.Options


class Supervisor:
    """Keeps the hosts of a project's locations. `start` begins its thread, `stop` ends it and all hosts."""

    def __init__(
        self,
        place: wiring.Place,
        serving: servings.Serving,
        options: Options | None = None,
        *,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Serve the locations of the project at `place`; `tell` gets a line for each thing that happens."""
        self._place = place
        self._serving = serving
        self._options = options or Options()
        self._tell = tell or _to_stderr
        self._slots: dict[str, slots.Slot] = {}
        self._owed = owed.Owed(self._tell)
        self._notes: deque[tuple[str, Any]] = deque()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._watcher: watching.Watcher | None = None
        self._settings: object = None
        self._stopping_until: float | None = None
        self._changed = threading.Condition()
        self._ledger: ledgers.Ledger | None = None
        self._thread = threading.Thread(target=self._run, name="weft-supervisor", daemon=True)
        self.failed: BaseException | None = None
        """What ended the thread before its time."""
        self.on_failed: Callable[[], None] = lambda: None
        """Called on the thread when it ends before its time."""

    # --- for other threads ---

    def start(self) -> None:
        """Begin; returns at once.

        Raises:
            UsageError: the project or one of its locations is wrongly configured.
        """
        self._read_configuration()
        self._thread.start()

    def reload(self, name: str | None = None) -> None:
        """Load a location anew, or all of them, whether or not a file has changed.

        Raises:
            UsageError: there is no such location.
        """
        if name is not None and name not in self._slots:
            raise errors.UsageError(
                f"There is no code location {name!r}.", remedy=f"There are: {', '.join(self._slots)}."
            )
        self._note("reload", name)

    def stop(self, grace: float | None = None) -> None:
        """End all hosts, giving the runs under way so many seconds, and wait for that."""
        self._note("stop", self._options.grace if grace is None else grace)
        if self._thread.is_alive():
            self._thread.join()

    def hurry(self) -> None:
        """End all hosts now, whatever they do; safe in a signal handler, while another thread waits in `stop`."""
        self._note("stop", 0.0)

    def wait_until_settled(self, timeout: float | None = None) -> bool:
        """Wait until each location has loaded, or failed to; tells whether that came to pass."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.failed is not None or all(each.settled for each in list(self._slots.values())), timeout
            )

    def wait_until_reloaded(self, name: str, times: int, timeout: float | None = None) -> bool:
        """Wait until a location has been loaded so often in all; tells whether that came to pass."""
        with self._changed:
            return self._changed.wait_for(lambda: self._slots[name].reloads >= times, timeout)

    def reloads(self, name: str) -> int:
        """How often a location has been loaded."""
        return self._slots[name].reloads

    def hosts(self) -> dict[str, int]:
        """The process id of the host that serves each location that has one."""
        return {name: each.current.pid for name, each in list(self._slots.items()) if each.current is not None}

    def _note(self, kind: str, value: object) -> None:
        self._notes.append((kind, value))
        os.write(self._wake_write, b"!")

    # --- the thread ---

    def _run(self) -> None:
        try:
            self._ledger = self._serving.open_ledger()
            self._forget_removed()
            self._watch()
            while not (self._stopping_until is not None and not any(each.all for each in self._slots.values())):
                self._turn()
                self._owed.pay(self._ledger)
        except BaseException as error:
            self.failed = error
            self._tell(f"the supervisor of the code locations ends: {type(error).__name__}: {error}")
            raise
        finally:
            if self._watcher is not None:
                self._watcher.stop()
            for slot in self._slots.values():
                for each in slot.all:
                    each.kill()
                    each.forget()
            if self._ledger is not None:
                self._ledger.close()
            with self._changed:
                self._changed.notify_all()
            if self.failed is not None:
                self.on_failed()

    def _turn(self) -> None:
        now = time.monotonic()
        moments = [now + _LOOK_SECONDS, *(each.start_at for each in self._slots.values() if each.start_at is not None)]
        if self._stopping_until is not None:
            moments.append(self._stopping_until)
        every = [each for slot in self._slots.values() for each in slot.all]
        descriptors: list[Any] = [self._wake_read, *(each.handle for each in every)]
        descriptors += [each.channel for each in every if not each.channel.closed]
        select.select(descriptors, [], [], max(min(moments) - now, 0.0))
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass  # nobody left a note
        self._notes.extend(("reload", name) for name in reloading.requested(self._serving.home))
        while self._notes:
            self._take_note(*self._notes.popleft())
        for slot in list(self._slots.values()):
            for each in slot.all:
                for message in each.channel.receive():
                    self._heard(slot, each, message)
                if each.has_ended():
                    self._ended(slot, each)
            if slot.coming is not None and slot.coming.is_slow(self._options.slow_after):
                self._told_slow(slot)
        self._slots = {name: each for name, each in self._slots.items() if each.all or not each.removed}
        now = time.monotonic()
        for slot in self._slots.values():
            if slot.start_at is not None and slot.start_at <= now and self._stopping_until is None:
                self._begin(slot)
        if self._stopping_until is not None and now >= self._stopping_until:
            for slot in self._slots.values():
                for each in slot.all:
                    each.kill()

    def _take_note(self, kind: str, value: Any) -> None:
        now = time.monotonic()
        match kind:
            case "reload":
                for name, slot in self._slots.items():
                    if value in (None, name):
                        slot.start_at = now
            case "stop":
                self._stopping_until = now + value + 5.0
                for slot in self._slots.values():
                    slot.start_at = None
                    for each in slot.all:
                        each.channel.send(do="stop", grace=value)
                        if each is slot.coming:
                            each.kill()
            case "files":
                self._files_changed(value)

    def _files_changed(self, files: set[Path]) -> None:
        root = self._serving.root
        if any(each.parent == root and each.name in _CONFIGURATIONS for each in files):
            try:
                self._read_configuration()
            except errors.WeftError as error:
                self._tell(f"{error.message} The configuration stays as it was.")
        for slot in self._slots.values():
            if not slot.removed and any(
                each.is_relative_to(folder) for each in files for folder in slot.location.watched
            ):
                slot.start_at = time.monotonic()

    def _read_configuration(self) -> None:
        """Take up what the configuration says: new locations, changed ones, and those that are gone."""
        from weft import wiring
        from weft.codehost import locations as codelocations

        project = wiring.open_project(self._place)
        found = codelocations.locations(project)
        settings = wiring.settings_of(project)
        self._serving.settings, self._serving.world_settings = project.settings, settings
        others = {key: value for key, value in project.settings.items() if key != "locations"}
        is_other = self._settings is not None and self._settings != others
        self._settings = others
        now = time.monotonic()
        for name, location in found.items():
            slot = self._slots.get(name)
            if slot is None:
                self._slots[name] = slots.Slot(location, start_at=now)
            elif slot.location != location or is_other:
                slot.location, slot.start_at = location, now
        if self._ledger is None:
            return
        for name in [name for name, each in self._slots.items() if name not in found and not each.removed]:
            self._remove(name)
        self._watch()

    def _remove(self, name: str) -> None:
        slot = self._slots.pop(name)
        self._record_removed(name)
        self._tell(f"{name}: removed")
        if slot.coming is not None:
            slot.coming.kill()
        if slot.current is not None:
            slot.current.channel.send(do="drain")
            slot.draining.append(slot.current)
        rest = slots.Slot(slot.location, draining=slot.draining, settled=True, removed=True)
        if slot.coming is not None:
            rest.draining.append(slot.coming)
        self._slots[f"{name} (removed {time.monotonic()})"] = rest

    def _forget_removed(self) -> None:
        """Record as removed what is in the ledger, not configured any more, and served by nobody else."""
        from weft.service.server import location_views

        assert self._ledger is not None
        served = {each.location for each in location_views.workers(self._ledger, self._serving.clock) if each.alive}
        for row in self._ledger.locations():
            if row.removed or row.name in self._slots:
                continue
            if row.name in served:
                self._tell(f"{row.name}: not configured here, but another process serves it; it stays")
            else:
                self._record_removed(row.name)

    def _record_removed(self, name: str) -> None:
        from weft.service.server import locations

        self._owe(name, lambda ledger: locations.record_removed(ledger, name))

    def _owe(self, name: str, write: Callable[[ledgers.Ledger], object]) -> None:
        assert self._ledger is not None
        self._owed.add(name, write)
        self._owed.pay(self._ledger)

    def _watch(self) -> None:
        if not self._options.watch:
            return
        roots = [self._serving.root, *(folder for each in self._slots.values() for folder in each.location.watched)]
        roots = [each for each in roots if not any(other != each and each.is_relative_to(other) for other in roots)]
        if self._watcher is not None:
            if self._watcher.roots == tuple(dict.fromkeys(roots)):
                return
            self._watcher.stop()
        self._watcher = watching.Watcher(roots, lambda files: self._note("files", files))
        self._watcher.start()

    # --- hosts ---

    def _begin(self, slot: slots.Slot) -> None:
        """Start a host; one that was loading already is given up for it."""
        slot.start_at = None
        if slot.coming is not None:
            slot.coming.kill()
            slot.coming.forget()
            slot.coming = None
        location = slot.location
        settings = host_process.settings_of(self._place, location, self._options)
        try:
            slot.coming = host_process.HostProcess(location, settings)
        except OSError as error:
            message = f"The interpreter {location.python} cannot be started: {error.strerror}."
            self._cannot(slot, control_events.Problem(message=message, remedy="Check `python` of it."))

    def _heard(self, slot: slots.Slot, each: host_process.HostProcess, message: dict[str, Any]) -> None:
        if "loaded" in message and each is slot.coming:
            if slot.current is not None:
                slot.current.channel.send(do="drain")
                slot.draining.append(slot.current)
            slot.current, slot.coming = each, None
            self._owed.drop(slot.location.name)  # the host has recorded what it loaded, which is later
            each.loaded_at = time.monotonic()
            each.channel.send(do="go")
            slot.conflict, slot.failures = False, 0
            self._settle(slot, loaded=True)
            self._tell(f"{slot.location.name}: loaded in {message['seconds']:.2f} s")
            for other in self._slots.values():
                if other is not slot and other.conflict:
                    other.start_at = time.monotonic()
        elif "failed" in message:
            each.told_failure = True
            slot.conflict = bool(message.get("conflict"))
            self._try_again(slot)
            self._record_failed(slot, [msgspec.convert(each, control_events.Problem) for each in message["failed"]])
            for problem in message["failed"]:
                at = f"{problem['file']}:{problem.get('line', 0)}: " if problem.get("file") else ""
                self._tell(f"{slot.location.name}: {at}{problem['message']} {problem.get('remedy', '')}".rstrip())
            self._settle(slot, loaded=False)

    def _ended(self, slot: slots.Slot, each: host_process.HostProcess) -> None:
        each.forget()
        if each in slot.draining:
            slot.draining.remove(each)
        elif each is slot.coming:
            slot.coming = None
            if not each.told_failure and self._stopping_until is None:
                self._no_word(slot, each)
        elif each is slot.current:
            slot.current = None
            if self._stopping_until is None:
                lived = time.monotonic() - (each.loaded_at or each.begun)
                slot.deaths = 0 if lived > _STEADY_SECONDS else slot.deaths + 1
                pause = 0.0 if slot.deaths <= 1 else min(2.0 ** (slot.deaths - 2), _LONGEST_PAUSE)
                slot.start_at = time.monotonic() + pause
                self._tell(f"{slot.location.name}: its process died ({each.status}); another starts in {pause:.0f} s")

    def _told_slow(self, slot: slots.Slot) -> None:
        """Say once that a host is loading still; it goes on, for it may be an import that just takes long."""
        problem = control_events.Problem(
            message=f"Its code has been loading for {self._options.slow_after:.0f} s; it is not given up.",
            remedy="The output of this process shows at which line it is. What was loaded before stays in force.",
            code="loading",
        )
        self._record_failed(slot, [problem])
        self._tell(f"{slot.location.name}: {problem.message} {problem.remedy}")
        self._settle(slot, loaded=False)

    def _no_word(self, slot: slots.Slot, each: host_process.HostProcess) -> None:
        problem = host_process.problem_of_interpreter(slot.location.python, each.status)
        # one that was killed, as when memory ran short, says nothing of its code
        self._cannot(slot, problem, 1.0 if (each.status or 0) < 0 else _RETRY_SECONDS)

    def _cannot(self, slot: slots.Slot, problem: control_events.Problem, pause: float = _RETRY_SECONDS) -> None:
        self._record_failed(slot, [problem])
        self._tell(f"{slot.location.name}: {problem.message} {problem.remedy}")
        self._try_again(slot, pause)
        self._settle(slot, loaded=False)

    def _record_failed(self, slot: slots.Slot, problems: list[control_events.Problem]) -> None:
        from weft.service.server import locations

        name, source = slot.location.name, slot.location.source
        self._owe(name, lambda ledger: locations.record_failed(ledger, name, problems, source=source))

    def _try_again(self, slot: slots.Slot, pause: float = _RETRY_SECONDS) -> None:
        """What could not be loaded is tried again without a change too: a database may be there by then."""
        if slot.start_at is None and not slot.removed:
            slot.start_at = time.monotonic() + min(pause * 2.0**slot.failures, _RETRY_MOST)
            slot.failures += 1

    def _settle(self, slot: slots.Slot, *, loaded: bool) -> None:
        with self._changed:
            slot.settled = True
            slot.reloads += loaded
            self._changed.notify_all()


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"weft: {line}\n")
    sys.stderr.flush()
