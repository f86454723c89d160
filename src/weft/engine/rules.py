"""Trigger rules: when a step run starts, and as what it ends where it never will.

What a node knows of those above it are bits: which kinds of ends there were, not how many. That is all that the rules
need besides whether somebody is still awaited, since "all" is "none of the other kinds". The rules are Airflow 3's
(`TriggerRuleDep`); `cancelled`, which it has not, goes on to whatever still waits, but for the teardown of a setup that
succeeded.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from weft.model import events, pipelines

SUCCESS, FAILED, UPSTREAM_FAILED, SKIPPED, CANCELLED = 1, 2, 4, 8, 16
ENDS = SUCCESS | FAILED | UPSTREAM_FAILED | SKIPPED | CANCELLED
SETUP_SUCCESS, SETUP_SKIPPED, SETUP_BAD = 32, 64, 128
"""The same of its setups, for the rule of a teardown only."""

BAD = FAILED | UPSTREAM_FAILED

ALL_SUCCESS = 0
JOIN = len(pipelines.TRIGGER_RULES)
"""Of a node without a body that hands on every end above it, and its own once it awaits no more."""

CODES: dict[pipelines.TriggerRule, int] = {rule: code for code, rule in enumerate(pipelines.TRIGGER_RULES)}
EARLY: frozenset[pipelines.TriggerRule] = frozenset({"one_success", "one_failed", "one_done"})
TEARDOWN = CODES["all_done_setup_success"]

Verdict: TypeAlias = Literal["run", "skipped", "upstream_failed", "cancelled", "wait"]

_BITS: dict[str, int] = {
    "succeeded": SUCCESS,
    "reused": SUCCESS,
    "skipped": SKIPPED,
    "upstream_failed": UPSTREAM_FAILED,
    "cancelled": CANCELLED,
}


def bit_of(outcome: events.Outcome) -> int:
    """The kind of end that an outcome is for those below."""
    return _BITS.get(outcome, FAILED)


def setup_bits(ends: int) -> int:
    """What a teardown notes of these ends of a setup, besides the ends themselves."""
    found = SETUP_SUCCESS if ends & SUCCESS else 0
    found |= SETUP_SKIPPED if ends & SKIPPED else 0
    return found | (SETUP_BAD if ends & (BAD | CANCELLED) else 0)


def verdict(rule: int, seen: int, awaiting: bool) -> Verdict:
    """What becomes of a node that has `seen` these ends, and awaits more or not."""
    if seen & CANCELLED:
        if rule != TEARDOWN:
            return "cancelled"
        return "wait" if awaiting else "run" if seen & SETUP_SUCCESS else "cancelled"
    if rule == ALL_SUCCESS:  # by far the most
        return "upstream_failed" if seen & BAD else "skipped" if seen & SKIPPED else "wait" if awaiting else "run"
    found = _early(rule, seen)
    if found != "wait" or awaiting:
        return found
    return _late(rule, seen)


def _early(rule: int, seen: int) -> Verdict:
    """What is certain whatever the ends that are awaited will be."""
    match pipelines.TRIGGER_RULES[rule]:
        case "all_failed":
            return "skipped" if seen & (SUCCESS | SKIPPED) else "wait"
        case "all_skipped":
            return "skipped" if seen & (SUCCESS | BAD) else "wait"
        case "none_skipped":
            return "skipped" if seen & SKIPPED else "wait"
        case "none_failed" | "none_failed_min_one_success":
            return "upstream_failed" if seen & BAD else "wait"
        case "one_success":
            return "run" if seen & SUCCESS else "wait"
        case "one_failed":
            return "run" if seen & BAD else "wait"
        case "one_done":
            return "run" if seen & (SUCCESS | FAILED) else "wait"
        case "always":
            return "run"
        case "all_success" | "all_done" | "all_done_setup_success":
            return "wait"


def _late(rule: int, seen: int) -> Verdict:
    """What follows where nothing was certain before the last of them ended."""
    match pipelines.TRIGGER_RULES[rule]:
        case "one_success":
            return "skipped" if seen & ENDS == SKIPPED else "upstream_failed"
        case "one_failed" | "one_done":
            return "skipped"
        case "none_failed_min_one_success":
            return "skipped" if seen & ENDS == SKIPPED else "run"
        case "all_done_setup_success":
            if seen & SETUP_SUCCESS:
                return "run"
            return "upstream_failed" if seen & SETUP_BAD else "skipped" if seen & SETUP_SKIPPED else "run"
        case _:
            return "run"
