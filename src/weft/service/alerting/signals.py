"""What is wrong, as far as the log says: events to problems, and what is right again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from weft.model import alerting, control_events, errors, events, keys
from weft.model import graph as graphs
from weft.planner import durations
from weft.ports import ledger as ledgers
from weft.service import world as worlds

FAILED: frozenset[events.Outcome] = frozenset({"failed", "timed_out", "crashed"})
_FINE: frozenset[events.Outcome] = frozenset({"succeeded", "reused"})
_MADE: frozenset[alerting.Kind] = frozenset({"failure", "held"})
_ACCEPTED: frozenset[alerting.Kind] = frozenset({"failure", "held", "check"})
_MOST_TOLD = 500

log = logging.getLogger("weft.alerts")

News = alerting.Problem | alerting.Cleared


def asset_subject(asset: keys.AssetKey) -> str:
    """The subject of an asset, or of a pipeline's stand-in under its own name."""
    return f"asset:{asset}"


def pipeline_subject(pipeline: str) -> str:
    """The subject of a pipeline."""
    return f"pipeline:{pipeline}"


@dataclass(slots=True)
class Attempt:
    """An attempt of a step that makes assets, under way since `at`."""

    run: str
    step: keys.StepKey
    partition: str
    at: int


@dataclass(slots=True)
class Gathering:
    """Turns a batch of events into what alerting decides on; made for one batch.

    `attempts` are those that are under way, kept from batch to batch by whoever calls.
    """

    world: worlds.World
    wanted: frozenset[str]
    attempts: dict[tuple[str, keys.StepKey, str], Attempt]
    also: Callable[[int, int, events.Event], Iterable[News]] | None = None
    """What else an event, at a place in the log and a time, is news of."""
    news: list[News] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    """The incidents that people resolved."""
    position: int = 0
    """Of the last event."""
    count: int = 0
    _checked: dict[keys.AssetKey, dict[str, int]] = field(default_factory=dict)
    _histories: dict[keys.AssetKey, float | None] = field(default_factory=dict)

    def gather(self, batch: Iterable[tuple[int, int, events.Event]]) -> list[News]:
        """All that the events say, in their order; checks, of which the latest results count, last."""
        for place, at, event in batch:
            try:
                self._take(at, event)
                if self.also is not None:
                    self.news.extend(self.also(place, at, event))
            except errors.LedgerError:
                raise
            except Exception:  # of a bug, or of definitions that are at odds with the log: the next event still counts
                log.exception("Alerting leaves out the event %d.", place)
            self.position = place
            self.count += 1
        for asset, partitions in self._checked.items():
            self._checks(asset, partitions)
        return self.news

    def _take(self, at: int, event: events.Event) -> None:
        if "duration" in self.wanted:
            follow(self.world.graph, self.attempts, at, event)
        match event:
            case events.AttemptFailed():
                self._failed(at, event)
            case events.StepSucceeded():
                self._succeeded(at, event)
            case events.StepsFinished():
                self._finished(at, event)
            case events.RunFinished():
                self._run_finished(at, event)
            case events.Materialized():
                self._clear(asset_subject(event.output.asset), _MADE, event.partition)
                self._look_at_checks(at, event.output.asset, event.partition)
            case events.Accepted() | events.VersionPointed():
                self._clear(asset_subject(event.asset), _ACCEPTED, event.partition)
            case events.ChecksEvaluated():
                self._look_at_checks(at, event.asset, event.partition)
            case control_events.IncidentResolved() if event.by:
                self.settled.append(event.incident)
            case control_events.AutomationPaused():
                self._clear(f"automation:{event.automation}", frozenset({"automation"}), "")
            case control_events.ExecutionFinished() if event.outcome in FAILED:
                self._execution_failed(at, event)
            case control_events.TickDecided():
                self._ticked(at, event)
            case _:
                return

    # --- steps that make assets ---

    def _failed(self, at: int, event: events.AttemptFailed) -> None:
        if event.retry_at is not None or event.outcome not in FAILED:
            return
        rejected = {output.asset for output in event.outputs if output.rejected}
        for output in event.outputs:
            if output.checks:
                self._look_at_checks(at, output.asset, event.partition)
        told = event.error.told if event.error is not None else event.outcome.replace("_", " ")
        for asset in event.assets:
            self._clear(asset_subject(asset), frozenset({"duration"}), event.partition)
            if asset not in rejected:
                self._raise("failure", asset, event.partition, at, detail=cut(told), run=event.run)

    def _succeeded(self, at: int, event: events.StepSucceeded) -> None:
        for output in event.outputs:
            self._clear(asset_subject(output.asset), _MADE, event.partition)
            self._look_at_checks(at, output.asset, event.partition)
        if event.outputs and "duration" in self.wanted:
            self._took(at, event)

    def _finished(self, at: int, event: events.StepsFinished) -> None:
        origin = self._made_by(event.subject) if event.subject else ()
        for partition in event.partitions:
            for asset in event.assets:
                if event.outcome in _FINE:
                    self._clear(asset_subject(asset), _MADE, partition)
                elif event.outcome in FAILED:
                    told = event.reason or event.outcome.replace("_", " ")
                    self._raise("failure", asset, partition, at, detail=cut(told), run=event.run)
                elif event.outcome == "upstream_failed":
                    self._raise(
                        "held", asset, partition, at, detail=event.reason, run=event.run,
                        origin=asset_subject(origin[0]) if origin else "",
                    )  # fmt: skip

    def _took(self, at: int, event: events.StepSucceeded) -> None:
        """A finished attempt that took far longer than those before it, told at the first of its assets."""
        asset = event.outputs[0].asset
        if asset not in self._histories:
            self._histories[asset] = asset_threshold(self.world.ledger, asset, but_last=True)
        most, seconds = self._histories[asset], event.duration / 1e6
        if most is not None and seconds > most:
            self._raise(
                "duration", asset, event.partition, at, run=event.run, severity="warning",
                detail=f"It took {seconds:,.0f} s; more than {most:,.0f} s is out of the ordinary for it.",
            )  # fmt: skip
        else:
            self._clear(asset_subject(asset), frozenset({"duration"}), event.partition)

    # --- checks ---

    def _look_at_checks(self, at: int, asset: keys.AssetKey, partition: str | None) -> None:
        self._checked.setdefault(asset, {})[partition or ""] = at

    def _checks(self, asset: keys.AssetKey, partitions: dict[str, int]) -> None:
        failing = self.world.ledger.failing_checks(asset, list(partitions))
        for partition, at in partitions.items():
            found = failing.get(partition)
            if not found:
                self._clear(asset_subject(asset), frozenset({"check"}), partition)
                continue
            blocking = any(each[1] for each in found)
            named = ", ".join(f"{name} ({text})" if text else name for name, _, _, text, _ in found)
            warnings = all(each[2] == "warning" for each in found)
            self._raise(
                "check", asset, partition, at, detail=cut(f"Failed: {named}"), run=found[0][4], blocking=blocking,
                severity="warning" if warnings else "error",
            )  # fmt: skip

    # --- pipelines and automations ---

    def _run_finished(self, at: int, event: events.RunFinished) -> None:
        row = self.world.ledger.run(event.run)
        if row is not None and row.pipeline is None and event.outcome == "crashed":
            self._broke_off(at, event)
        if row is None or row.pipeline is None or row.parent:
            return
        subject, partition = pipeline_subject(row.pipeline), row.partition or ""
        self._clear(subject, frozenset({"duration"}), partition)
        if event.outcome in _FINE:
            self._clear(subject, frozenset({"failure"}), partition)
        elif event.outcome in FAILED:
            self.news.append(
                alerting.Problem(
                    kind="failure", subject=subject, partition=partition, since=at, at=at, run=event.run,
                    detail=cut(event.error.told if event.error is not None else self._what_failed(row, event)),
                )
            )  # fmt: skip

    def _broke_off(self, at: int, event: events.RunFinished) -> None:
        """A run of assets that nobody goes on with: what was under way in it was not made."""
        under_way: dict[tuple[str, keys.StepKey, str], Attempt] = {}
        for _, when, each in self.world.ledger.events(event.run):
            if not isinstance(each, events.RunFinished):
                follow(self.world.graph, under_way, when, each)
        for attempt in under_way.values():
            for asset in self._made_by(attempt.step):
                told = cut(event.reason or "The run broke off.")
                self._raise("failure", asset, attempt.partition, at, detail=told, run=event.run)

    def _what_failed(self, row: ledgers.RunRow, event: events.RunFinished) -> str:
        failed = [each.step.partition(":")[2] for each in self.world.ledger.step_runs(row.id) if each.outcome in FAILED]
        if not failed:
            return event.reason or event.outcome.replace("_", " ")
        more = f" and {len(failed) - 3:,} more" if len(failed) > 3 else ""
        return f"Failed: {', '.join(failed[:3])}{more}"

    def _ticked(self, at: int, event: control_events.TickDecided) -> None:
        subject = f"automation:{event.automation}"
        if event.decision == "failed":
            self.news.append(
                alerting.Problem(
                    kind="automation", subject=subject, since=at, at=at, detail=cut(event.reason), run=event.tick
                )
            )
        elif event.decision != "missed":
            self._clear(subject, frozenset({"automation"}), "")

    def _execution_failed(self, at: int, event: control_events.ExecutionFinished) -> None:
        """An execution that an automation asked for and that failed without a run of it that did, which would tell."""
        ledger = self.world.ledger
        row = next(
            (each for each in ledger.executions_with_prefix(event.execution) if each.id == event.execution), None
        )
        if row is None or not row.automation or ledger.runs_of_execution(row.id, limit=1, outcomes=tuple(FAILED)):
            return
        self.news.append(
            alerting.Problem(
                kind="automation", subject=f"automation:{row.automation}", since=at, at=at, run=row.id,
                detail=cut(event.reason or "What it started could not be carried out."),
            )
        )  # fmt: skip

    # --- the rest ---

    @property
    def _graph(self) -> graphs.Graph:
        return self.world.graph

    def _made_by(self, step: keys.StepKey) -> Sequence[keys.AssetKey]:
        found = self._graph.steps.get(step)
        return found.outputs if found is not None else (step,) if step in self._graph.assets else ()

    def _raise(
        self,
        kind: alerting.Kind,
        asset: keys.AssetKey,
        partition: str | None,
        at: int,
        *,
        detail: str,
        run: str,
        origin: str = "",
        severity: alerting.Severity = "error",
        blocking: bool = False,
    ) -> None:
        self.news.append(
            alerting.Problem(
                kind="failure" if kind == "held" and not origin else kind,
                subject=asset_subject(asset),
                partition=partition or "",
                since=at,
                at=at,
                detail=detail,
                run=run,
                origin=origin,
                severity=severity,
                blocking=blocking,
            )
        )

    def _clear(self, subject: str, kinds: frozenset[alerting.Kind], partition: str | None) -> None:
        self.news.append(alerting.Cleared(subject=subject, kinds=kinds, partition=partition or ""))


