"""The events around runs: definitions loaded, ticks decided, executions, incidents, and changes that people made.

Times are microseconds since the epoch, UTC. An *automation* is what asks for runs by itself; its id has its kind in
front: `schedule:trading`, `sensor:new_files`, `webhook:orders`, `condition:daily_metrics`, `freshness:daily_metrics`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from weft.model.event_base import NULL, Event, Outcome

# --- code locations ---


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with the definitions of a location; `file` is relative to its root, `line` counts from 1."""

    message: str
    remedy: str = ""
    file: str = ""
    line: int = 0
    code: str = ""


class LocationLoaded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The definitions of a code location were read, and differ from those before.

    `snapshot` is the digest of the document with all of them. `changed` has the new version of each definition that is
    new or another one: `asset:KEY`, `pipeline:NAME` or `job:NAME` to the digest of its document. `removed` are those
    that are not defined any more.
    """

    location: str
    snapshot: str
    changed: dict[str, str] = {}
    removed: tuple[str, ...] = ()
    source: str = ""
    """Where from: the folder with the file or module, and the interpreter, as people read it."""


class LocationFailed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The definitions of a code location could not be read; those that were read last stay in force."""

    location: str
    problems: tuple[Problem, ...] = ()
    source: str = ""


class LocationRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A code location is not configured any more; its definitions are gone, its history stays."""

    location: str


# --- automations ---


class AutomationActivated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A scheduler saw an automation for the first time: without catch-up, nothing that was due before counts."""

    automation: str
    at: int
    location: str = ""


class AutomationPaused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody stopped an automation: it decides nothing until it is resumed."""

    automation: str
    by: str = ""
    reason: str = ""


class AutomationResumed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody let an automation go on."""

    automation: str
    by: str = ""


