"""What sensors, webhooks and conditions ask of the ledger: what was decided, how far each has come, what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from weft.model import columns, partition_set


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationSeen:
    """An automation as its events say. Times are microseconds since the epoch."""

    id: str
    location: str = ""
    activated: int | None = None
    paused: bool = False
    paused_by: str = ""
    paused_at: int | None = None
    paused_reason: str = ""
    cursor: str | None = None
    last_tick: str = ""
    last_due: int | None = None
    last_decision: str = ""
    last_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationState:
    """Who looks after an automation until when (`holder`, `until`), and what came of it that is no history.

    `same` counts how often the decision and its reason came out as before. `body` is the automation's own.
    """

    automation: str
    next_due: int | None = None
    looked_at: int | None = None
    same: int = 0
    decision: str = ""
    reason: str = ""
    holder: str = ""
    until: int = 0
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided at a tick."""

    decision: Literal["started", "skipped", "failed", "missed"]
    reason: str
    runs: tuple[str, ...]
    executions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What happened after a position: up to where was looked, and which assets it concerns; None for too much."""

    position: int
    assets: frozenset[str] | None
    automations: bool = True
    """Whether something happened to automations: one was paused, say."""


class DecidingReader(Protocol):
    """Reads."""

    def automations_seen(self, prefix: str = "") -> Mapping[str, AutomationSeen]:
        """The automations that the ledger knows, by id; those whose id begins with `prefix`."""

    def automation_states(self, prefix: str = "") -> Mapping[str, AutomationState]:
        """How far each automation has come, by id; those whose id begins with `prefix`."""

    def decision(self, automation: str, tick: str) -> Decision | None:
        """What was decided at a tick, None where nothing was."""

    def changed_assets(self, after: int, *, most: int) -> Changed:
        """The assets of which something changed after a position, unless more than `most` events came since."""

    def changed_rows(self, assets: Collection[str], after: int) -> Sequence[tuple[str, columns.PartitionRow]]:
        """The partitions of these assets that changed after a position, each with its asset."""

    def all_reservations(self) -> Sequence[tuple[str, str, str, partition_set.PartitionSet]]:
        """What live runs write: run, asset, fingerprint of the partitions, ordinals."""

    def reserved_mark(self) -> object:
        """Something that is another one once live runs write something else."""

    def live_automation_executions(self) -> frozenset[str]:
        """The unfinished executions that automations asked for."""


class DecidingWriter(Protocol):
    """Writes, within a transaction."""

    def seen(self, automation: str) -> AutomationSeen | None:
        """An automation as its events say."""

    def state(self, automation: str) -> AutomationState:
        """How far an automation has come; as new where nothing is known."""

    def put_state(self, state: AutomationState) -> None:
        """Keep how far an automation has come."""

    def is_decided(self, automation: str, tick: str) -> bool:
        """Whether a tick is decided already."""
