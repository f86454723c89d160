"""Two runs beside each other: code, parameters, what they read, how their steps went, and what these left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from weft.ledger import codec
from weft.model import events, stored
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service.run import history, run_code, run_details
from weft.service.server import definition_versions

_MOST = 500
"""So many of a kind are told."""
_PAGE = 1000
_TYPES = ("StepSucceeded", "AttemptFailed", "StepReused", "StepsFinished", "RunFinished")
_WORST = ("failed", "timed_out", "crashed", "upstream_failed", "cancelled", "removed", "skipped", "reused", "succeeded")


class Difference(views.View, frozen=True, kw_only=True):
    """Something under a name that both runs may have. `different`: it is not the same in both, or only one has it."""

    name: str
    before: Any
    after: Any
    different: bool


class StepSide(views.View, frozen=True, kw_only=True):
    """How a step went in one of the runs: its worst state, bodies' time in sum, step runs and attempts."""

    state: str
    seconds: float
    count: int
    attempts: int
    error: str = ""


class StepPair(views.View, frozen=True, kw_only=True):
    """A step in both runs; None where one has it not."""

    step: str
    before: StepSide | None
    after: StepSide | None


class RunComparison(views.View, frozen=True, kw_only=True):
    """Two runs. Inputs and values are told where they differ; `alike` counts those that do not."""

    before: views.RunView
    after: views.RunView
    errors: list[str]
    """The error of each of the two, "" where it has none."""
    params: list[Difference]
    code: list[definition_versions.SourceChange]
    steps: list[StepPair]
    inputs: list[Difference]
    values: list[Difference]
    alike: dict[str, int]
    left_out: dict[str, int]
    """How many more differ than are told, by kind."""


@dataclass(slots=True, kw_only=True)
class _Side:
    """What is gathered of a step."""

    words: set[str] = field(default_factory=set)
    microseconds: int = 0
    count: int = 0
    attempts: int = 0
    error: str = ""


@dataclass(slots=True, kw_only=True)
class _Told:
    """What the events of a run say. Values and inputs are by name, each with what tells it apart, and what is shown."""

    steps: dict[str, _Side] = field(default_factory=dict)
    values: dict[str, tuple[object, object]] = field(default_factory=dict)
    inputs: dict[str, tuple[object, object]] = field(default_factory=dict)
    error: str = ""


def compare(ledger: ledgers.Ledger, before: ledgers.RunRow, after: ledgers.RunRow) -> RunComparison:
    """How two runs differ."""
    old, new = _told(ledger, before), _told(ledger, after)
    values, values_alike = _differences(old.values, new.values)
    inputs, inputs_alike = _differences(old.inputs, new.inputs)
    given = _params(before), _params(after)
    params = [
        Difference(name=name, before=given[0].get(name), after=given[1].get(name), different=_differ(given, name))
        for name in dict.fromkeys((*given[0], *given[1]))
    ]
    return RunComparison(
        before=history.run_view(ledger, before),
        after=history.run_view(ledger, after),
        errors=[old.error, new.error],
        params=params,
        code=definition_versions.source_changes(
            run_code.sources_of(ledger, before)[0], run_code.sources_of(ledger, after)[0]
        ),
        steps=[
            StepPair(step=step, before=_side(old.steps.get(step)), after=_side(new.steps.get(step)))
            for step in list(dict.fromkeys((*old.steps, *new.steps)))[:_MOST]
        ],
        inputs=inputs[:_MOST],
        values=values[:_MOST],
        alike={"inputs": inputs_alike, "values": values_alike},
        left_out={
            "steps": max(0, len(old.steps.keys() | new.steps.keys()) - _MOST),
            "inputs": max(0, len(inputs) - _MOST),
            "values": max(0, len(values) - _MOST),
        },
    )


def _told(ledger: ledgers.Ledger, row: ledgers.RunRow) -> _Told:
    found, after = _Told(), 0
    while True:
        batch, upto = ledger.logged(after=after, limit=_PAGE, run=row.id, types=_TYPES)
        for logged in batch:
            _note(found, codec.decode(logged.body, logged.position))
        after = upto
        if len(batch) < _PAGE:
            return found


def _note(found: _Told, event: events.Event) -> None:
    match event:
        case events.StepSucceeded():
            side = _ended(found, event.step, "succeeded", 1, event.duration)
            side.attempts += event.attempt
            for output in event.outputs:
                _value(found, _named(output.asset, event.partition), output.value)
                for asset, record in output.inputs.items():
                    _input(found, _named(f"{asset} → {output.asset}", event.partition), record)
            if event.task is not None and event.task.value is not None:
                _value(found, _named(event.step, event.item), event.task.value)
        case events.AttemptFailed():
            if event.retry_at is None:
                side = _ended(found, event.step, event.outcome, 1, event.duration)
                side.attempts += event.attempt
                side.error = side.error or (event.error.told if event.error is not None else "")
                found.error = found.error or side.error
            else:
                found.steps.setdefault(event.step, _Side()).microseconds += event.duration
        case events.StepReused():
            _ended(found, event.step, "reused", 1)
            if event.task is not None and event.task.value is not None:
                _value(found, _named(event.step, event.item), event.task.value)
        case events.StepsFinished():
            _ended(found, event.step, event.outcome, len(event.items or event.partitions))
        case events.RunFinished():
            for asset, record in event.inputs.items():
                _input(found, asset, record)
            if event.error is not None:
                found.error = event.error.told
        case _:
            pass


def _ended(found: _Told, step: str, word: str, count: int, duration: int = 0) -> _Side:
    side = found.steps.setdefault(step, _Side())
    side.words.add(word)
    side.count += count
    side.microseconds += duration
    return side


def _value(found: _Told, name: str, value: stored.StoredValue) -> None:
    shown = run_details.plain(value)
    found.values[name] = value.data_version, shown if shown is not None else value.data_version


def _input(found: _Told, name: str, record: events.InputRecord) -> None:
    versions = [views.version_name(each) for each in record.versions if each]
    shown = ", ".join(versions[:10]) + (f" and {len(versions) - 10:,} more" if len(versions) > 10 else "")
    found.inputs[name] = record.digest, shown or f"{record.digest & 0xFFFFFFFF:08x}"


def _differences(
    before: Mapping[str, tuple[object, object]], after: Mapping[str, tuple[object, object]]
) -> tuple[list[Difference], int]:
    """What differs, and how many do not."""
    found, alike = [], 0
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is not None and new is not None and old[0] == new[0]:
            alike += 1
            continue
        found.append(
            Difference(
                name=name, before=old[1] if old is not None else None, after=new[1] if new is not None else None,
                different=True,
            )
        )  # fmt: skip
    return found, alike


def _side(side: _Side | None) -> StepSide | None:
    if side is None:
        return None
    return StepSide(
        state=next((word for word in _WORST if word in side.words), ""),
        seconds=round(side.microseconds / 1e6, 6),
        count=side.count,
        attempts=side.attempts,
        error=side.error,
    )


def _params(row: ledgers.RunRow) -> dict[str, object]:
    found = msgspec.json.decode(row.params) if row.params else {}
    return found if isinstance(found, dict) else {}


def _differ(given: tuple[Mapping[str, object], Mapping[str, object]], name: str) -> bool:
    return (name in given[0]) is not (name in given[1]) or given[0].get(name) != given[1].get(name)


def _named(name: str, where: str | None) -> str:
    return f"{name}[{where}]" if where else name
