"""What a run has done already: the successes that a resumed or retried flow takes in place of calling again.

A call is known by its place in the flow (its item: the how-manieth call it is, within a mapped or nested call the path
to it), its task and the digest of its inputs. The first call that is not the one that was recorded at its place ends
the taking, at its level: from there on everything runs anew, and the difference is told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from weft.model import errors, events


class NoMatchError(errors.UsageError):
    """A flow that is resumed strictly does something else than its run did; the run stays as it was."""

    code = "flow-does-not-match"


@dataclass(frozen=True, slots=True)
class Success:
    """A call that succeeded before: its task's step, the digest of its inputs, and its result."""

    step: str
    digest: str
    result: events.TaskResult | None
    source_run: str = ""
    value: object = None
    live: bool = False
    """Whether `value` is the very value, of this process; else it is read from `result`."""


class Recorded:
    """The successes of a run by place."""

    def __init__(self, *, strict: bool = False, tell: Callable[[str], None] | None = None) -> None:
        """Begin with none. With `strict` a flow that does not match is an error; else `tell` is told (stderr)."""
        self._strict = strict
        self._tell = tell or _on_stderr
        self._found: dict[str, Success] = {}
        self._begun: dict[str, str] = {}
        self._tries: dict[str, int] = {}
        """In which try of the flow, in this process or another, each was written down last."""
        self._try = 0
        self._diverged: set[str] = set()
        self.refused: NoMatchError | None = None
        """Where the flow did not match, and the resumption is strict."""

    def __bool__(self) -> bool:
        return bool(self._found) or bool(self._begun)

    def note(self, item: str, success: Success) -> None:
        """Keep a success."""
        self._found[item] = success
        self._begun[item] = success.step
        self._tries[item] = self._try

    def begin_again(self) -> None:
        """The flow is run from its start once more."""
        self._diverged.clear()
        self._try += 1

    def forget(self, item: str) -> None:
        """Run a call again, whatever was recorded of it."""
        self._found.pop(item, None)

    def read(self, history: Iterable[events.Event]) -> list[tuple[str, str, int]]:
        """Take the events of a run; returns the attempts that had begun and not ended: step, item, attempt."""
        open_attempts: dict[tuple[str, str], int] = {}
        for event in history:
            match event:
                case events.RunStarted():
                    self._try += 1
                case events.AttemptsStarted():
                    for item in event.items or ("",):
                        self._begin(item, event.step)
                        open_attempts[event.step, item] = event.attempt
                case events.StepSucceeded(task=events.TaskResult() as result):
                    self._keep(event.item, event.step, result, event.run)
                    open_attempts.pop((event.step, event.item), None)
                case events.StepReused(task=events.TaskResult() as result):
                    self._keep(event.item, event.step, result, event.source_run)
                    open_attempts.pop((event.step, event.item), None)
                case events.AttemptFailed():
                    open_attempts.pop((event.step, event.item), None)
                case events.AttemptsLost() | events.StepsFinished():
                    for item in event.items:
                        open_attempts.pop((event.step, item), None)
                        if isinstance(event, events.StepsFinished) and event.outcome == "rolled_back":
                            self._found.pop(item, None)
                case _:
                    pass
        return [(step, item, attempt) for (step, item), attempt in open_attempts.items()]

    def _begin(self, item: str, step: str) -> None:
        """Note that a call began; one that was no repetition is where that try no longer matched those before it."""
        before, found = self._begun.get(item), self._found.get(item)
        if self._tries.get(item) != self._try and before is not None:
            repeatable = found is not None and found.digest and found.result is not None and found.result.value
            if before != step or repeatable:
                self._drop_after(item)
        self._found.pop(item, None)
        self._begun[item] = step
        self._tries[item] = self._try

    def _drop_after(self, item: str) -> None:
        """Forget what earlier tries did at a place and after it: it was given up."""
        level, _, number = item.rpartition(".")
        for each in [*self._begun]:
            if self._tries.get(each) == self._try or not each.startswith(f"{level}." if level else ""):
                continue
            if int(each[len(level) + bool(level) :].partition(".")[0]) >= int(number):
                self._found.pop(each, None)
                self._begun.pop(each, None)

    def _keep(self, item: str, step: str, result: events.TaskResult, source: str) -> None:
        self._begun[item] = step
        self._tries[item] = self._try
        self._found[item] = Success(step, result.inputs, result, source)

    def kept(self, run: str, before: str) -> list[events.Event]:
        """What a new run keeps of the successes here, of the run `before`, as its own events; what is in memory is not.

        A call that was begun and did not succeed is not among them: it is simply made again.
        """
        return [
            events.StepReused(
                run=run,
                step=each.step,
                item=item,
                source_run=each.source_run or before,
                reason="kept",
                task=msgspec.structs.replace(each.result, cache="", expires=None),
            )
            for item, each in self._found.items()
            if each.result is not None and (each.result.value is not None or each.step.endswith(":transaction"))
        ]

    def was_done(self, item: str, step: str) -> bool:
        """Whether this was done at this place, in a try that the flow still matches."""
        found = self._found.get(item)
        diverged = any(each in self._diverged for each in _levels(item.rpartition(".")[0]))
        return found is not None and found.step == step and not diverged

    def take(self, item: str, step: str, digest: str) -> Success | None:
        """The success that was recorded for this call, None where it has to run.

        Raises:
            NoMatchError: it, or a call before it, was another one, and the resumption is strict.
        """
        if self.refused is not None:
            raise self.refused
        level = item.rpartition(".")[0]
        if self._diverged and any(each in self._diverged for each in _levels(level)):
            return None
        before = self._begun.get(item)
        if before is None:
            return None
        found = self._found.get(item)
        if before == step and (found is None or not found.digest or not digest):
            return found if found is not None and found.live and found.digest == digest and digest else None
        if before == step and found is not None and found.digest == digest:
            return found if found.live or (found.result is not None and found.result.value is not None) else None
        self._diverge(item, level, before, step)
        return None

    def _diverge(self, item: str, level: str, before: str, step: str) -> None:
        was, now = before.partition(":")[2], step.partition(":")[2]
        told = (
            f"call {item} was {was}(…) and is now {now}(…)"
            if was != now
            else f"call {item} of {now}(…) has other inputs than before"
        )
        if self._strict:
            self.refused = NoMatchError(
                f"The flow no longer matches its run: {told}.",
                remedy="The run stays as it is: resume it without --strict to run everything anew from there, or start "
                "a new run.",
            )
            raise self.refused
        self._diverged.add(level)
        self._drop_after(item)
        self._tell(f"weft: the flow no longer matches its run: {told}; from there on it runs anew.")


def _levels(level: str) -> list[str]:
    """A level and all that it lies in: "2.1" gives "2.1", "2" and "" (the flow itself)."""
    parts = level.split(".") if level else []
    return [".".join(parts[:count]) for count in range(len(parts) + 1)]


def _on_stderr(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - what a person who resumes a flow has to know
