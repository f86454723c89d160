"""Worlds for the threads of a server: one ledger connection each, and the graph of all code locations.

No user code is loaded here: the graph is merged from the snapshots that the hosts of the locations recorded. So a verb
that plans or creates works as it does on a command line; what runs bodies raises.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import msgspec

from weft.define import bodies
from weft.model import code, errors
from weft.model import graph as graphs
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.server import locations, recorded_code, setting_views, standings

MOST_CONNECTIONS = 8
_IDLE_SECONDS = 60.0
_WAIT_SECONDS = 30.0


@dataclass(slots=True)
class _Leased:
    """A connection of the pool, with the world that was made on it last."""

    ledger: ledgers.Ledger
    world: worlds.World | None = None
    merged: locations.Merged | None = None
    dynamic: object = None
    used: float = field(default_factory=time.monotonic)


@dataclass(slots=True, kw_only=True)
class _Resolved:
    """The graph with the keys of dynamic partitions filled in, the same object for all worlds."""

    merged: locations.Merged
    keys: object
    graph: graphs.Graph
    planned: graphs.Graph | None = None


class Serving:
    """Gives each thread a world while it needs one.

    Connections are kept for the next, the last used first; of those that nobody uses for a minute, one stays.
    """

    def __init__(
        self,
        open_ledger: Callable[[], ledgers.Ledger],
        *,
        root: Path,
        home: Path,
        settings: Mapping[str, object] | None = None,
        world_settings: worlds.Settings | None = None,
        clock: clocks.Clock | None = None,
        user: str = "",
        most: int = MOST_CONNECTIONS,
        origin: setting_views.Origin | None = None,
    ) -> None:
        """Serve the ledger that `open_ledger` opens; `root`, `home` and `settings` are the project's.

        At most `most` worlds are out at once. `origin` tells where the settings came from.
        """
        self._open = open_ledger
        self.root = root
        self.home = home
        self.settings: Mapping[str, object] = settings or {}
        self.world_settings = world_settings or worlds.Settings()
        self.origin = origin or setting_views.Origin(settings=self.settings)
        self.clock = clock or clocks.SystemClock()
        self.user = user
        self._most = most
        self._free: list[_Leased] = []
        self._out = 0
        self._changed = threading.Condition()
        self._closed = False
        self._merging = threading.Lock()
        self._merged: locations.Merged | None = None
        self._resolved: _Resolved | None = None
        self._snapshots = locations.Snapshots()
        self._manifests: dict[str, code.CodeManifest] = {}
        self.standings = standings.Standings()
        """What all worlds keep of where assets stand."""

    @contextlib.contextmanager
    def world(self, user: str | None = None) -> Iterator[worlds.World]:
        """A world for this thread alone, on the definitions of this moment; `user` is who acts.

        Raises:
            LedgerError: the ledger can't be opened, or all connections have been in use for too long.
        """
        leased = self._lease()
        try:
            yield self._world(leased, self.user if user is None else user)
        finally:
            self._give_back(leased)

    @contextlib.contextmanager
    def ledger(self) -> Iterator[ledgers.Ledger]:
        """A connection of the pool for this thread alone, without the definitions.

        Raises:
            LedgerError: as `world`.
        """
        leased = self._lease()
        try:
            yield leased.ledger
        finally:
            self._give_back(leased)

    def open_ledger(self) -> ledgers.Ledger:
        """A ledger of one's own, for a thread that keeps it; to be closed by its user."""
        return self._open()

    def close(self) -> None:
        """Let go of all connections; those that are out when they come back."""
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
            self._changed.notify_all()
        for each in free:
            each.ledger.close()

    def _lease(self) -> _Leased:
        with self._changed:
            until = time.monotonic() + _WAIT_SECONDS
            while not self._free and self._out >= self._most and not self._closed:
                if not self._changed.wait(until - time.monotonic()):
                    raise errors.LedgerError(
                        f"All {self._most} connections to the ledger have been in use for {_WAIT_SECONDS:.0f} s.",
                        remedy="Try again; if it happens often, see what takes so long: `weft doctor`.",
                    )
            if self._closed:
                raise errors.LedgerError("The server is ending.", remedy="Try again when it is there.")
            self._out += 1
            if self._free:
                return self._free.pop()
        try:
            return _Leased(self._open())
        except BaseException:
            with self._changed:
                self._out -= 1
                self._changed.notify()
            raise

    def _give_back(self, leased: _Leased) -> None:
        leased.used = now = time.monotonic()
        merged, world = leased.merged, leased.world
        if merged is not None and world is not None and world.graph is merged.graph and merged.planned is None:
            merged.planned = world.planned_so_far
        resolved = self._resolved
        if resolved is not None and world is not None and world.graph is resolved.graph and resolved.planned is None:
            resolved.planned = world.planned_so_far
        with self._changed:
            self._out -= 1
            idle = [leased] if self._closed else []
            if not self._closed:
                self._free.append(leased)
                # the first are those that were used longest ago
                while len(self._free) > 1 and now - self._free[0].used > _IDLE_SECONDS:
                    idle.append(self._free.pop(0))
            self._changed.notify()
        for each in idle:
            each.ledger.close()

    def _world(self, leased: _Leased, user: str) -> worlds.World:
        ledger = leased.ledger
        merged = self._current(ledger)
        world = leased.world
        if world is None or leased.merged is not merged:
            world = self._made(ledger, merged)
            leased.world, leased.merged, leased.dynamic = world, merged, None
        if merged.is_dynamic:
            known = ledger.dynamic_keys()
            if known != leased.dynamic:
                self._resolve(world, merged, known)
                leased.dynamic = known
            resolved = self._resolved
            if resolved is not None and resolved.planned is not None and world.graph is resolved.graph:
                world.take_planned(resolved.planned)
        elif world.planned_so_far is None and merged.planned is not None:
            world.take_planned(merged.planned)
        world.user = user
        world.settings = self.world_settings
        return world

    def _resolve(self, world: worlds.World, merged: locations.Merged, known: object) -> None:
        """Fill in the keys of dynamic partitions, once for all worlds: what is kept is kept for one graph."""
        with self._merging:
            resolved = self._resolved
            if resolved is not None and resolved.merged is merged and resolved.keys == known:
                world.take_resolved(resolved.graph)
                return
            world.resolve_partitions()
            self._resolved = _Resolved(merged=merged, keys=known, graph=world.graph)

    def _made(self, ledger: ledgers.Ledger, merged: locations.Merged) -> worlds.World:
        manifests = _Manifests(ledger, merged.graph, self._manifests)

        def sources_of(manifest: code.CodeManifest) -> Mapping[str, str]:
            body = ledger.code_document(manifest.digest)
            return msgspec.json.decode(body, type=recorded_code.CodeDocument).sources if body is not None else {}

        return worlds.World(
            definitions=bodies.BuiltDefinitions(graph=merged.graph, bodies={}, manifests=manifests),
            ledger=ledger,
            clock=self.clock,
            make_executor=_no_executor,
            renew=ledger.renew_lease,
            sources_of=sources_of,
            reopen=self._open,
            root=self.root,
            home=self.home,
            settings=self.world_settings,
            locations=merged.places,
            kept=self.standings,
        )

    def _current(self, ledger: ledgers.Ledger) -> locations.Merged:
        """The merged definitions of this moment; merged anew by one thread when a location has changed."""
        mark = ledger.locations_mark()
        merged = self._merged
        if merged is not None and merged.mark == mark:
            return merged
        with self._merging:
            mark = ledger.locations_mark()
            merged = self._merged
            if merged is None or merged.mark != mark:
                merged = self._merged = locations.merged(ledger, self._snapshots, mark)
            return merged