def follow(
    graph: graphs.Graph, attempts: dict[tuple[str, keys.StepKey, str], Attempt], at: int, event: events.Event
) -> None:
    """Keep count of the attempts of steps that make assets which are under way."""
    match event:
        case events.AttemptsStarted():
            for partition in event.partitions if event.step in graph.steps else ():
                found = Attempt(event.run, event.step, partition or "", at)
                attempts[event.run, event.step, found.partition] = found
        case events.AttemptFailed() | events.StepSucceeded():
            attempts.pop((event.run, event.step, event.partition or ""), None)
        case events.AttemptsLost():
            for partition in event.partitions:
                attempts.pop((event.run, event.step, partition or ""), None)
        case events.RunFinished():
            for key in [key for key in attempts if key[0] == event.run]:
                del attempts[key]
        case _:
            return


def asset_threshold(ledger: ledgers.Ledger, asset: keys.AssetKey, *, but_last: bool = False) -> float | None:
    """From how many seconds on an attempt to make an asset is out of the ordinary; None while that can't be told.

    `but_last`: the newest one is the one that is judged.
    """
    history = ledger.asset_durations(asset, limit=durations.MOST_HISTORY + 1)
    return durations.threshold(history[1:] if but_last else history)


def cut(text: str) -> str:
    """A text on one line, no longer than what people are told of one thing."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _MOST_TOLD else flat[: _MOST_TOLD - 1] + "…"
