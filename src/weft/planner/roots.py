"""The root of a problem: what is furthest upstream among all that is wrong and explains it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from weft.model import alerting

EXPLAINING: frozenset[alerting.Kind] = frozenset({"failure", "check", "late", "stale"})
"""Problems by which what is below a subject may be wrong too."""

_EXPLAINED: frozenset[alerting.Kind] = frozenset({"late", "stale"})

Above = Callable[[str], Iterable[str]]


def explaining(problems: Iterable[alerting.Problem]) -> dict[str, int]:
    """The subjects that have a problem which may explain others, each with the time since when."""
    found: dict[str, int] = {}
    for each in problems:
        if each.kind in EXPLAINING and (each.kind != "check" or each.blocking):
            found[each.subject] = min(each.since, found.get(each.subject, each.since))
    return found


def root_of(problem: alerting.Problem, troubled: Mapping[str, int], above: Above) -> str:
    """The subject in which a problem began: itself or one upstream of it.

    What failed by its own body, or was rejected for what it made, is its own root. What was held goes back to what held
    it. What is late or stale goes back along the graph to the furthest subject with a problem of its own; of several,
    the one that had it first.

    Args:
        problem: the problem.
        troubled: see `explaining`.
        above: the subjects that a subject is made from, directly; without cycles.
    """
    if problem.kind == "held":
        return problem.origin or problem.subject
    if problem.kind not in _EXPLAINED:
        return problem.subject
    best: dict[str, str | None] = {}
    waiting = [(problem.subject, False)]
    while waiting:
        subject, seen = waiting.pop()
        if subject in best and not seen:
            continue
        if not seen:
            best[subject] = None
            waiting.append((subject, True))
            waiting.extend((each, False) for each in above(subject) if each not in best)
            continue
        tops = [top for each in above(subject) if (top := best.get(each)) is not None]
        own = subject if subject in troubled or subject == problem.subject else None
        best[subject] = min(tops, key=lambda top: (troubled[top], top)) if tops else own
    return best[problem.subject] or problem.subject
