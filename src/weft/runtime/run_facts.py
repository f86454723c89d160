"""What is known of a pipeline's run when it begins."""

from __future__ import annotations

import msgspec

from weft.model import events, keys


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a pipeline. Times are microseconds since the epoch.

    `before` is the interval before this one, which steps that depend on their past look at; "" has it worked out from
    the pipeline's partitions. `previous` are the bounds of the last interval that succeeded, for templates.
    """

    run: str
    partition: keys.PartitionKey = None
    interval: tuple[int, int] | None = None
    params: bytes = b"{}"
    trigger: str = "manual"
    created: int = 0
    previous: tuple[int, int] | None = None
    rerun_of: str = ""
    before: keys.PartitionKey = ""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a rerun keeps of one step run of the run before; `source_run` is where its result was made.

    One that did not end well there, for `reason`, keeps its `outcome` too.
    """

    source_run: str
    result: events.TaskResult | None = None
    outcome: events.Outcome = "succeeded"
    reason: str = ""

    @property
    def told(self) -> str:
        """How it ended, in which run, and why; of what was kept there already, the run in which it did."""
        if " in the run " in self.reason:
            return self.reason
        why = f": {self.reason}" if self.reason else ""
        return f"{_TOLD.get(self.outcome, self.outcome)} in the run {self.source_run}{why}"


_TOLD = {
    "skipped": "skipped as",
    "upstream_failed": "could not run",
    "timed_out": "timed out",
    "cancelled": "did not run",
}
