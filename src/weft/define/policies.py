"""Policies as users write them, and what they come to: `Retry`, `FreshnessPolicy` and the policies of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from weft.define import durations
from weft.model import errors
from weft.model import policies as model

Backoff: TypeAlias = "Literal['constant', 'exponential'] | float"
"""Wait as long before each retry, twice as long each time, or that many times as long."""

_EXPONENTIAL = 2.0


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when a failed attempt is tried again: `Retry(3, delay="10s", backoff="exponential")`.

    Args:
        retries: attempts after the first one.
        delay: how long to wait before the first retry.
        backoff: how the wait grows: "constant", "exponential" (doubling) or a factor of at least 1.
        max_delay: the longest wait; None for no bound.
        jitter: the share of the wait, 0 to 1, that is drawn at random and added.
    """

    retries: int
    delay: durations.Duration = 0.0
    backoff: Backoff = "constant"
    max_delay: durations.Duration | None = None
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class FreshnessPolicy:
    """How old an asset may become before it is late: `FreshnessPolicy(max_lag="60m")`.

    Args:
        max_lag: from the end of the partition, else from the last success or reuse.
        cron: in place of a lag, the times at which it must be there: "0 9 * * 1-5". A partition by the first of them
            after its end.
        timezone: in which `cron` is read.
        lower_bound: how long before such a time a success counts, of what has no partitions; since the time before
            unless given.
        warn: how long before it is late it counts as due soon.
    """

    max_lag: durations.Duration | None = None
    cron: str | None = None
    timezone: str = "UTC"
    lower_bound: durations.Duration | None = None
    warn: durations.Duration = 0.0


def retry(given: object, delay: durations.Duration | None = None) -> model.Retry:
    """Return the policy for `retries=` (a number or a `Retry`) and `retry_delay=`.

    Raises:
        UsageError: a value has the wrong type or is out of range, or the delay is given twice.
    """
    if isinstance(given, Retry):
        if delay is not None:
            raise errors.UsageError(
                "The delay before a retry is given twice: as retry_delay= and in Retry(…).",
                remedy="Give it once, as Retry(…, delay=…).",
            )
        return _from_retry(given)
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise errors.UsageError(
            f"retries is {given!r}, but must be a whole number of at least 0, or a Retry.",
            remedy='Write retries=3, or retries=Retry(3, delay="10s").',
        )
    if delay is None:
        return model.Retry(retries=given)
    return model.Retry(retries=given, delay=durations.seconds(delay, what="retry_delay"))


def _from_retry(given: Retry) -> model.Retry:
    if isinstance(given.retries, bool) or not isinstance(given.retries, int) or given.retries < 0:
        raise errors.UsageError(
            f"Retry.retries is {given.retries!r}, but must be a whole number of at least 0.", remedy="Write Retry(3)."
        )
    delay = durations.seconds(given.delay, what="Retry.delay")
    longest = None
    if given.max_delay is not None:
        longest = durations.seconds(given.max_delay, what="Retry.max_delay")
        if longest < delay:
            raise errors.UsageError(
                f"Retry.max_delay is {given.max_delay!r}, which is shorter than the delay {given.delay!r}.",
                remedy="Make it at least as long as the delay.",
            )
    if not _is_number(given.jitter) or not 0.0 <= given.jitter <= 1.0:
        raise errors.UsageError(
            f"Retry.jitter is {given.jitter!r}, but must be a share from 0 to 1.", remedy="Write jitter=0.2, say."
        )
    return model.Retry(
        retries=given.retries,
        delay=delay,
        factor=_factor(given.backoff),
        max_delay=longest,
        jitter=float(given.jitter),
    )


def _factor(backoff: object) -> float:
    if backoff == "constant":
        return 1.0
    if backoff == "exponential":
        return _EXPONENTIAL
    if isinstance(backoff, (int, float)) and _is_number(backoff) and 1.0 <= backoff < float("inf"):
        return float(backoff)
    raise errors.UsageError(
        f"Retry.backoff is {backoff!r}.",
        remedy='Write "constant", "exponential" or a factor of at least 1, such as 1.5.',
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def freshness(given: object) -> model.FreshnessPolicy:
    """Return the freshness policy that a user gave, as a `FreshnessPolicy`.

    Raises:
        UsageError: it is something else, or its lag is no duration of more than 0 seconds.
    """
    if isinstance(given, model.FreshnessPolicy):
        return given
    if not isinstance(given, FreshnessPolicy):
        raise errors.UsageError(
            f"freshness is {given!r}, which is not a FreshnessPolicy.", remedy='Write FreshnessPolicy(max_lag="60m").'
        )
    if (given.max_lag is None) == (given.cron is None):
        raise errors.UsageError(
            "FreshnessPolicy needs either max_lag or cron.", remedy='Write max_lag="60m", or cron="0 9 * * 1-5".'
        )
    warn = durations.seconds(given.warn, what="FreshnessPolicy.warn")
    if given.max_lag is not None:
        if given.lower_bound is not None:
            raise errors.UsageError(
                "FreshnessPolicy.lower_bound goes with cron, not with max_lag.", remedy="Leave it out."
            )
        lag = durations.seconds(given.max_lag, what="FreshnessPolicy.max_lag", exclusive=True)
        if warn >= lag:
            raise errors.UsageError(
                f"FreshnessPolicy.warn is {given.warn!r}, which is not shorter than max_lag {given.max_lag!r}.",
                remedy="Warn a while before it is late, so after it was made.",
            )
        return model.FreshnessPolicy(max_lag=lag, warn=warn)
    return _by_cron(given, warn)


def _by_cron(given: FreshnessPolicy, warn: float) -> model.FreshnessPolicy:
    from weft.model import cron
    from weft.model.partitions import zones

    cron.check(given.cron, field="FreshnessPolicy.cron")  # type: ignore[arg-type]
    zones.zone(given.timezone, kind="FreshnessPolicy")
    bound = None
    if given.lower_bound is not None:
        bound = durations.seconds(given.lower_bound, what="FreshnessPolicy.lower_bound", exclusive=True)
    return model.FreshnessPolicy(cron=given.cron or "", timezone=given.timezone, lower_bound=bound, warn=warn)


def timeout(given: durations.Duration | None) -> float | None:
    """Return a timeout in seconds, None where there is none.

    Raises:
        UsageError: it is no duration of more than 0 seconds.
    """
    return None if given is None else durations.seconds(given, what="timeout", exclusive=True)


def code_changes(given: object) -> model.CodeChanges:
    """Return the policy that says what a code change means for history; "stale" unless given.

    Raises:
        UsageError: it is not one of the words.
    """
    match given:
        case "stale" | "forward_only" | "ask":
            return given
        case _:
            raise errors.UsageError(
                f"code_changes is {given!r}.",
                remedy='Write "stale" (history is stale), "forward_only" (only new partitions) or "ask".',
            )


def problem_with_predicate(given: Callable[[BaseException], bool] | None) -> str | None:
    """Tell what is wrong with `retry_if=`, or None."""
    return None if given is None or callable(given) else f"retry_if is {given!r}, which is not callable."


def priority(given: object) -> int:
    """Return a priority.

    Raises:
        UsageError: it is no whole number.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise errors.UsageError(f"priority is {given!r}, which is no whole number.", remedy="Write priority=10.")
