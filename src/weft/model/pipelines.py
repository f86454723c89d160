"""Pipelines: what is scheduled and triggered. A DAG, a graph of ops, or a flow; its steps, parameters and schedule.

The steps of a pipeline are not steps of the graph of assets: a run of the pipeline has them all, and only in it they
wait for each other. A step's key is `pipeline:task`, where the task's own id has the groups that it is in before it,
with dots: `trading:load.store`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import msgspec

from weft.model import diagnostics, keys, policies
from weft.model import partitions as partitioning

TriggerRule = Literal[
    "all_success",
    "all_failed",
    "all_done",
    "all_skipped",
    "one_success",
    "one_failed",
    "one_done",
    "none_failed",
    "none_failed_min_one_success",
    "none_skipped",
    "always",
    "all_done_setup_success",
]
"""When a step starts, as Airflow defines it; the last one is that of a teardown."""

TRIGGER_RULES: tuple[TriggerRule, ...] = get_args(TriggerRule)

MOST_ITEMS = 100_000
"""How many step runs a mapped step may have unless the pipeline says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A step above: whether its value is read or its end only waited for.

    `aligned`: both are in the same mapped group, and item i waits for item i alone. Otherwise a step waits for all
    items of a mapped one.
    """

    step: keys.StepKey
    value: bool = False
    aligned: bool = False
    label: str = ""
    """What people see at the arrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """How a step fans out: over what each argument takes its elements from, in order; the last one varies fastest.

    A source is a step above (the length of its value, or the number of its items if it fans out itself), or the length
    of a list that is known beforehand. `zipped` sources go side by side, else every combination is an item. Each step
    of a mapped group has the group's fan.
    """

    sources: tuple[tuple[str, keys.StepKey | int], ...]
    zipped: bool = False
    longest: bool = False
    """Of zipped ones: whether the longest source counts and not the shortest."""
    names: tuple[tuple[str, str], ...] = ()
    """The name of a value (see `ResultBinding.name`) where a source is not what the step returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStep:
    """One step of a pipeline."""

    key: keys.StepKey
    task: str
    """Its id within the pipeline."""
    label: str = ""
    """What people see in place of the id; also text with the template's values for mapped items."""
    after: tuple[Edge, ...] = ()
    rule: TriggerRule = "all_success"
    fan: Fan | None = None
    group: str = ""
    """The mapped group that it is in, "" for none; its steps have the items of the fan of the group."""
    role: Literal["", "setup", "teardown", "branch", "short_circuit"] = ""
    setups: tuple[keys.StepKey, ...] = ()
    """Of a teardown: its setups."""
    respect_rules: bool = False
    """Of a short circuit: whether only what is directly below is skipped, and the rules of the rest hold."""
    inlets: tuple[keys.AssetKey, ...] = ()
    outlets: tuple[keys.AssetKey, ...] = ()
    code: str = ""
    policies: policies.Policies = policies.Policies()
    doc: str = ""
    operator: str = ""
    """The kind of operator, such as "python", "shell" or "sql"."""
    depends_on_past: bool = False
    pulls: bool = False
    """Whether it may ask for values by name at run time, of any step above it and not only of those that it reads."""
    location: diagnostics.SourceLocation | None = None


class Blackout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When nothing is due: after each tick of `cron` for `duration` seconds, or from `start` to before `end`.

    Or on the days on which the exchange `calendar` has no session. Times are ISO text without a zone, wall-clock time
    in `timezone`; an empty `start` or `end` is no bound.
    """

    cron: str = ""
    duration: float = 0.0
    start: str = ""
    end: str = ""
    calendar: str = ""
    timezone: str = "UTC"
    text: str = ""
    """As people read it."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a pipeline is due, by time or by assets. The scheduler acts on it; the planner sees its intervals."""

    kind: Literal["cron", "every", "calendar", "events", "once", "continuous", "assets", "assets_or_time"]
    """Of "calendar" a run is due when a partition of the pipeline's ends. "assets_or_time" has also `cron` or `every`,
    or is due as a "calendar" where it has neither."""
    text: str
    """As it is shown: "0 6 * * *", "@daily", "every 30 min", "a & (b | c)"."""
    cron: str = ""
    """A cron expression, or a recurrence rule as `recurrences.written` gives it."""
    every: float | None = None
    """Seconds."""
    times: tuple[str, ...] = ()
    """Of "events": when, as ISO text."""
    timezone: str = "UTC"
    assets: str = ""
    """The condition over assets as JSON text: a key, or nested lists such as ["all", "a", ["any", "b", "c"]]."""
    offset: float = 0.0
    """Seconds after the end of an interval, or after a tick, at which a run is due."""
    start: str = ""
    """ISO text: of a schedule without intervals, when it begins and what equal times are counted from."""
    end: str = ""
    """ISO text: of a schedule without intervals, when it is over."""
    catchup: bool = False
    """Of a job of assets: whether all ticks count that passed while no scheduler lived. A pipeline says so itself."""
    catchup_last: int | None = None
    """How many of the last ticks count that passed while no scheduler lived, or before the first one did."""
    catchup_within: float | None = None
    """Seconds: ticks count that passed no longer ago than that."""
    jitter: float = 0.0
    """Seconds within which a run begins after it is due; how many is fixed by the name and the tick."""
    blackout: tuple[Blackout, ...] = ()
    defer: bool = False
    """Whether what is due within a blackout is due at its end, and not left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What is scheduled and triggered."""

    name: str
    kind: Literal["dag", "flow", "job"]
    steps: Mapping[keys.StepKey, TaskStep] = field(default_factory=dict)
    """In an order in which each comes after those above it; empty for a flow, whose graph is revealed by running."""
    schedule: Schedule | None = None
    partitions: partitioning.Partitions | None = None
    """The intervals of its schedule, or the partitions that it was given; None for one that has neither."""
    catchup: bool = False
    params: str = "{}"
    """JSON schema of its parameters (an object with `properties`, `required` and defaults)."""
    max_active_runs: int = 16
    max_active_steps: int | None = None
    """How many step runs of one run may be under way at once."""
    tag_limits: Mapping[str, int] = field(default_factory=dict)
    """How many step runs with a tag may be under way at once in one run."""
    most_items: int = MOST_ITEMS
    fail_fast: bool = False
    depends_on_past: bool = False
    timeout: float | None = None
    """Seconds that a whole run may take."""
    description: str = ""
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    inlets: tuple[keys.AssetKey, ...] = ()
    """The assets that its steps declare to read."""
    outlets: tuple[keys.AssetKey, ...] = ()
    code: str = ""
    """Digest over the code of all its steps, and of the function that declares it."""
    policies: policies.Policies = policies.Policies()
    """Of a flow: the retries of the whole."""
    location: diagnostics.SourceLocation | None = None

    def step(self, task: str) -> TaskStep | None:
        """The step of a task's id."""
        return self.steps.get(f"{self.name}:{task}")
