"""Which of the ticks that have come are started, and which are left out because nobody was there when they were due.

A tick is *late* up to a grace and counts in any case. Of those before, by what the schedule says of catching up: all;
those of some time; the last ones; else the last one. What is left out is one decision, with a count: never a storm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Literal

from weft.planner import blackouts, ticks

MOST_COUNTED = 10_000
"""Up to how many ticks that were missed are counted, where that takes a look at each."""
_FEW = 3
"""So many ticks are looked at before it is found out which of them may count at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a tick; of "missed" it is the last of `count` ticks."""

    tick: ticks.Tick
    decision: Literal["started", "skipped", "missed"]
    reason: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is decided now, in order; `more` if there are further ticks to be decided at once.

    `next_at` is when the next one acts, None where there is none.
    """

    decisions: tuple[Decision, ...]
    more: bool = False
    next_at: datetime | None = None


def beginning(timed: ticks.Timed, activated: datetime) -> datetime:
    """After which time ticks count of a schedule that has decided none yet."""
    schedule = timed.schedule
    if timed.catchup or schedule.catchup_last is not None:
        return ticks.BEGINNING
    if schedule.kind == "once":
        return ticks.BEGINNING
    if schedule.catchup_within is not None:
        return activated - timedelta(seconds=schedule.catchup_within)
    return activated


def catches_up(timed: ticks.Timed) -> bool:
    """Whether it says anything of ticks that passed while it was paused or not there."""
    schedule = timed.schedule
    return timed.catchup or schedule.catchup_last is not None or schedule.catchup_within is not None


def decide(
    timed: ticks.Timed,
    since: datetime,
    now: datetime,
    *,
    grace: timedelta,
    most: int = 100,
    activated: datetime | None = None,
) -> Decided:
    """Decide what is due after `since` and has come by `now`; at most `most` ticks at once."""
    low, pending, following = since, list[ticks.Tick](), None
    for tick in ticks.upcoming(timed, since, activated=activated):
        if tick.at > now or len(pending) == _FEW:
            following = tick
            break
        pending.append(tick)
    if len(pending) == _FEW:
        low = since if timed.catchup else _low(timed, since, now, grace, activated)
        pending, following = _pending(timed, low, now, most, activated)
    if not pending and low == since:
        return Decided(decisions=(), next_at=None if following is None else following.at)
    made: list[Decision] = []
    if not timed.catchup:
        kept = _kept(timed, pending, now, grace)
    else:
        kept = pending
    if low > since or len(kept) < len(pending):
        missed = _missed(timed, since, low, pending[: len(pending) - len(kept)], now)
        if missed is not None:
            made.append(missed)
    made += [of_tick(tick) for tick in kept[:most]]
    more = len(kept) > most or (following is not None and following.at <= now)
    return Decided(decisions=tuple(made), more=more, next_at=None if following is None else following.at)


def _pending(
    timed: ticks.Timed, low: datetime, now: datetime, most: int, activated: datetime | None
) -> tuple[list[ticks.Tick], ticks.Tick | None]:
    """The ticks after `low` that act by now, in order, and the one behind them; not many more than are of use."""
    without_end = timed.catchup or timed.schedule.catchup_within is not None
    pending: list[ticks.Tick] = []
    for tick in ticks.upcoming(timed, low, activated=activated):
        if tick.at > now or (len(pending) > most and without_end):
            return pending, tick
        pending.append(tick)
    return pending, None


def of_tick(tick: ticks.Tick) -> Decision:
    """What becomes of a tick that counts."""
    if tick.held:
        return Decision(tick=tick, decision="skipped", reason=f"blackout: {tick.held}")
    reason = f"deferred to the end of the blackout: {tick.deferred}" if tick.deferred else ""
    return Decision(tick=tick, decision="started", reason=reason)


def _bounds(timed: ticks.Timed, now: datetime, grace: timedelta) -> tuple[datetime, int]:
    """From which time on ticks count in any case, and how many of the last ones."""
    schedule = timed.schedule
    if schedule.catchup_within is not None:
        return now - max(grace, timedelta(seconds=schedule.catchup_within)), 0
    return now - grace, 1 if schedule.catchup_last is None else schedule.catchup_last


def _low(timed: ticks.Timed, since: datetime, now: datetime, grace: timedelta, activated: datetime | None) -> datetime:
    """A time, `since` or later, after which all ticks lie that may count; what is due by then has come."""
    threshold, last = _bounds(timed, now, grace)
    settled = min(threshold, _before_deferral(timed, since, now)) - timedelta(seconds=timed.schedule.jitter)
    if settled <= since:
        return since
    span = max(now - settled, timedelta(minutes=1))
    low = settled - timedelta(microseconds=1)
    while last and low > since:
        moments = ticks.moments(timed, low, activated=activated)
        if sum(1 for _ in takewhile(lambda each: each <= settled, moments)) >= last:
            break
        span *= 3
        low = max(since, now - span) if now - span > ticks.BEGINNING else since
    return max(low, since)


def _before_deferral(timed: ticks.Timed, since: datetime, now: datetime) -> datetime:
    """A time by which no tick was put off that still waits: before the blackout that lasts now; `since` at least."""
    if not timed.schedule.defer:
        return now
    moment, span = now, timedelta(minutes=1)
    while moment > since and blackouts.held(timed.schedule.blackout, moment) is not None:
        moment, span = now - span if now - span > since else since, span * 2
    return moment


def _kept(timed: ticks.Timed, pending: list[ticks.Tick], now: datetime, grace: timedelta) -> list[ticks.Tick]:
    threshold, last = _bounds(timed, now, grace)
    place = next((place for place, each in enumerate(pending) if each.at >= threshold), len(pending))
    if timed.schedule.defer:  # what was put off to one time together counts as one
        while place < len(pending) - max(last, 1) and pending[place].deferred and pending[place].at == pending[-1].at:
            place += 1
    return pending[max(0, min(place, len(pending) - last)) :]


def _missed(
    timed: ticks.Timed, since: datetime, low: datetime, left_out: list[ticks.Tick], now: datetime
) -> Decision | None:
    before = ticks.count(timed, since, low, most=MOST_COUNTED) if low > since else 0
    number = before + len(left_out)
    if not number:
        return None
    tick = left_out[-1] if left_out else ticks.Tick(due=_last_by(timed, since, low), at=low, keys=())
    known = f"{number:,}" if before < MOST_COUNTED else f"{number:,} or more"
    rule = (
        "they were due longer ago than the schedule catches up"
        if timed.schedule.catchup_within is not None
        else f"only the last {timed.schedule.catchup_last or 1} of them "
        + ("is" if (timed.schedule.catchup_last or 1) == 1 else "are")
        + " caught up with"
    )
    words = "tick was" if number == 1 else "ticks were"
    return Decision(tick=tick, decision="missed", reason=f"{known} {words} missed: {rule}", count=number)


def _last_by(timed: ticks.Timed, since: datetime, until: datetime) -> datetime:
    """The time of the last tick after `since` and by `until`."""
    span = timedelta(minutes=1)
    while True:
        low = max(since, until - span) if until - span > ticks.BEGINNING else since
        last = None
        for each in takewhile(lambda each: each <= until, ticks.moments(timed, low)):
            last = each
        if last is not None or low == since:
            return (last or until).astimezone(UTC)
        span *= 4
