"""The fold of the events around runs: locations, automations, executions, incidents and changes by people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from weft.ledger import changes as changing
from weft.model import control_events as control
from weft.model import event_base

_encode = msgspec.json.Encoder().encode


def text(values: tuple[str, ...]) -> str:
    """Several names in one column: JSON, empty for none."""
    return _encode(values).decode() if values else ""


def _json(raw: msgspec.Raw) -> bytes | None:
    found = bytes(raw)
    return None if found == b"null" else found


def _location_loaded(changes: changing.Changes, position: int, at: int, event: control.LocationLoaded) -> None:
    changes.put("location_loaded", event.location, event.snapshot, at, event.source, None, None, 0, position)
    for name, digest in event.changed.items():
        changes.put("definition", name, position, digest, event.location, at)
    for name in event.removed:
        changes.put("definition", name, position, "", event.location, at)


def _location_failed(changes: changing.Changes, position: int, at: int, event: control.LocationFailed) -> None:
    changes.put("location_failed", event.location, _encode(event.problems), at, 0, position, event.source)


def _location_removed(changes: changing.Changes, position: int, at: int, event: control.LocationRemoved) -> None:
    changes.put("location_removed", event.location, at, position)


def _automation_activated(
    changes: changing.Changes, position: int, at: int, event: control.AutomationActivated
) -> None:
    changes.put("automation_activated", event.automation, event.location, event.at)


def _automation_paused(changes: changing.Changes, position: int, at: int, event: control.AutomationPaused) -> None:
    changes.put("automation_paused", event.automation, 1, event.by, at, event.reason)


def _automation_resumed(changes: changing.Changes, position: int, at: int, event: control.AutomationResumed) -> None:
    changes.put("automation_paused", event.automation, 0, event.by, at, "")


def _tick_decided(changes: changing.Changes, position: int, at: int, event: control.TickDecided) -> None:
    changes.put(
        "tick",
        event.automation,
        event.tick,
        position,
        event.due,
        at,
        event.decision,
        event.reason,
        text(event.runs),
        text(event.executions),
        event.count,
    )
    changes.put("automation_ticked", event.automation, event.tick, event.due, event.decision, at)
    if event.cursor is not None:
        changes.put("automation_moved", event.automation, event.cursor)


def _plan_saved(changes: changing.Changes, position: int, at: int, event: control.PlanSaved) -> None:
    changes.put("saved_plan", event.plan, event.document, event.request, event.steps, event.by, at)


def _plan_removed(changes: changing.Changes, position: int, at: int, event: control.PlanRemoved) -> None:
    changes.put("saved_plan_removed", event.plan, at, "", at)


def _execution_created(changes: changing.Changes, position: int, at: int, event: control.ExecutionCreated) -> None:
    changes.put(
        "execution",
        event.execution,
        event.kind,
        event.document,
        event.request,
        event.total,
        event.by,
        event.priority,
        event.concurrency,
        event.pool,
        event.plan,
        event.automation,
        _json(event.options),
        "running",
        at,
    )
    if event.plan:
        changes.put("plan_applied", event.plan, event.execution, event.document, at)


def _execution_changed(changes: changing.Changes, position: int, at: int, event: control.ExecutionChanged) -> None:
    changes.put("execution_changed", event.execution, event.priority, event.concurrency, "running")


def _execution_paused(changes: changing.Changes, position: int, at: int, event: control.ExecutionPaused) -> None:
    changes.put("execution_phase", event.execution, "suspended")


def _execution_resumed(changes: changing.Changes, position: int, at: int, event: control.ExecutionResumed) -> None:
    changes.put("execution_phase", event.execution, "running")


def _execution_cancelled(
    changes: changing.Changes, position: int, at: int, event: control.ExecutionCancelRequested
) -> None:
    changes.put("execution_phase", event.execution, "cancelling")


def _execution_finished(changes: changing.Changes, position: int, at: int, event: control.ExecutionFinished) -> None:
    changes.put("execution_finished", event.execution, "finished", event.outcome, event.reason, at)


def _run_priority(changes: changing.Changes, position: int, at: int, event: control.RunPriorityChanged) -> None:
    changes.put("run_priority", event.run, event.priority, "running")


def _unknown(at: int, *, severity: bool = True, phase: bool = True) -> tuple[object, ...]:
    """What an incident begins with whose opening is not in the log; the columns are those of a first insert."""
    return ("", "", *(("",) if severity else ()), "", "", "", "", "", "", "", *(("open",) if phase else ()), at)


def _incident_opened(changes: changing.Changes, position: int, at: int, event: control.IncidentOpened) -> None:
    changes.put(
        "incident_opened",
        event.incident,
        event.key,
        event.rule,
        event.severity,
        event.title,
        event.root,
        event.subject,
        event.detail,
        event.of_run,
        event.partition,
        text(event.owners),
        text(event.tags),
        "open",
        at,
        1,
        at,
    )
    _entry(changes, event.incident, position, at, "opened", event.title, "", event.subject, event.of_run)


def _incident_grew(changes: changing.Changes, position: int, at: int, event: control.IncidentGrew) -> None:
    changes.put("incident_grew", event.incident, at, 1, *_unknown(at))
    if event.severity:
        changes.put("incident_severity", event.incident, event.severity, *_unknown(at, severity=False), at)
    _entry(changes, event.incident, position, at, "grew", event.detail, "", event.subject, event.of_run)


def _incident_acknowledged(
    changes: changing.Changes, position: int, at: int, event: control.IncidentAcknowledged
) -> None:
    changes.put("incident_acknowledged", event.incident, "acknowledged", at, event.by, *_unknown(at, phase=False), at)
    _entry(changes, event.incident, position, at, "acknowledged", event.note, event.by)


def _incident_noted(changes: changing.Changes, position: int, at: int, event: control.IncidentNoted) -> None:
    _entry(changes, event.incident, position, at, "note", event.note, event.by)


def _incident_resolved(changes: changing.Changes, position: int, at: int, event: control.IncidentResolved) -> None:
    changes.put("incident_resolved", event.incident, "resolved", at, event.by, *_unknown(at, phase=False), at)
    _entry(changes, event.incident, position, at, "resolved", event.reason, event.by)


def _notification_sent(changes: changing.Changes, position: int, at: int, event: control.NotificationSent) -> None:
    kind = "not notified" if event.error else "notified"
    told = f"{event.about}: {event.error}" if event.error else event.about
    _entry(changes, event.incident, position, at, kind, told, subject=event.channel)


def _entry(
    changes: changing.Changes,
    incident: str,
    position: int,
    at: int,
    kind: str,
    told: str,
    by: str = "",
    subject: str = "",
    run: str = "",
) -> None:
    changes.put("incident_entry", incident, position, at, kind, told, by, subject, run)


def _silence_added(changes: changing.Changes, position: int, at: int, event: control.SilenceAdded) -> None:
    matches = _encode(event.matches).decode()
    changes.put("silence_added", event.silence, matches, event.until, event.by, event.reason, at)


def _silence_removed(changes: changing.Changes, position: int, at: int, event: control.SilenceRemoved) -> None:
    changes.put("silence_removed", event.silence, at, "{}", at, at)


def _alert_rule_added(changes: changing.Changes, position: int, at: int, event: control.AlertRuleAdded) -> None:
    changes.put("alert_rule_added", event.rule, _encode(event), event.by, at, position, None)


def _alert_rule_removed(changes: changing.Changes, position: int, at: int, event: control.AlertRuleRemoved) -> None:
    changes.put("alert_rule_removed", event.rule, at, b"", at, position)


def _change_made(changes: changing.Changes, position: int, at: int, event: control.ChangeMade) -> None:
    changes.put(
        "change_made",
        position,
        at,
        event.action,
        event.by,
        event.via,
        event.target,
        _json(event.detail),
        event.token,
        event.address,
        event.chain,
    )


HANDLERS: Mapping[type[event_base.Event], Callable[[changing.Changes, int, int, Any], None]] = {
    control.LocationLoaded: _location_loaded,
    control.LocationFailed: _location_failed,
    control.LocationRemoved: _location_removed,
    control.AutomationActivated: _automation_activated,
    control.AutomationPaused: _automation_paused,
    control.AutomationResumed: _automation_resumed,
    control.TickDecided: _tick_decided,
    control.PlanSaved: _plan_saved,
    control.PlanRemoved: _plan_removed,
    control.ExecutionCreated: _execution_created,
    control.ExecutionChanged: _execution_changed,
    control.ExecutionPaused: _execution_paused,
    control.ExecutionResumed: _execution_resumed,
    control.ExecutionCancelRequested: _execution_cancelled,
    control.ExecutionFinished: _execution_finished,
    control.RunPriorityChanged: _run_priority,
    control.IncidentOpened: _incident_opened,
    control.IncidentGrew: _incident_grew,
    control.IncidentAcknowledged: _incident_acknowledged,
    control.IncidentNoted: _incident_noted,
    control.IncidentResolved: _incident_resolved,
    control.NotificationSent: _notification_sent,
    control.SilenceAdded: _silence_added,
    control.SilenceRemoved: _silence_removed,
    control.AlertRuleAdded: _alert_rule_added,
    control.AlertRuleRemoved: _alert_rule_removed,
    control.ChangeMade: _change_made,
}
"""What each event changes, with its position and time."""
