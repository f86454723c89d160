"""The world that a verb works on: definitions, ledger, clock, and the means to run steps.

Made by `wiring`, or in memory for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from weft.define import bodies
from weft.model import code, keys, partitions
from weft.model import graph as graphs
from weft.planner import pipelines as planned
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers

if TYPE_CHECKING:
    from weft.service.server import standings

OnFailure = Literal["keep_going", "fail_fast"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a project's configuration says, with its defaults."""

    executor: str = "process"
    jobs: int | None = None
    on_failure: OnFailure = "keep_going"
    keep_versions: int = 3
    keep_runs: int = 50
    pools: Mapping[str, int] = field(default_factory=dict)
    queue: Mapping[str, Any] = field(default_factory=dict)
    """Limits of the queue of runs: `max_runs`, `tag_limits` and `priorities`, each as `[queue]` has it."""


@dataclass(kw_only=True)
class World:
    """Everything a verb needs. `graph` has the keys of dynamic partitions filled in."""

    definitions: bodies.BuiltDefinitions
    ledger: ledgers.Ledger
    clock: clocks.Clock
    make_executor: Callable[[str, int | None, frozenset[keys.StepKey] | None], executors.Executor]
    """Makes an executor by name, with so many workers, for these steps (None: for any)."""
    renew: Callable[[ledgers.Lease, int], bool]
    """Renews a lease, through a connection that the heartbeat's thread may use."""
    sources_of: Callable[[code.CodeManifest], Mapping[str, str]]
    reopen: Callable[[], ledgers.Ledger] | None = None
    """Opens the ledger once more, for another thread; None where it can't be."""
    root: Path | None = None
    home: Path | None = None
    user: str = ""
    settings: Settings = field(default_factory=Settings)
    locations: Mapping[str, str] = field(default_factory=dict)
    """The code location of "asset:KEY", "pipeline:NAME", "job:NAME" and "automation:ID"; empty in a CLI's process."""
    wider: graphs.Graph | None = None
    """The definitions of all code locations, in a process that has the code of one of them alone."""
    kept: standings.Standings | None = None
    """What the process keeps of where assets stand, in one that is asked over and over."""
    graph: graphs.Graph = field(init=False)
    _planned: graphs.Graph | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Fill in the keys of dynamic partitions."""
        self.graph = self.wider or self.definitions.graph
        self.resolve_partitions()

    @property
    def planned(self) -> graphs.Graph:
        """The graph as plans are made on it: with a stand-in for each pipeline."""
        if self._planned is None:
            self._planned = planned.included(self.graph)
        return self._planned

    @property
    def planned_so_far(self) -> graphs.Graph | None:
        """What `planned` has made already, None before it was asked for."""
        return self._planned

    def take_planned(self, planned_graph: graphs.Graph) -> None:
        """Use the graph that `planned` of another world with the very same graph has made."""
        self._planned = planned_graph

    def take_resolved(self, graph: graphs.Graph) -> None:
        """Use the graph that another world with the same definitions and keys has filled in."""
        self.graph, self._planned = graph, None

    def resolve_partitions(self) -> None:
        """Read the keys of dynamic partitions from the ledger, and put them into the graph."""
        raw = self.graph = self.wider or self.definitions.graph
        self._planned = None
        dynamic = {key for key, asset in raw.assets.items() if _is_dynamic(asset.partitions)}
        if not dynamic and not any(_is_dynamic(each.partitions) for each in raw.pipelines.values()):
            return
        known = {
            name: partitions.DynamicKeys(keys=tuple(keys), removed=frozenset(removed))
            for name, (keys, removed) in self.ledger.dynamic_keys().items()
        }

        def resolved(definition: partitions.Partitions | None) -> partitions.Partitions | None:
            return definition.resolve(known) if definition is not None else None

        self.graph = replace(
            raw,
            assets={
                key: replace(asset, partitions=resolved(asset.partitions)) if key in dynamic else asset
                for key, asset in raw.assets.items()
            },
            steps={
                key: replace(step, partitions=resolved(step.partitions)) if step.partitions is not None else step
                for key, step in raw.steps.items()
            },
            pipelines={
                name: replace(each, partitions=resolved(each.partitions)) if _is_dynamic(each.partitions) else each
                for name, each in raw.pipelines.items()
            },
        )


def _is_dynamic(definition: partitions.Partitions | None) -> bool:
    return definition is not None and bool(definition.dynamic_names())
