"""Telling how a run goes: a bar on a terminal, a few quiet lines in a pipe. Failures are told as they come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from weft.model import events
from weft.surfaces.cli import screen

if TYPE_CHECKING:
    from weft.runtime import driver as drivers
    from weft.service import views

_MOST_FAILURES = 20
_REFRESH_SECONDS = 0.1


class Progress:
    """Listens to the events of a run; made to cost next to nothing for each of them."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Tell on stderr; `quiet` tells failures only."""
        self._out = screen.Screen(stderr=True)
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._total = 0
        self._done = 0
        self._failed = 0
        self._running: dict[str, int] = {}
        self._shown = 0.0
        self._run = ""

    def started(self, driver: drivers.Driver, run: str, total: int) -> None:
        """A run begins (or goes on)."""
        self._run, self._total, self._done, self._failed = run, total, 0, 0
        self._running = {}
        if self._quiet:
            return
        if self._out.terminal:
            self._open_bar()
        else:
            self._out.line(f"Run {run}: {screen.plural(total, 'step')}.")

    def ahead(self, done: int) -> None:
        """So many step runs were finished before."""
        self._done += done

    def listen(self, batch: Sequence[events.Event]) -> None:
        """Take in what was committed."""
        running = self._running
        for event in batch:
            match event:
                case events.StepSucceeded():
                    self._done += 1
                    running[event.step] = running.get(event.step, 0) - 1
                case events.AttemptsStarted():
                    running[event.step] = running.get(event.step, 0) + len(event.partitions)
                case events.AttemptFailed():
                    running[event.step] = running.get(event.step, 0) - 1
                    self._tell(event)
                case events.StepsFinished():
                    self._done += len(event.partitions)
                case _:
                    pass
        if self._bar is not None:
            now = time.monotonic()
            if now - self._shown >= _REFRESH_SECONDS or self._done >= self._total:
                self._shown = now
                names = [step for step, count in running.items() if count > 0]
                self._bar.update(self._task, completed=self._done, running=screen.fit(screen.some(names, most=2), 40))

    def _tell(self, event: events.AttemptFailed) -> None:
        name = event.step if event.partition is None else f"{event.step}[{event.partition}]"
        error = f"{event.error.kind}: {event.error.message}" if event.error else event.outcome
        if event.retry_at is not None:
            self._say(
                f"  ~ {name} failed, to be tried again (attempt {event.attempt}): {screen.fit(error, 200)}", "stale"
            )
            return
        self._done += 1
        self._failed += 1
        if self._failed > _MOST_FAILURES:
            return
        word = "failed" if event.outcome == "failed" else event.outcome.replace("_", " ")
        where = f" -p '{event.partition}'" if event.partition is not None else ""
        subject = event.assets[0] if event.assets else event.step
        self._say(f"  ! {name} {word}: {screen.fit(error, 300)}", "failed")
        self._say(f"      weft logs {subject}{where}", "")
        if self._failed == _MOST_FAILURES:
            self._say("  … further failures are counted only.", "")

    def _say(self, text: str, word: str) -> None:
        painted = self._out.paint(text, word) if word else self._out.faint(text)
        if self._bar is not None:
            self._bar.console.print(
                text, style=screen.COLOURS.get(word, "dim"), markup=False, highlight=False, soft_wrap=True
            )
        else:
            self._out.line(painted)

    def say(self, text: str) -> None:
        """Tell something beside the bar."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            self._out.line(text)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _open_bar(self) -> None:
        from rich import console, progress

        self.close()
        self._bar = progress.Progress(
            progress.TextColumn(f"Run {self._run}"),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("eta"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[running]}", style="dim"),
            console=console.Console(stderr=True, no_color=not self._out.coloured),
            transient=True,
        )
        self._task = self._bar.add_task("", total=self._total, running="")
        self._bar.start()


def summary(result: views.ApplyView) -> str:
    """How a run ended, in one line."""
    parts = [f"{result.succeeded:,} succeeded"]
    for count, word in ((result.reused, "reused"), (result.failed, "failed"), (result.held, "held back")):
        if count:
            parts.append(f"{count:,} {word}")
    word = {"succeeded": "Done", "failed": "Failed", "cancelled": "Cancelled"}.get(result.outcome or "", "Ended")
    again = " (resumed)" if result.resumed else ""
    return f"{word}{again}: {', '.join(parts)} in {screen.seconds(result.seconds)} (run {result.run})."
