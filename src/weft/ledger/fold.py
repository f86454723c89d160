"""The one fold: from events to changes of the projections.

`fold` turns a batch of events into upserts, grouped by kind so that a store can run each group as one statement with
many rows. Two kinds of write to the same row keep their order: a new segment begins where a row is touched by another
kind. It is total over all events and pure: the same events give the same rows, in one batch or in many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from weft.ledger import codec, writes
from weft.model import events

Row: TypeAlias = tuple[object, ...]

_encode = msgspec.msgpack.Encoder().encode
_NO_INPUTS = _encode({})


def encode_inputs(inputs: Mapping[str, events.InputRecord]) -> bytes:
    """Digests of what was read, by asset, as the column `inputs` keeps them."""
    return _encode({asset: record.digest for asset, record in inputs.items()}) if inputs else _NO_INPUTS


def signed(number: int) -> int:
    """A 64-bit number as SQL stores it."""
    return number - (1 << 64) if number >= 1 << 63 else number


class _Changes:
    """Rows gathered by kind of write, in segments that keep the order of writes to one row."""

    def __init__(self) -> None:
        self.segments: list[dict[str, list[Row]]] = [{}]
        self._touched: dict[tuple[object, ...], str] = {}
        self._sums: dict[tuple[str, str], list[int]] = {}

    def put(self, kind: str, *row: object) -> None:
        write = writes.WRITES[kind]
        where = (write.table, *row[: len(write.key)])
        before = self._touched.get(where)
        if before is not None and before != kind:
            self._close()
        self._touched[where] = kind
        self.segments[-1].setdefault(kind, []).append(row)

    def add(self, kind: str, key: str, *amounts: int) -> None:
        sums = self._sums.setdefault((kind, key), [0] * len(amounts))
        for place, amount in enumerate(amounts):
            sums[place] += amount

    def _close(self) -> None:
        self._touched.clear()
        self.segments.append({})

    def finish(self) -> list[tuple[str, list[Row]]]:
        if self._sums:
            self._close()
        for (kind, key), sums in self._sums.items():
            tail = ("running",) if kind == "run_progress" else ()
            self.segments[-1].setdefault(kind, []).append((key, *sums, *tail))
        return [(kind, rows) for segment in self.segments for kind, rows in segment.items()]


def fold(batch: Iterable[tuple[int, int, events.Event]]) -> list[tuple[str, list[Row]]]:
    """Fold events, each with its position and time, into writes.

    Names of `WRITES` with their rows, to be done in this order.
    """
    changes = _Changes()
    for position, at, event in batch:
        _HANDLERS[type(event)](changes, position, at, event)
    return changes.finish()


def _run_created(changes: _Changes, position: int, at: int, event: events.RunCreated) -> None:
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
    )


def _run_started(changes: _Changes, position: int, at: int, event: events.RunStarted) -> None:
    changes.put("run_started", event.run, "running", event.epoch)
    if event.epoch <= 1:
        changes.put("run_first_started", event.run, at, "running")


def _run_cancel_requested(changes: _Changes, position: int, at: int, event: events.RunCancelRequested) -> None:
    changes.put("run_phase", event.run, "cancelling")


def _run_finished(changes: _Changes, position: int, at: int, event: events.RunFinished) -> None:
    changes.put("run_finished", event.run, "finished", event.outcome, event.reason, at)


def _attempts_started(changes: _Changes, position: int, at: int, event: events.AttemptsStarted) -> None:
    """A claim is in the log for whoever takes the run over; no table shows it."""


def _made(
    changes: _Changes, position: int, at: int, key: str, output: events.Materialization, run: str, attempt: int
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
        changes.put(
            "published",
            output.asset,
            key,
            position,
            signed(codec.token(data_version)),
            data_version,
            output.code,
            encode_inputs(output.inputs),
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
    for check in output.checks:
        _checked(changes, position, at, output.asset, key, check, run)


def _checked(
    changes: _Changes, version: int, at: int, asset: str, key: str, check: events.CheckResult, run: str
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
        _encode(check.metadata),
        at,
        run,
    )


def _step_succeeded(changes: _Changes, position: int, at: int, event: events.StepSucceeded) -> None:
    key = event.partition or ""
    for output in event.outputs:
        _made(changes, position, at, key, output, event.run, event.attempt)
    changes.add("step_time", event.step, 1, event.duration)
    changes.add("run_progress", event.run, 1, 0, 0, 0)


def _attempt_failed(changes: _Changes, position: int, at: int, event: events.AttemptFailed) -> None:
    key = event.partition or ""
    error = event.error.told[:1000] if event.error else ""
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


def _attempts_lost(changes: _Changes, position: int, at: int, event: events.AttemptsLost) -> None:
    """A lost attempt is in the log; the step run is still to be done."""


def _steps_finished(changes: _Changes, position: int, at: int, event: events.StepsFinished) -> None:
    count = len(event.partitions)
    if event.outcome == "reused":
        changes.add("run_progress", event.run, 0, count, 0, 0)
        for asset in event.assets:
            for partition in event.partitions:
                changes.put("confirmed", asset, partition or "", at, "reused", "", position)
    elif event.outcome in ("failed", "timed_out", "crashed"):
        changes.add("run_progress", event.run, 0, 0, count, 0)
        for asset in event.assets:
            for partition in event.partitions:
                changes.put(
                    "attempted", asset, partition or "", event.outcome, event.run, at, 1, event.reason, position
                )
    else:
        changes.add("run_progress", event.run, 0, 0, 0, count)


def _materialized(changes: _Changes, position: int, at: int, event: events.Materialized) -> None:
    _made(changes, position, at, event.partition or "", event.output, event.run or "", 0)


def _observed(changes: _Changes, position: int, at: int, event: events.Observed) -> None:
    key = event.partition or ""
    token = signed(codec.token(event.data_version))
    changes.put("observed", event.asset, key, position, token, event.data_version, at, at, position, token)
    changes.put("version", event.asset, key, position, at, "", event.data_version, "", "")


def _checks_evaluated(changes: _Changes, position: int, at: int, event: events.ChecksEvaluated) -> None:
    key = event.partition or ""
    for check in event.results:
        _checked(changes, event.version_id, at, event.asset, key, check, event.run or "")
    if event.rejected:
        changes.put(
            "check_rejected", event.asset, key, event.version_id, event.code, encode_inputs(event.inputs), position
        )
    else:
        changes.put("check_cleared", event.asset, key, 0, position)


def _version_pointed(changes: _Changes, position: int, at: int, event: events.VersionPointed) -> None:
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


def _accepted(changes: _Changes, position: int, at: int, event: events.Accepted) -> None:
    changes.put("accepted", event.asset, event.partition or "", event.signature, "accepted", "", 0, position)


def _partitions_added(changes: _Changes, position: int, at: int, event: events.PartitionsAdded) -> None:
    for place, key in enumerate(event.keys):
        changes.put("key_added", event.name, key, 0, position, place)


def _partitions_removed(changes: _Changes, position: int, at: int, event: events.PartitionsRemoved) -> None:
    for place, key in enumerate(event.keys):
        changes.put("key_added", event.name, key, position, position, place)


def _versions_removed(changes: _Changes, position: int, at: int, event: events.VersionsRemoved) -> None:
    for key, version in zip(event.partitions, event.versions, strict=True):
        changes.put("version_removed", event.asset, key or "", version, "removed", at, "")


def _code_recorded(changes: _Changes, position: int, at: int, event: events.CodeRecorded) -> None:
    changes.put("code", event.code, event.document)


_HANDLERS: dict[type[events.Event], Callable[[_Changes, int, int, Any], None]] = {
    events.RunCreated: _run_created,
    events.RunStarted: _run_started,
    events.RunCancelRequested: _run_cancel_requested,
    events.RunFinished: _run_finished,
    events.AttemptsStarted: _attempts_started,
    events.StepSucceeded: _step_succeeded,
    events.AttemptFailed: _attempt_failed,
    events.AttemptsLost: _attempts_lost,
    events.StepsFinished: _steps_finished,
    events.Materialized: _materialized,
    events.Observed: _observed,
    events.ChecksEvaluated: _checks_evaluated,
    events.VersionPointed: _version_pointed,
    events.Accepted: _accepted,
    events.PartitionsAdded: _partitions_added,
    events.PartitionsRemoved: _partitions_removed,
    events.VersionsRemoved: _versions_removed,
    events.CodeRecorded: _code_recorded,
}
