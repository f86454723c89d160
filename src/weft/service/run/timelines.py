"""When each step run of a run was ready, began and ended, with every attempt: what a Gantt chart is drawn from.

Steps with many step runs (mapped ones, assets with many partitions) come as one line with sums, so that a run of a
hundred thousand step runs is a small answer; their step runs are asked for by step. Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from weft.model import errors, events
from weft.ports import ledger as ledgers
from weft.service import views

FOLDED_ABOVE = 40
"""A step with more step runs than this comes folded."""
MOST_ROWS = 20_000
"""Step runs of one step at most in an answer; `count` says how many there are."""


class TimelineTry(views.View, frozen=True, kw_only=True):
    """An attempt: when it was handed out, when its body began and ended, and the id of its log.

    What is not known yet is None.
    """

    attempt: int
    given: float
    began: float | None
    ended: float | None
    outcome: str
    log: str | None


class TimelineRow(views.View, frozen=True, kw_only=True):
    """One step run: an item of a mapped step, a partition of an asset, or the only one of its step."""

    item: str
    state: str
    tries: list[TimelineTry]
    until: float | None = None
    """When it goes on, where it waits for its next attempt or a time."""


class TimelineStep(views.View, frozen=True, kw_only=True):
    """A step with all of its step runs: when the first of them began and the last one ended."""

    step: str
    count: int
    states: dict[str, int]
    begun: float | None
    ended: float | None
    """None while one of them is under way."""
    seconds: float
    """Bodies' time in sum."""
    attempts: int
    rows: list[TimelineRow] | None
    """None where it is folded: ask with `step` for them."""
    last: TimelineRow | None = None
    """Of a folded one the step run that ended last."""


class TimelineChild(views.View, frozen=True, kw_only=True):
    """A run that this one called, and the step run that was the call."""

    run: str
    pipeline: str | None
    state: str
    begun: float | None
    ended: float | None
    steps: int
    step: str
    item: str


class TimelineView(views.View, frozen=True, kw_only=True):
    """A run over time. `now` is the server's time at the answer; `ended` is None while it runs."""

    run: str
    created: float
    started: float | None
    ended: float | None
    now: float
    steps: list[TimelineStep]
    children: list[TimelineChild]


@dataclass(slots=True)
class _Try:
    given: float
    began: float | None = None
    ended: float | None = None
    outcome: str = ""
    log: str | None = None


@dataclass(slots=True)
class _Row:
    state: str = "running"
    tries: dict[int, _Try] = field(default_factory=dict)
    until: float | None = None

    @property
    def ended(self) -> float | None:
        return max((each.ended for each in self.tries.values() if each.ended is not None), default=None)

    def of(self, attempt: int, at: float) -> _Try:
        """An attempt of it, made where its hand-out is not known."""
        return self.tries.setdefault(attempt, _Try(given=at))


def timeline(ledger: ledgers.Reader, row: ledgers.RunRow, *, now: int, step: str | None = None) -> TimelineView:
    """A run over time; with `step` that step alone, with its step runs however many they are.

    Raises:
        NotFoundError: nothing of the step has begun in the run.
    """
    found: dict[str, dict[str, _Row]] = {}
    mapped: dict[str, int] = {}
    for position, at, event in ledger.events(row.id):
        _gather(found, mapped, position, at / 1000, event)
    if step is not None:
        full = step if row.pipeline is None or step in found else f"{row.pipeline}:{step}"
        if full not in found:
            raise errors.NotFoundError(
                f"Nothing of the step {step!r} has begun in the run {row.id}.",
                remedy=f"`GET /runs/{row.id}/timeline` lists the steps that have.",
            )
        found = {full: found[full]}
    return TimelineView(
        run=row.id,
        created=row.created / 1000,
        started=_ms(row.started),
        ended=_ms(row.finished),
        now=now / 1000,
        steps=[
            _step(name, rows, mapped.get(name, 0), row.finished, whole=step is not None) for name, rows in found.items()
        ],
        children=[_child(each) for each in reversed(ledger.runs(parent=row.id))] if step is None else [],
    )


def _ms(at: int | None) -> float | None:
    return None if at is None else at / 1000


def _child(row: ledgers.RunRow) -> TimelineChild:
    return TimelineChild(
        run=row.id,
        pipeline=row.pipeline,
        state=row.outcome or row.phase,
        begun=_ms(row.started),
        ended=_ms(row.finished),
        steps=row.steps,
        step=row.parent_step,
        item=row.parent_item,
    )


