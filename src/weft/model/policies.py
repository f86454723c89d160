"""Policies of steps and assets: plain values that the engine and the planner act on."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

CodeChanges: TypeAlias = Literal["stale", "forward_only", "ask"]
"""What a code change means for history: it is stale, only new partitions use the new code, or a person decides."""

Severity: TypeAlias = Literal["warn", "error"]


class Retry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often and when a failed attempt is tried again.

    `delay` seconds before the first retry; each further one waits `factor` times as long, at most `max_delay`
    seconds; `jitter` is the share of the delay (0 to 1) that is drawn at random and added. A predicate on the
    exception, where the step has one, is asked in the process that ran the body.
    """

    retries: int = 0
    delay: float = 0.0
    factor: float = 1.0
    max_delay: float | None = None
    jitter: float = 0.0
    delays: tuple[float, ...] = ()
    """The delays before the first retries one by one, in place of `delay` and `factor`; the last one holds on."""

    def delay_before(self, retry: int, random: float) -> float:
        """Seconds to wait before retry number `retry` (from 1); `random` is in [0, 1)."""
        if self.delays:
            delay = self.delays[min(retry, len(self.delays)) - 1]
        else:
            delay = self.delay * self.factor ** (retry - 1)
        if self.max_delay is not None:
            delay = min(delay, self.max_delay)
        return delay * (1.0 + self.jitter * random)


class Policies(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Policies of a step. `timeout` is in seconds and counts from the start of one attempt's body."""

    retry: Retry = Retry()
    timeout: float | None = None
    executor: str | None = None
    pools: tuple[str, ...] = ()
    priority: int = 0
    at_most_once: bool = False
    batch: bool = False
    slots: int = 1
    """How many slots of each of its pools it takes."""
    tags: tuple[str, ...] = ()
    """Tags of a task: a run may limit how many steps of a tag are under way at once."""


class FreshnessPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How old an asset may become.

    Either `max_lag` seconds from the partition's end, else from its last success or reuse. Or by the ticks of `cron`:
    a partition by the first tick at or after its end; what has no partitions must have succeeded within `lower_bound`
    seconds before a tick (None: since the tick before). It is about to be late `warn` seconds before.
    """

    max_lag: float = 0.0
    cron: str = ""
    timezone: str = "UTC"
    lower_bound: float | None = None
    warn: float = 0.0
