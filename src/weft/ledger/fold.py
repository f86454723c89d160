"""The one fold: from events to changes of the projections.

`fold` turns a batch of events into upserts, grouped by kind so that a store can run each group as one statement with
many rows. Two kinds of write to the same row keep their order: a new segment begins where a row is touched by another
kind. It is total over all events and pure: the same events give the same rows, in one batch or in many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from weft.ledger import changes as changing
from weft.ledger import codec, control, step_runs
from weft.model import events, stored

_encode = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode
_NO_INPUTS = _encode({})
_LONGEST_ERROR = 1000
_FAILURES = ("failed", "timed_out", "crashed")


def encode_inputs(inputs: Mapping[str, events.InputRecord]) -> bytes:
    """Digests of what was read, by asset, as the column `inputs` keeps them."""
    return _encode({asset: record.digest for asset, record in inputs.items()}) if inputs else _NO_INPUTS


def signed(number: int) -> int:
    """A 64-bit number as SQL stores it."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _json(raw: msgspec.Raw) -> bytes | None:
    found = bytes(raw)
    return None if found == b"null" else found


def fold(batch: Iterable[tuple[int, int, events.Event]]) -> list[tuple[str, list[changing.Row]]]:
    """Fold events, each with its position and time, into writes.

    Names of `WRITES` with their rows, to be done in this order.
    """
    changes = changing.Changes()
    for position, at, event in batch:
        _HANDLERS[type(event)](changes, position, at, event)
    return changes.finish()


def _run_created(changes: changing.Changes, position: int, at: int, event: events.RunCreated) -> None:
    changes.put(
        "run_created",
        event.run,
        event.execution,
        event.pipeline,
        event.definitions,
        event.plan,
        event.request,
        event.by,
        "created",
        at,
        event.steps,
        event.partition,
        _json(event.params),
        event.trigger,
        event.parent,
        event.parent_step,
        event.parent_item,
        event.rerun_of,
        event.pool,
        event.location,
        event.priority,
        event.automation,
    )


def _run_started(changes: changing.Changes, position: int, at: int, event: events.RunStarted) -> None:
    changes.put("run_started", event.run, "running", event.epoch)
    if event.epoch <= 1:
        changes.put("run_first_started", event.run, at, "running")


def _run_cancel_requested(changes: changing.Changes, position: int, at: int, event: events.RunCancelRequested) -> None:
    changes.put("run_phase", event.run, "cancelling")


def _run_finished(changes: changing.Changes, position: int, at: int, event: events.RunFinished) -> None:
    reason = event.reason or (event.error.told[:_LONGEST_ERROR] if event.error is not None else "")
    changes.put("run_finished", event.run, "finished", event.outcome, reason, at)
    if event.pipeline is None or event.partition is None:
        return
    if event.outcome in ("succeeded", "reused"):
        data_version = f"{stored.UNIQUE_ALGORITHM}:{event.run}"
        _published(
            changes, position, at, event.pipeline, event.partition, data_version, event.code, event.inputs, event.run, 1
        )
    elif event.outcome in _FAILURES:  # a run that was cancelled says nothing of its interval
        changes.put("attempted", event.pipeline, event.partition, event.outcome, event.run, at, 1, reason, position)


def _attempts_started(changes: changing.Changes, position: int, at: int, event: events.AttemptsStarted) -> None:
    """A claim is in the log for whoever takes the run over; of steps that make assets no table shows it."""
    if step_runs.of_pipeline(event.step):
        step_runs.started(changes, position, at, event)


def _published(
    changes: changing.Changes,
    position: int,
    at: int,
    asset: str,
    key: str,
    data_version: str,
    code: str,
    inputs: Mapping[str, events.InputRecord],
    run: str,
    attempt: int,
) -> None:
    changes.put(
        "published",
        asset,
        key,
        position,
        signed(codec.token(data_version)),
        data_version,
        code,
        encode_inputs(inputs),
        at,
        run,
        at,
        "succeeded",
        run,
        at,
        attempt,
        "",
        0,
        "",
        position,
    )


