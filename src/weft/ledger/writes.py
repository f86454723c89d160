"""Every kind of change that folding makes to a projection, by name; a store makes a statement of each."""

from __future__ import annotations

from collections.abc import Mapping

from weft.ledger import tables

WRITES: Mapping[str, tables.Write] = {
    "run_created": tables.Write(
        table="run",
        key=("id",),
        replace=("execution", "pipeline", "definitions", "plan", "request", "by_whom", "phase", "created", "steps"),
    ),
    "run_started": tables.Write(table="run", key=("id",), replace=("phase", "epoch")),
    "run_first_started": tables.Write(table="run", key=("id",), replace=("started", "phase")),
    "run_phase": tables.Write(table="run", key=("id",), replace=("phase",)),
    "run_finished": tables.Write(table="run", key=("id",), replace=("phase", "outcome", "reason", "finished")),
    "run_progress": tables.Write(
        table="run", key=("id",), add=("succeeded", "reused", "failed", "held"), first=("phase",)
    ),
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
}
