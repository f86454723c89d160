"""Every kind of change that folding makes to a projection, by name; a store makes a statement of each."""

from __future__ import annotations

from collections.abc import Mapping

from weft.ledger import tables

_INCIDENT = (
    "key",
    "rule",
    "severity",
    "title",
    "root",
    "subject",
    "detail",
    "run",
    "owners",
    "tags",
    "phase",
    "opened",
)
"""What an incident has from its beginning, for a fold that is total: an event of one that never opened is kept too."""

_BUT_SEVERITY = (*(each for each in _INCIDENT if each != "severity"), "last")
_BUT_PHASE = (*(each for each in _INCIDENT if each != "phase"), "last")

WRITES: Mapping[str, tables.Write] = {
    "run_created": tables.Write(
        table="run",
        key=("id",),
        replace=(
            "execution",
            "pipeline",
            "definitions",
            "plan",
            "request",
            "by_whom",
            "phase",
            "created",
            "steps",
            "partition",
            "params",
            "trigger_by",
            "parent",
            "parent_step",
            "parent_item",
            "rerun_of",
            "pool",
            "location",
            "priority",
            "automation",
        ),
    ),
    "run_started": tables.Write(table="run", key=("id",), replace=("phase", "epoch")),
    "run_first_started": tables.Write(table="run", key=("id",), replace=("started", "phase")),
    "run_priority": tables.Write(table="run", key=("id",), replace=("priority",), first=("phase",)),
    "run_phase": tables.Write(table="run", key=("id",), replace=("phase",)),
    "run_finished": tables.Write(table="run", key=("id",), replace=("phase", "outcome", "reason", "finished")),
    "run_progress": tables.Write(
        table="run", key=("id",), add=("succeeded", "reused", "failed", "held"), first=("phase",)
    ),
    "run_values_removed": tables.Write(table="run", key=("id",), replace=("values_removed",), first=("phase",)),
    "run_mapped": tables.Write(table="run", key=("id",), add=("mapped",), first=("phase",)),
    "step_attempted": tables.Write(
        table="step_run",
        key=("run", "step", "item"),
        replace=(
            "phase",
            "outcome",
            "reason",
            "attempt",
            "at",
            "started",
            "duration",
            "until",
            "source_run",
            "position",
        ),
        first=("first",),
    ),
    "step_waits": tables.Write(
        table="step_run",
        key=("run", "step", "item"),
        replace=("phase", "reason", "attempt", "at", "until"),
        first=("first",),
    ),
    "step_ended": tables.Write(
        table="step_run",
        key=("run", "step", "item"),
        replace=("phase", "outcome", "reason", "at", "until", "source_run", "position"),
        first=("first",),
    ),
    "step_mapped": tables.Write(
        table="step_run", key=("run", "step", "item"), replace=("phase", "at", "items"), first=("first",)
    ),
    "cached": tables.Write(table="cached", key=("key",), replace=("run", "step", "item", "position", "expires")),
    "artifact": tables.Write(
        table="artifact",
        key=("position",),
        replace=("key", "kind", "run", "step", "item", "asset", "partition", "description", "at"),
    ),
    "input_requested": tables.Write(
        table="input_request",
        key=("run", "key"),
        replace=("form", "message", "asked", "until", "suspended", "answered", "value", "by_whom"),
    ),
    "input_given": tables.Write(table="input_request", key=("run", "key"), replace=("answered", "value", "by_whom")),
    "published": tables.Write(
        table="partition",
        key=("asset", "key"),
        replace=(
            "version",
            "token",
            "data_version",
            "code",
            "inputs",
            "made_at",
            "made_by",
            "confirmed_at",
            "outcome",
            "attempt_run",
            "attempt_at",
            "attempt",
            "error",
            "rejected",
            "accepted",
            "changed",
        ),
    ),
    "observed": tables.Write(
        table="partition",
        key=("asset", "key"),
        replace=("version", "token", "data_version", "made_at", "confirmed_at", "changed"),
        first=("first_token",),
    ),
    "pointed": tables.Write(
        table="partition",
        key=("asset", "key"),
        replace=(
            "version",
            "token",
            "data_version",
            "code",
            "inputs",
            "made_at",
            "made_by",
            "confirmed_at",
            "outcome",
            "error",
            "rejected",
            "accepted",
            "changed",
        ),
    ),
    "attempted": tables.Write(
        table="partition",
        key=("asset", "key"),
        replace=("outcome", "attempt_run", "attempt_at", "attempt", "error", "changed"),
    ),
    "rejected": tables.Write(
        table="partition",
        key=("asset", "key"),
        replace=(
            "outcome",
            "attempt_run",
            "attempt_at",
            "attempt",
            "error",
            "rejected",
            "rejected_code",
            "rejected_inputs",
            "changed",
        ),
    ),
    "check_rejected": tables.Write(
        table="partition",
        key=("asset", "key"),
        replace=("rejected", "rejected_code", "rejected_inputs", "changed"),
    ),
    "check_cleared": tables.Write(table="partition", key=("asset", "key"), replace=("rejected", "changed")),
    "confirmed": tables.Write(
        table="partition", key=("asset", "key"), replace=("confirmed_at", "outcome", "error", "changed")
    ),
    "accepted": tables.Write(
        table="partition", key=("asset", "key"), replace=("accepted", "outcome", "error", "rejected", "changed")
    ),
    "version": tables.Write(
        table="version", key=("asset", "key", "id"), replace=("at", "run", "data_version", "code", "state")
    ),
    "version_removed": tables.Write(
        table="version", key=("asset", "key", "id"), replace=("state",), first=("at", "data_version")
    ),
    "check_result": tables.Write(
        table="check_result",
        key=("asset", "key", "name"),
        replace=("version", "passed", "blocking", "severity", "description", "metadata", "at", "run"),
    ),
    "step_time": tables.Write(table="step_time", key=("step",), add=("count", "total")),
    "key_added": tables.Write(table="dynamic_key", key=("name", "key"), replace=("removed",), first=("added", "place")),
    "code": tables.Write(table="code", key=("code",), replace=("document",)),
    "location_loaded": tables.Write(
        table="location",
        key=("name",),
        replace=("snapshot", "loaded", "source", "problems", "failed", "removed", "changed"),
    ),
    "location_failed": tables.Write(
        table="location", key=("name",), replace=("problems", "failed", "removed", "changed"), first=("source",)
    ),
    "location_removed": tables.Write(table="location", key=("name",), replace=("removed", "changed")),
    "definition": tables.Write(table="definition", key=("name", "position"), replace=("digest", "location", "at")),
    "automation_activated": tables.Write(table="automation", key=("id",), replace=("location", "activated")),
    "automation_paused": tables.Write(
        table="automation", key=("id",), replace=("paused", "paused_by", "paused_at", "reason")
    ),
    "automation_ticked": tables.Write(
        table="automation", key=("id",), replace=("last_tick", "last_due", "last_decision", "last_at")
    ),
    "automation_moved": tables.Write(table="automation", key=("id",), replace=("cursor",)),
    "tick": tables.Write(
        table="tick",
        key=("automation", "tick"),
        replace=("position", "due", "at", "decision", "reason", "runs", "executions", "count"),
    ),
    "saved_plan_removed": tables.Write(
        table="saved_plan", key=("id",), replace=("removed",), first=("document", "created")
    ),
    "saved_plan": tables.Write(
        table="saved_plan", key=("id",), replace=("document", "request", "steps", "by_whom", "created")
    ),
    "plan_applied": tables.Write(
        table="saved_plan", key=("id",), replace=("execution",), first=("document", "created")
    ),
    "execution": tables.Write(
        table="execution",
        key=("id",),
        replace=(
            "kind",
            "document",
            "request",
            "total",
            "by_whom",
            "priority",
            "concurrency",
            "pool",
            "plan",
            "automation",
            "options",
            "phase",
            "created",
        ),
    ),
    "execution_changed": tables.Write(
        table="execution", key=("id",), replace=("priority", "concurrency"), first=("phase",)
    ),
    "execution_phase": tables.Write(table="execution", key=("id",), replace=("phase",)),
    "execution_finished": tables.Write(
        table="execution", key=("id",), replace=("phase", "outcome", "reason", "finished")
    ),
    "incident_opened": tables.Write(
        table="incident",
        key=("id",),
        replace=(
            "key",
            "rule",
            "severity",
            "title",
            "root",
            "subject",
            "detail",
            "run",
            "partition",
            "owners",
            "tags",
            "phase",
            "opened",
            "occurrences",
            "last",
        ),
    ),
    "incident_grew": tables.Write(
        table="incident", key=("id",), replace=("last",), add=("occurrences",), first=_INCIDENT
    ),
    "incident_severity": tables.Write(
        table="incident",
        key=("id",),
        replace=("severity",),
        first=_BUT_SEVERITY,
    ),
    "incident_acknowledged": tables.Write(
        table="incident",
        key=("id",),
        replace=("phase", "acknowledged", "acknowledged_by"),
        first=_BUT_PHASE,
    ),
    "incident_resolved": tables.Write(
        table="incident",
        key=("id",),
        replace=("phase", "resolved", "resolved_by"),
        first=_BUT_PHASE,
    ),
    "incident_entry": tables.Write(
        table="incident_entry",
        key=("incident", "position"),
        replace=("at", "kind", "text", "by_whom", "subject", "run"),
    ),
    "silence_added": tables.Write(
        table="silence", key=("id",), replace=("matches", "until", "by_whom", "reason", "created")
    ),
    "silence_removed": tables.Write(
        table="silence", key=("id",), replace=("removed",), first=("matches", "until", "created")
    ),
    "alert_rule_added": tables.Write(
        table="alert_rule", key=("name",), replace=("body", "by_whom", "created", "position", "removed")
    ),
    "alert_rule_removed": tables.Write(
        table="alert_rule", key=("name",), replace=("removed",), first=("body", "created", "position")
    ),
    "change_made": tables.Write(
        table="change_made",
        key=("position",),
        replace=("at", "action", "by_whom", "via", "target", "detail", "token", "address", "chain"),
    ),
}
