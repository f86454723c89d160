"""Where flows run: the ledger, the storage and the executors of one project. Made by the wiring."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from weft.define import bodies, tasks
from weft.model import errors, events, keys
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import heartbeat
from weft.storage import protocol
from weft.worker.tasks import live

Live = MutableMapping[int, live.LiveCall]


class LiveExecutor(executors.Executor, Protocol):
    """An executor of this process, which also runs single attempts where it is told to."""

    def run_here(self, assignment: executors.Assignment) -> executors.AttemptReport:
        """Run an attempt in the calling thread."""

    async def run_here_async(self, assignment: executors.Assignment) -> executors.AttemptReport:
        """Run an attempt of an async body in the running event loop."""


@dataclass(kw_only=True)
class Place:
    """What runs of flows need. One ledger object serves all threads: `lock` is held by whoever uses it."""

    root: Path
    ledger: ledgers.Ledger
    clock: clocks.Clock
    storage: protocol.IOManager
    user: str
    renew: Callable[[ledgers.Lease, int], bool]
    make_threads: Callable[[int | None, Live], LiveExecutor]
    make_processes: Callable[[int | None, Iterable[tasks.TaskDefinition[..., Any]]], executors.Executor]
    fingerprint: Callable[[Callable[..., Any]], str]
    unsynchronised: Callable[[], AbstractContextManager[None]] = nullcontext
    """Within it, commits of the ledger survive the end of the process, and perhaps not that of the machine."""
    pools: Mapping[str, int] = field(default_factory=dict)
    """Slots of each pool, as the project's settings say; one where they don't."""
    listener: Callable[[Iterable[events.Event]], None] | None = None
    logs: Path | None = None
    """Where output is kept; None to let it pass through."""
    tells_suspended: bool = True
    """Whether a run that is suspended says on stderr how it is answered."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    beats: Beats = field(init=False)
    _bodies: weakref.WeakKeyDictionary[tasks.TaskDefinition[..., Any], bodies.TaskBody] = field(
        default_factory=weakref.WeakKeyDictionary
    )

    def __post_init__(self) -> None:
        self.beats = Beats(self.renew, self.clock)

    def body_of(self, task: tasks.TaskDefinition[..., Any]) -> bodies.TaskBody:
        """The body of a task, as its calls in flows run it; made once for each."""
        found = self._bodies.get(task)
        if found is None:
            found = self._bodies[task] = task_body(task, self.fingerprint)
        return found


def task_body(
    task: tasks.TaskDefinition[..., Any], fingerprint: Callable[[Callable[..., Any]], str]
) -> bodies.TaskBody:
    """The body of a task as flows call it; its code is fingerprinted only where something depends on it.

    Raises:
        UsageError: an inlet or outlet is no asset.
    """
    from dataclasses import replace

    from weft.define import task_bodies

    outlets = asset_keys(task, "outlets")
    code = fingerprint(task.function) if task.cache is not None or outlets else ""
    made = task_bodies.task_body(task, key=f"{task.__module__}:{task.__qualname__}", code=code)
    inlets = asset_keys(task, "inlets")
    return replace(made, inlets=inlets, outlets=outlets) if inlets or outlets else made


def asset_keys(task: tasks.TaskDefinition[..., Any], argument: str) -> tuple[keys.AssetKey, ...]:
    """The keys of the assets that a task names as `inlets` or `outlets`; nothing says here whether they are defined.

    Raises:
        UsageError: one is no asset, or no key.
    """
    given = task.options.get(argument)
    if not given:
        return ()
    from weft.define import asset_conditions

    found = []
    for each in given if isinstance(given, (list, tuple, set)) else (given,):
        named = asset_conditions.Asset(each) if isinstance(each, str) and "://" in each else each
        key = named if isinstance(named, str) else getattr(named, "key", None)
        problem = "is no asset" if not isinstance(key, str) else keys.problem_with(key)
        if not isinstance(key, str) or problem is not None:
            raise errors.UsageError(
                f"The task {task.name!r}: {argument} has {each!r}: {problem}",
                remedy="Name an asset by its key or its definition.",
            )
        found.append(key)
    return tuple(found)


class Beats:
    """Renews the leases of all runs of a place, in one thread."""

    def __init__(self, renew: Callable[[ledgers.Lease, int], bool], clock: clocks.Clock) -> None:
        """Renew by `renew`; no thread is started before the first lease."""
        self._renew = renew
        self._clock = clock
        self._held: dict[str, tuple[ledgers.Lease, Callable[[], None]]] = {}
        self._beating: heartbeat.Heartbeat | None = None
        self._lock = threading.Lock()

    def hold(self, lease: ledgers.Lease, lost: Callable[[], None]) -> None:
        """Keep a lease; `lost` is called when another process has it."""
        with self._lock:
            self._held[lease.run] = (lease, lost)
            if self._beating is None:
                self._beating = heartbeat.Heartbeat(self._beat, lambda: None)
                self._beating.start()

    def drop(self, run: str) -> None:
        """Keep the lease of a run no more."""
        with self._lock:
            self._held.pop(run, None)
            if not self._held and self._beating is not None:
                beating, self._beating = self._beating, None
                beating.stop()

    def _beat(self) -> bool:
        expires = clocks.microseconds(self._clock.now()) + int(heartbeat.LEASE_SECONDS * 1e6)
        for lease, lost in list(self._held.values()):
            if not self._renew(lease, expires):
                self._held.pop(lease.run, None)
                lost()
        return True