def _made(
    changes: changing.Changes, position: int, at: int, key: str, output: events.Materialization, run: str, attempt: int
) -> None:
    data_version = output.value.data_version
    changes.put(
        "version",
        output.asset,
        key,
        position,
        at,
        run,
        data_version,
        output.code,
        "rejected" if output.rejected else "",
    )
    if not output.rejected:
        _published(changes, position, at, output.asset, key, data_version, output.code, output.inputs, run, attempt)
    for check in output.checks:
        _checked(changes, position, at, output.asset, key, check, run)


def _checked(
    changes: changing.Changes, version: int, at: int, asset: str, key: str, check: events.CheckResult, run: str
) -> None:
    changes.put(
        "check_result",
        asset,
        key,
        check.name,
        version,
        int(check.passed),
        int(check.blocking),
        check.severity,
        check.description,
        _encode_json(check.metadata),
        at,
        run,
    )


def _step_succeeded(changes: changing.Changes, position: int, at: int, event: events.StepSucceeded) -> None:
    key = event.partition or ""
    for output in event.outputs:
        _made(changes, position, at, key, output, event.run, event.attempt)
    changes.add("step_time", event.step, 1, event.duration)
    changes.add("run_progress", event.run, 1, 0, 0, 0)
    if step_runs.of_pipeline(event.step):
        step_runs.succeeded(changes, position, at, event)


def _attempt_failed(changes: changing.Changes, position: int, at: int, event: events.AttemptFailed) -> None:
    key = event.partition or ""
    error = event.error.told[:_LONGEST_ERROR] if event.error else ""
    if step_runs.of_pipeline(event.step):
        step_runs.failed(changes, position, at, event, error)
    for output in event.outputs:
        _made(changes, position, at, key, output, event.run, event.attempt)
    if event.retry_at is not None:
        return
    changes.add("run_progress", event.run, 0, 0, 1, 0)
    rejected = {output.asset: output for output in event.outputs if output.rejected}
    for asset in event.assets:
        refused = rejected.get(asset)
        attempt = (event.outcome, event.run, at, event.attempt, error)
        if refused is None:
            changes.put("attempted", asset, key, *attempt, position)
        else:
            inputs = encode_inputs(refused.inputs)
            changes.put("rejected", asset, key, *attempt, position, refused.code, inputs, position)


def _attempts_lost(changes: changing.Changes, position: int, at: int, event: events.AttemptsLost) -> None:
    """A lost attempt is in the log; the step run is still to be done."""
    if step_runs.of_pipeline(event.step):
        step_runs.lost(changes, position, at, event)


def _steps_finished(changes: changing.Changes, position: int, at: int, event: events.StepsFinished) -> None:
    count = len(event.items or event.partitions)
    if step_runs.of_pipeline(event.step):
        step_runs.finished(changes, position, at, event)
    if event.outcome == "reused":
        changes.add("run_progress", event.run, 0, count, 0, 0)
        for asset in event.assets:
            for partition in event.partitions:
                changes.put("confirmed", asset, partition or "", at, "reused", "", position)
    elif event.outcome in _FAILURES:
        changes.add("run_progress", event.run, 0, 0, count, 0)
        for asset in event.assets:
            for partition in event.partitions:
                changes.put(
                    "attempted", asset, partition or "", event.outcome, event.run, at, 1, event.reason, position
                )
    elif event.outcome == "rolled_back":  # it had succeeded before
        changes.add("run_progress", event.run, -count, 0, 0, count)
    else:
        changes.add("run_progress", event.run, 0, 0, 0, count)


def _step_reused(changes: changing.Changes, position: int, at: int, event: events.StepReused) -> None:
    changes.add("run_progress", event.run, 0, 1, 0, 0)
    step_runs.reused(changes, position, at, event)


def _step_mapped(changes: changing.Changes, position: int, at: int, event: events.StepMapped) -> None:
    # the one step run that the plan counted became `count`; where there is no element, it ends as skipped itself
    changes.add("run_mapped", event.run, max(0, event.count - 1))
    step_runs.mapped(changes, position, at, event)


def _artifact_made(changes: changing.Changes, position: int, at: int, event: events.ArtifactMade) -> None:
    changes.put(
        "artifact",
        position,
        event.key,
        event.kind,
        event.run,
        event.step,
        event.item,
        event.asset,
        event.partition or "",
        event.description,
        at,
    )


def _input_requested(changes: changing.Changes, position: int, at: int, event: events.InputRequested) -> None:
    changes.put(
        "input_requested",
        event.run,
        event.key,
        _json(event.schema),
        event.message,
        at,
        event.until,
        int(event.suspended),
        None,
        None,
        "",
    )
    if event.suspended:
        changes.put("run_phase", event.run, "suspended")


