"""Rules on single events: an event that matches becomes a problem of what it is about.

An event of a run is about what the run makes, by which people know it: its assets, or its pipeline; about the run alone
where it has neither. The next event like it that succeeded takes the problem back (`event_subjects.RIGHTED` has the
events that do so under another name); otherwise people resolve its incident.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from weft.model import alerting, event_subjects, events
from weft.ports import ledger as ledgers
from weft.service.alerting import signals

_FINE: frozenset[str] = frozenset({"succeeded", "reused"})
_EVENT: frozenset[alerting.Kind] = frozenset({"event"})


class Matching:
    """Rules on single events, and what events come to by them; false where there is none."""

    def __init__(self, rules: Sequence[alerting.Rule]) -> None:
        """Match by those of `rules` that are on single events."""
        self._by_type: dict[str, list[alerting.Rule]] = {}
        self._righting: dict[str, list[alerting.Rule]] = {}
        for rule in rules:
            for name in rule.events.types if rule.events is not None else ():
                self._by_type.setdefault(name, []).append(rule)
                for other in event_subjects.RIGHTED.get(name, ()):
                    self._righting.setdefault(other, []).append(rule)

    def __bool__(self) -> bool:
        return bool(self._by_type)

    def news(self, ledger: ledgers.Ledger, place: int, at: int, event: events.Event) -> list[signals.News]:
        """What an event at a place in the log and a time is news of."""
        name = type(event).__name__
        rules, righted = self._by_type.get(name, ()), self._righting.get(name, ())
        if not rules and not righted:
            return []
        outcome, subjects = event_subjects.outcome_of(event, name), _subjects(ledger, event)
        found: list[signals.News] = []
        for rule in rules:
            match = rule.events
            if match is None or place <= rule.after_position:
                continue
            if match.outcome is None or match.outcome == outcome:
                found += [_problem(rule, each, at, event, outcome) for each in _chosen(match, subjects)]
            elif outcome in _FINE:
                found += _cleared(rule, subjects, event)
        for rule in righted:
            if place > rule.after_position and rule not in rules:
                found += _cleared(rule, subjects, event)
        return found


def _subjects(ledger: ledgers.Ledger, event: events.Event) -> tuple[str, ...]:
    """All that an event is about, with the pipeline of its run."""
    found = event_subjects.subjects_of(event)
    run = getattr(event, "run", "")
    if run and not any(each.startswith(("pipeline:", "asset:")) for each in found):
        row = ledger.run(run)
        if row is not None and row.pipeline is not None:
            found = (*found, f"pipeline:{row.pipeline}")
    return found


def _chosen(match: alerting.EventMatch, subjects: Sequence[str]) -> list[str]:
    """The subjects that a problem is of: those that match, of the most lasting kind."""
    matched = [each for each in subjects if match.has(each)]
    lasting = [each for each in matched if not each.startswith("run:")] or matched
    kind = lasting[0].partition(":")[0] if lasting else ""
    return [each for each in lasting if each.partition(":")[0] == kind]


def _problem(rule: alerting.Rule, subject: str, at: int, event: events.Event, outcome: str | None) -> alerting.Problem:
    failed = outcome in signals.FAILED or type(event).__name__.endswith("Failed")
    return alerting.Problem(
        kind="event", subject=subject, partition=getattr(event, "partition", None) or "", rule=rule.name, since=at,
        at=at, detail=told(event, outcome), run=getattr(event, "run", "") or "", severity="error" if failed else "info",
    )  # fmt: skip


def _cleared(rule: alerting.Rule, subjects: Iterable[str], event: events.Event) -> list[signals.News]:
    partition = getattr(event, "partition", None) or ""
    return [
        alerting.Cleared(subject=each, kinds=_EVENT, partition=partition, rule=rule.name) for each in subjects
    ]  # fmt: skip


def told(event: events.Event, outcome: str | None) -> str:
    """What an event says, in a line: what happened, how it ended, who did it, and why."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(event).__name__).capitalize()
    found = f"{words}: {outcome.replace('_', ' ')}" if outcome else words
    if by := getattr(event, "by", "") or "":
        found += f" by {by}"
    error = getattr(event, "error", None)
    why = [
        getattr(error, "told", error) or "",
        *(getattr(event, name, "") or "" for name in ("action", "reason", "note", "message")),
        *(each.message for each in getattr(event, "problems", ())[:1]),
    ]
    return signals.cut(". ".join([found, *dict.fromkeys(str(each) for each in why if each)]))