def _no_executor(name: str, jobs: int | None, steps: object) -> NoReturn:
    raise errors.UsageError(
        "A server runs no code of a project itself.",
        remedy="Create the run in the pool 'default', and a worker of its location takes it.",
    )


class _Manifests(Mapping[str, code.CodeManifest]):
    """The manifests of the code in force, read from the ledger when they are first asked for.

    A manifest never changes, so what was read is kept for all worlds of the server.
    """

    def __init__(self, ledger: ledgers.Ledger, graph: graphs.Graph, known: dict[str, code.CodeManifest]) -> None:
        self._ledger = ledger
        self._known = known
        self._digests = dict.fromkeys(
            [step.code for step in graph.steps.values() if step.code]
            + [each.code for each in graph.pipelines.values() if each.code]
            + [step.code for each in graph.pipelines.values() for step in each.steps.values() if step.code]
        )
        self._missing: set[str] = set()

    def __getitem__(self, digest: str) -> code.CodeManifest:
        if digest not in self._digests:
            raise KeyError(digest)
        found = self._known.get(digest)
        if found is None:
            body = self._ledger.code_document(digest) if digest not in self._missing else None
            if body is None:
                self._missing.add(digest)
                raise KeyError(digest)
            found = self._known[digest] = msgspec.json.decode(body, type=recorded_code.CodeDocument).manifest
        return found

    def __iter__(self) -> Iterator[str]:
        return (digest for digest in self._digests if digest in self._known or self.get(digest) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