def _step(name: str, rows: dict[str, _Row], mapped: int, finished: int | None, *, whole: bool) -> TimelineStep:
    states: dict[str, int] = {}
    for each in rows.values():
        if finished is not None and each.state in ("running", "retrying", "waiting"):
            each.state = "lost"  # the run is over, and nobody has told how this went
        states[each.state] = states.get(each.state, 0) + 1
    tries = [each for row in rows.values() for each in row.tries.values()]
    begun = min((each.given for each in tries), default=None)
    ends = [row.ended for row in rows.values()]
    under_way = any(state in states for state in ("running", "retrying", "waiting")) or len(rows) < mapped
    known = [each for each in ends if each is not None]
    folded = not whole and len(rows) > FOLDED_ABOVE
    last = max(rows, key=lambda item: rows[item].ended or 0.0) if folded and known else None
    return TimelineStep(
        step=name,
        count=max(len(rows), mapped),
        states=states,
        begun=begun,
        ended=None if under_way and finished is None else max(known, default=None),
        seconds=round(
            sum(each.ended - each.began for each in tries if each.began is not None and each.ended is not None) / 1000,
            6,
        ),
        attempts=len(tries),
        rows=None if folded else [_row(item, row) for item, row in list(rows.items())[:MOST_ROWS]],
        last=_row(last, rows[last]) if last is not None else None,
    )


def _row(item: str, row: _Row) -> TimelineRow:
    return TimelineRow(
        item=item,
        state=row.state,
        tries=[
            TimelineTry(
                attempt=number, given=each.given, began=each.began, ended=each.ended, outcome=each.outcome, log=each.log
            )
            for number, each in sorted(row.tries.items())
        ],
        until=row.until,
    )


def _places(partitions: Iterable[str | None], items: tuple[str, ...]) -> list[str]:
    return list(items) if items else [each or "" for each in partitions]


def _gather(
    found: dict[str, dict[str, _Row]], mapped: dict[str, int], position: int, at: float, event: events.Event
) -> None:
    match event:
        case events.AttemptsStarted():
            rows = found.setdefault(event.step, {})
            for item in _places(event.partitions, event.items):
                row = rows.setdefault(item, _Row())
                row.state, row.until = "running", None
                row.tries[event.attempt] = _Try(given=at)
        case events.StepSucceeded():
            row = found.setdefault(event.step, {}).setdefault(event.item or event.partition or "", _Row())
            row.state = "succeeded"
            _ended(row, event.attempt, event.started, event.duration, "succeeded", event.log, position, at)
        case events.AttemptFailed():
            row = found.setdefault(event.step, {}).setdefault(event.item or event.partition or "", _Row())
            row.state = event.outcome if event.retry_at is None else "retrying"
            row.until = _ms(event.retry_at)
            logged = event.log is not None or event.error is not None
            _ended(row, event.attempt, event.started, event.duration, event.outcome, logged, position, at)
        case events.StepParked():
            row = found.setdefault(event.step, {}).setdefault(event.item, _Row())
            row.state, row.until = "waiting", _ms(event.until) if event.until else None
            _ended(row, event.attempt, 0, 0, "parked", event.log, position, at)
        case events.AttemptsLost():
            for item in _places(event.partitions, event.items):
                row = found.setdefault(event.step, {}).setdefault(item, _Row())
                row.state = "retrying"
                _ended(row, event.attempt, 0, 0, "lost", None, position, at)
        case events.StepReused():
            row = found.setdefault(event.step, {}).setdefault(event.item, _Row())
            row.state = "reused"
            row.tries[1] = _Try(given=at, began=at, ended=at, outcome="reused")
        case events.StepsFinished():
            for item in _places(event.partitions, event.items):
                row = found.setdefault(event.step, {}).setdefault(item, _Row())
                row.state, row.until = event.outcome, None
                for each in row.tries.values():
                    if each.ended is None:
                        each.ended, each.outcome = at, event.outcome
                        each.log = str(position) if event.log is not None else None
        case events.StepMapped():
            mapped[event.step] = mapped.get(event.step, 0) + event.count
        case _:
            pass


def _ended(
    row: _Row, attempt: int, started: int, duration: int, outcome: str, log: object, position: int, at: float
) -> None:
    tried = row.of(attempt, started / 1000 if started else at)
    tried.began = started / 1000 if started else tried.began or tried.given
    tried.ended = (started + duration) / 1000 if started else at
    tried.outcome = outcome
    tried.log = str(position) if log else None
