"""What changed, in few words, for screens: which runs, assets and pipelines, and which areas of the whole.

A screen does not want every event, it wants to know which of its answers are no longer true. A digest holds for a
stretch of the log; two that follow each other are one. What is too much to name is `many`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from weft.service import views

if TYPE_CHECKING:
    from weft.ports import paging

MOST_NAMED = 200
"""Of more runs, assets or pipelines than this, nobody would look at each."""

AREAS: tuple[str, ...] = (
    "account", "alert", "artifact", "asset", "audit", "automation", "connection", "definition", "execution", "incident",
    "input", "location", "log", "partition", "plan", "pool", "queue", "run", "schedule", "settings", "step", "worker",
)  # fmt: skip

_OF_TYPE: dict[str, tuple[str, ...]] = {
    "RunCreated": ("run", "queue"),
    "RunStarted": ("run", "queue"),
    "RunCancelRequested": ("run", "queue"),
    "RunFinished": ("run", "queue"),
    "AttemptsStarted": ("run", "step", "log"),
    "StepSucceeded": ("run", "step", "log"),
    "AttemptFailed": ("run", "step", "log"),
    "AttemptsLost": ("run", "step", "log"),
    "StepsFinished": ("run", "step"),
    "StepReused": ("run", "step"),
    "StepParked": ("run", "step", "log"),
    "StepMapped": ("run", "step"),
    "ArtifactMade": ("artifact",),
    "InputRequested": ("input", "run"),
    "InputGiven": ("input", "run"),
    "PartitionsAdded": ("partition", "asset"),
    "PartitionsRemoved": ("partition", "asset"),
    "RunValuesRemoved": ("run",),
    "CodeRecorded": ("definition",),
    "LocationLoaded": ("location", "definition", "schedule", "automation"),
    "LocationFailed": ("location",),
    "LocationRemoved": ("location", "definition", "schedule", "automation"),
    "PlanSaved": ("plan",),
    "PlanRemoved": ("plan",),
    "RunPriorityChanged": ("run", "queue"),
    "NotificationSent": ("incident", "alert"),
    "SilenceAdded": ("incident", "alert"),
    "SilenceRemoved": ("incident", "alert"),
    "AlertRuleAdded": ("alert",),
    "AlertRuleRemoved": ("alert",),
}
_OF_BEGINNING = (("Execution", "execution"), ("Incident", "incident"), ("Automation", "automation"))
_OF_ACTION = {
    "accounts": "account", "tokens": "account", "connections": "connection", "pools": "pool", "work-pools": "pool",
    "work_pools": "pool", "alerts": "alert", "settings": "settings", "locations": "location",
}  # fmt: skip
_EVERYTHING = frozenset({"PartitionsAdded", "PartitionsRemoved", "LocationRemoved"})
"""Events after which any asset may stand otherwise."""


class _Output(msgspec.Struct):
    asset: str = ""


class _Fields(msgspec.Struct):
    """The fields of events that say what they are about."""

    asset: str = ""
    pipeline: str | None = None
    automation: str = ""
    outputs: list[_Output] = []
    output: _Output | None = None
    assets: list[str] = []
    changed: dict[str, str] = {}
    removed: list[str] = []
    action: str = ""
    runs: list[str] = []
    execution: str = ""


_decode = msgspec.json.Decoder(_Fields).decode


@dataclass(slots=True, kw_only=True)
class Digest:
    """What changed up to `position`; `is_many` where some of it is not named."""

    position: int
    at: int = 0
    runs: set[str] = field(default_factory=set)
    assets: set[str] = field(default_factory=set)
    pipelines: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    is_many: bool = False

    def __bool__(self) -> bool:
        return bool(self.areas)

    def note(self, event: paging.LoggedEvent) -> None:
        """Take in one event."""
        self.position, self.at = event.position, max(self.at, event.at)
        found = _decode(event.body)
        self.areas.update(_areas(event.type, found))
        if event.run is not None:
            self.runs.add(event.run)
        if found.pipeline:
            self.pipelines.add(found.pipeline)
            self.areas.add("schedule")
        touched = [found.asset, *found.assets, *(each.asset for each in found.outputs)]
        if found.output is not None:
            touched.append(found.output.asset)
        for name in (*found.changed, *(found.removed if event.type == "LocationLoaded" else ())):
            kind, _, key = name.partition(":")
            if kind == "asset":
                touched.append(key)
            elif kind in ("pipeline", "job"):
                self.pipelines.add(key)
        named = {each for each in touched if each}
        if named:
            self.assets |= named
            self.areas.add("asset")
        self.is_many = self.is_many or event.type in _EVERYTHING

    def add(self, other: Digest) -> None:
        """Take in what another one has, which follows on this one."""
        self.position, self.at = max(self.position, other.position), max(self.at, other.at)
        self.runs |= other.runs
        self.assets |= other.assets
        self.pipelines |= other.pipelines
        self.areas |= other.areas
        self.is_many = self.is_many or other.is_many
        self.bound()

    def bound(self) -> None:
        """Name no more than is worth it."""
        for names in (self.runs, self.assets, self.pipelines):
            if len(names) > MOST_NAMED:
                self.is_many = True
                for name in sorted(names)[MOST_NAMED:]:
                    names.discard(name)


class ChangeView(views.View, frozen=True, kw_only=True):
    """What changed up to a position of the log; `kinds` are the areas touched.

    `many`: more than is named, so that anything in these areas may be another. `assets` has also those below what
    happened, of which the status may be another one.
    """

    position: int
    at: str | None
    runs: list[str]
    assets: list[str]
    pipelines: list[str]
    kinds: list[str]
    many: bool


def view(digest: Digest) -> ChangeView:
    """A digest as it is sent."""
    return ChangeView(
        position=digest.position,
        at=views.time_of_us(digest.at),
        runs=sorted(digest.runs),
        assets=sorted(digest.assets),
        pipelines=sorted(digest.pipelines),
        kinds=sorted(digest.areas),
        many=digest.is_many,
    )


def everything(position: int) -> Digest:
    """That anything may be another."""
    return Digest(position=position, areas=set(AREAS), is_many=True)


def _areas(type: str, found: _Fields) -> Iterable[str]:  # noqa: A002 - the word of the log
    yield from _OF_TYPE.get(type, ())
    for beginning, area in _OF_BEGINNING:
        if type.startswith(beginning):
            yield area
    if type == "TickDecided":
        yield "automation"
    if found.automation.startswith("schedule:"):
        yield "schedule"
    if type == "ChangeMade":
        yield "audit"
        touched = _OF_ACTION.get(found.action.partition(".")[0])
        if touched is not None:
            yield touched
