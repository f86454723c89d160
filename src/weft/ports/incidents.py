"""Incidents, what is wrong behind them, silences and messages to be sent, as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weft.model import alerting  # every command imports the ledger, and few have to do with alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One incident. Times are microseconds since the epoch; `phase` is open, acknowledged or resolved."""

    id: str
    key: str
    rule: str
    severity: str
    title: str
    root: str
    subject: str
    detail: str
    run: str
    partition: str | None
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    phase: str
    opened: int
    acknowledged: int | None
    acknowledged_by: str
    resolved: int | None
    resolved_by: str
    occurrences: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEntryRow:
    """One line of an incident's timeline; `position` is that of its event.

    `kind` is opened, grew, acknowledged, note, resolved, notified or not notified; `subject` of the last two is the
    channel.
    """

    incident: str
    position: int
    at: int
    kind: str
    text: str
    by: str
    subject: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """A silence: nobody is told of what matches until a time; `removed` is when somebody ended it before."""

    id: str
    matches: Mapping[str, str]
    until: int
    by: str
    reason: str
    created: int
    removed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRuleRow:
    """A rule that somebody made; `body` is the event that says so, at `position` in the log."""

    name: str
    body: bytes
    by: str
    created: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """How far the log was gone through for alerts, and who does that until when."""

    position: int
    holder: str = ""
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message that is still to be sent over a channel; `body` is JSON, `due` when it is tried (next)."""

    id: int
    incident: str
    channel: str
    about: str
    created: int
    due: int
    attempts: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """Runs that wait in a pool for a worker of a location, and since when the first of them does."""

    pool: str
    location: str
    count: int
    since: int


class IncidentReader(Protocol):
    """Reads incidents and what alerting keeps."""

    def incidents(
        self, *, phases: Collection[str] = (), key: str | None = None, before: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> list[IncidentRow]:  # fmt: skip
        """Incidents, newest first: in these phases, of a key; those before one that opened at a time and has an id."""

    def incidents_with_prefix(self, prefix: str) -> list[IncidentRow]:
        """Incidents whose id begins with `prefix`."""

    def incident_entries(self, incident: str) -> list[IncidentEntryRow]:
        """The timeline of an incident, oldest first."""

    def unresolved(self, also: Sequence[str] = ()) -> list[alerting.Open]:
        """The incidents that are not resolved (`also` these), oldest first, each with when people were last told."""

    def opened_since(self, at: int) -> dict[str, int]:
        """How many incidents opened at or after a time, by key."""

    def silences(self, *, now: int | None = None) -> list[SilenceRow]:
        """Silences, newest first; with `now`, those that are in force then."""

    def alert_rules(self) -> list[AlertRuleRow]:
        """The rules that people made and nobody has taken away, by name."""

    def alert_problems(self, incident: str | None = None) -> list[alerting.Problem]:
        """What is wrong now, all of it or what belongs to an incident."""

    def alert_state(self) -> AlertState | None:
        """How far alerting is; None before it has begun."""

    def alert_messages(self, *, due: int | None = None, limit: int | None = None) -> list[MessageRow]:
        """Messages to be sent, oldest first; with `due`, those that are to be tried by then."""

    def next_alert_message(self) -> int | None:
        """When the next message is to be tried; None where none waits."""

    def failing_checks(self, asset: str, keys: Sequence[str]) -> dict[str, list[tuple[str, bool, str, str, str]]]:
        """The checks that did not pass last: by partition, each as name, blocking, severity, text and run."""

    def asset_durations(self, asset: str, *, limit: int) -> list[float]:
        """Seconds that the last attempts took which made versions of an asset, newest first."""

    def pipeline_durations(self, pipeline: str, *, limit: int) -> list[float]:
        """Seconds that the last runs of a pipeline took which succeeded, newest first."""

    def waiting_for_workers(self) -> list[WaitingRow]:
        """What waits to be picked up, by pool and location."""


class IncidentTransaction(Protocol):
    """Writes what alerting keeps, in one transaction with the events that say so."""

    def alert_state(self) -> AlertState | None:
        """How far alerting is; None before it has begun."""

    def has_alert_rule(self, name: str) -> bool:
        """Whether there is a rule of this name that somebody made."""

    def set_alert_state(self, state: AlertState) -> None:
        """Note how far alerting is, and who does it."""

    def are_unresolved(self, incidents: Sequence[str]) -> bool:
        """Whether none of these incidents is resolved."""

    def put_problems(self, problems: Sequence[alerting.Problem]) -> None:
        """Keep problems, in place of those with the same key."""

    def drop_problems(self, keys: Sequence[alerting.ProblemKey]) -> None:
        """Let go of problems that are there no more."""

    def add_message(self, *, incident: str, channel: str, about: str, due: int, body: bytes) -> None:
        """Keep a message that is to be sent."""

    def delay_message(self, row: MessageRow, *, due: int) -> None:
        """Note one more attempt that did not succeed, and when to try again."""

    def remove_message(self, row: MessageRow) -> None:
        """Let go of a message that was sent, or will not be."""