class TickDecided(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An automation was due, and this is what came of it: one event a tick, however many schedulers live.

    `tick` identifies it within its automation: the time that it was due, or the key by which a sensor's or webhook's
    request is told from others. `runs` were created in the same transaction. "missed" stands for `count` ticks that
    were due while no scheduler lived and that the catch-up rule leaves out. `cursor` is what a sensor goes on from.
    """

    automation: str
    tick: str
    due: int
    decision: Literal["started", "skipped", "failed", "missed"]
    reason: str = ""
    runs: tuple[str, ...] = ()
    executions: tuple[str, ...] = ()
    cursor: str | None = None
    count: int = 1


# --- plans and executions ---


class PlanSaved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A plan was kept to be looked at and applied; `document` is the digest of it with all that it relies on."""

    plan: str
    document: str
    request: str = ""
    steps: int = 0
    by: str = ""


class PlanRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A plan is kept no longer; what applied it stays."""

    plan: str
    by: str = ""


class ExecutionCreated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A plan is to be carried out by the scheduler, in as many runs as it takes.

    `document` is the digest of the plan that was agreed to; what is not in it never runs. `total` counts its step runs
    and intervals. `concurrency` bounds how many of its runs are under way at once (None: no bound of its own).
    """

    execution: str
    kind: Literal["apply", "backfill", "automation"] = "apply"
    document: str = ""
    request: str = ""
    total: int = 0
    by: str = ""
    priority: int = 0
    concurrency: int | None = None
    pool: str = ""
    plan: str = ""
    """The saved plan that it applies, if it does."""
    automation: str = ""
    options: msgspec.Raw = NULL


class ExecutionChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An execution got another place in the queue, or another bound on its runs; both are told as they are now."""

    execution: str
    priority: int = 0
    concurrency: int | None = None
    by: str = ""


class ExecutionPaused(Event, frozen=True, kw_only=True, omit_defaults=True):
    """No further run of an execution begins until it is resumed."""

    execution: str
    by: str = ""


class ExecutionResumed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An execution goes on."""

    execution: str
    by: str = ""


class ExecutionCancelRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody asked for an execution to end: its runs are cancelled, and no further one begins."""

    execution: str
    by: str = ""
    reason: str = ""


class ExecutionFinished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """All runs of an execution have ended, and there will be no more."""

    execution: str
    outcome: Outcome
    reason: str = ""


class RunPriorityChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A waiting run was moved up or down in the queue; the highest goes first."""

    run: str
    priority: int
    by: str = ""


# --- incidents ---


class IncidentOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something is wrong that people should know of.

    `key` identifies what is wrong, so that the same again is no new incident; `root` is the asset or pipeline in which
    it began, and by which what it breaks below is grouped.
    """

    incident: str
    key: str
    rule: str
    severity: Literal["info", "warning", "error", "critical"]
    title: str
    root: str = ""
    subject: str = ""
    detail: str = ""
    of_run: str = ""
    partition: str | None = None
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class IncidentGrew(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The same happened again, or more is hit by it (`subject`)."""

    incident: str
    subject: str = ""
    detail: str = ""
    of_run: str = ""
    partition: str | None = None
    severity: Literal["", "info", "warning", "error", "critical"] = ""


class IncidentAcknowledged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody takes care of an incident."""

    incident: str
    by: str = ""
    note: str = ""


class IncidentNoted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody wrote something down about an incident."""

    incident: str
    note: str
    by: str = ""


class IncidentResolved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What was wrong is right again, or somebody said so; `by` is empty in the first case."""

    incident: str
    by: str = ""
    reason: str = ""


class NotificationSent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """People were told of an incident over a channel, or could not be (`error`)."""

    incident: str
    channel: str
    about: Literal["opened", "grew", "resolved", "reminder", "test"] = "opened"
    error: str = ""
    attempt: int = 1


class SilenceAdded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Nobody is told of what matches, until a time: incidents are kept all the same.

    `matches` has fields (rule, root, subject, owner, tag, severity) to patterns with `*`.
    """

    silence: str
    matches: dict[str, str]
    until: int
    by: str = ""
    reason: str = ""


class SilenceRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A silence ended before its time."""

    silence: str
    by: str = ""


class EventMatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which single events an alert rule is on: of these types; `subject` is a pattern with `*`, "" for any."""

    types: tuple[str, ...]
    subject: str = ""
    outcome: str = ""


class AlertRuleAdded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody made an alert rule, beside those of the configuration. Times are in microseconds."""

    rule: str
    on: tuple[str, ...] = ()
    events: EventMatch | None = None
    select: str = ""
    severity: Literal["", "info", "warning", "error", "critical"] = ""
    channels: tuple[str, ...] = ()
    after: int = 0
    repeat: int | None = None
    by: str = ""


class AlertRuleRemoved(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody took an alert rule away that somebody had made."""

    rule: str
    by: str = ""


# --- audit ---


class ChangeMade(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody changed something, through any surface. Never holds a secret.

    `chain` is a digest over this change and the `chain` of the one before it, so that none can be taken out unseen.
    """

    action: str
    """What was done, as the scope or command is named: "runs.cancel", "assets.accept"."""
    by: str
    via: Literal["cli", "http", "server", "python"]
    target: str = ""
    detail: msgspec.Raw = NULL
    """JSON object: what was given, and what was there before where that is known."""
    token: str = ""
    """Id of the API token or session, not the secret."""
    address: str = ""
    chain: str = ""


AnyControlEvent = (
    LocationLoaded
    | LocationFailed
    | LocationRemoved
    | AutomationActivated
    | AutomationPaused
    | AutomationResumed
    | TickDecided
    | PlanSaved
    | PlanRemoved
    | ExecutionCreated
    | ExecutionChanged
    | ExecutionPaused
    | ExecutionResumed
    | ExecutionCancelRequested
    | ExecutionFinished
    | RunPriorityChanged
    | IncidentOpened
    | IncidentGrew
    | IncidentAcknowledged
    | IncidentNoted
    | IncidentResolved
    | NotificationSent
    | SilenceAdded
    | SilenceRemoved
    | AlertRuleAdded
    | AlertRuleRemoved
    | ChangeMade
)