def _input_given(changes: changing.Changes, position: int, at: int, event: events.InputGiven) -> None:
    """The answer. A run that is suspended stays so until a process takes it up again."""
    changes.put("input_given", event.run, event.key, at, _json(event.value), event.by)


def _materialized(changes: changing.Changes, position: int, at: int, event: events.Materialized) -> None:
    _made(changes, position, at, event.partition or "", event.output, event.run or "", 0)


def _observed(changes: changing.Changes, position: int, at: int, event: events.Observed) -> None:
    key = event.partition or ""
    token = signed(codec.token(event.data_version))
    changes.put("observed", event.asset, key, position, token, event.data_version, at, at, position, token)
    changes.put("version", event.asset, key, position, at, "", event.data_version, "", "")


def _checks_evaluated(changes: changing.Changes, position: int, at: int, event: events.ChecksEvaluated) -> None:
    key = event.partition or ""
    for check in event.results:
        _checked(changes, event.version_id, at, event.asset, key, check, event.run or "")
    if event.rejected:
        changes.put(
            "check_rejected", event.asset, key, event.version_id, event.code, encode_inputs(event.inputs), position
        )
    else:
        changes.put("check_cleared", event.asset, key, 0, position)


def _version_pointed(changes: changing.Changes, position: int, at: int, event: events.VersionPointed) -> None:
    changes.put(
        "pointed",
        event.asset,
        event.partition or "",
        event.to,
        signed(codec.token(event.data_version)),
        event.data_version,
        event.code,
        encode_inputs(event.inputs),
        at,
        "",
        at,
        event.reason,
        "",
        0,
        event.signature,
        position,
    )


def _accepted(changes: changing.Changes, position: int, at: int, event: events.Accepted) -> None:
    changes.put("accepted", event.asset, event.partition or "", event.signature, "accepted", "", 0, position)


def _partitions_added(changes: changing.Changes, position: int, at: int, event: events.PartitionsAdded) -> None:
    for place, key in enumerate(event.keys):
        changes.put("key_added", event.name, key, 0, position, place)


def _partitions_removed(changes: changing.Changes, position: int, at: int, event: events.PartitionsRemoved) -> None:
    for place, key in enumerate(event.keys):
        changes.put("key_added", event.name, key, position, position, place)


def _versions_removed(changes: changing.Changes, position: int, at: int, event: events.VersionsRemoved) -> None:
    for key, version in zip(event.partitions, event.versions, strict=True):
        changes.put("version_removed", event.asset, key or "", version, "removed", at, "")


def _run_values_removed(changes: changing.Changes, position: int, at: int, event: events.RunValuesRemoved) -> None:
    for run in event.runs:
        changes.put("run_values_removed", run, position, "running")


def _code_recorded(changes: changing.Changes, position: int, at: int, event: events.CodeRecorded) -> None:
    changes.put("code", event.code, event.document)


_HANDLERS: dict[type[events.Event], Callable[[changing.Changes, int, int, Any], None]] = {
    events.RunCreated: _run_created,
    events.RunStarted: _run_started,
    events.RunCancelRequested: _run_cancel_requested,
    events.RunFinished: _run_finished,
    events.AttemptsStarted: _attempts_started,
    events.StepSucceeded: _step_succeeded,
    events.AttemptFailed: _attempt_failed,
    events.AttemptsLost: _attempts_lost,
    events.StepsFinished: _steps_finished,
    events.StepReused: _step_reused,
    events.StepParked: step_runs.parked,
    events.StepMapped: _step_mapped,
    events.ArtifactMade: _artifact_made,
    events.InputRequested: _input_requested,
    events.InputGiven: _input_given,
    events.Materialized: _materialized,
    events.Observed: _observed,
    events.ChecksEvaluated: _checks_evaluated,
    events.VersionPointed: _version_pointed,
    events.Accepted: _accepted,
    events.PartitionsAdded: _partitions_added,
    events.PartitionsRemoved: _partitions_removed,
    events.VersionsRemoved: _versions_removed,
    events.RunValuesRemoved: _run_values_removed,
    events.CodeRecorded: _code_recorded,
    **control.HANDLERS,
}
