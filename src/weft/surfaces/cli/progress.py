"""Telling how a run goes: a bar on a terminal, a quiet line in a pipe. Failures are counted; the end tells them."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from weft.model import events
from weft.surfaces.cli import screen

if TYPE_CHECKING:
    from weft.service import views

_MOST_RETRIES = 10
_REFRESH_SECONDS = 0.1
_LINE_SECONDS = 10.0


class Progress:
    """Listens to the events of a run; made to cost next to nothing for each of them."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Tell on stderr; nothing if `quiet`."""
        self._out = screen.Screen(stderr=True)
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._total = 0
        self._done = 0
        self._failed = 0
        self._retried = 0
        self._running: dict[str, int] = {}
        self._shown = 0.0
        self._run = ""
        self._together = ""
        self._begun = 0

    def together(self, runs: int, steps: int) -> None:
        """Show so many runs of so many steps each as one, until it is told (0, 0)."""
        self.close()
        self._together = f"{runs:,} runs" if runs else ""
        self._total, self._done, self._failed = runs * steps, 0, 0
        self._running = {}
        self._begun, self._shown = 0, time.monotonic()
        if not runs or self._quiet:
            return
        if self._out.terminal:
            self._open_bar()
        else:
            self._out.line(f"{self._together} of {screen.plural(steps, 'step')}.")

    def started(self, driver: object, run: str, total: int) -> None:
        """A run begins (or goes on)."""
        if self._together:
            self._begun += 1
            now = time.monotonic()
            if not self._quiet and not self._out.terminal and now - self._shown >= _LINE_SECONDS:
                self._shown = now
                self._out.line(f"{self._begun:,} of {self._together} begun.")
            return
        self._run, self._total, self._done, self._failed = run, total, 0, 0
        self._running = {}
        if self._quiet:
            return
        if self._out.terminal:
            self._open_bar()
        else:
            self._out.line(f"Run {screen.short(run)}: {screen.plural(total, 'step')}.")

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
                    count = len(event.items) or len(event.partitions)
                    running[event.step] = running.get(event.step, 0) + count
                case events.StepReused():
                    self._done += 1
                case events.StepParked():
                    running[event.step] = running.get(event.step, 0) - 1
                case events.StepMapped():
                    self._grow(event.count - 1)
                case events.AttemptFailed():
                    running[event.step] = running.get(event.step, 0) - 1
                    self._tell(event)
                case events.StepsFinished():
                    count = len(event.items) or len(event.partitions)
                    self._done += count
                    if event.outcome in ("failed", "crashed", "timed_out"):
                        self._failed += count
                case _:
                    pass
        if self._bar is not None:
            now = time.monotonic()
            if now - self._shown >= _REFRESH_SECONDS or self._done >= self._total:
                self._shown = now
                names = [step for step, count in running.items() if count > 0]
                failed = f"✗ {self._failed:,} failed" if self._failed else ""
                self._bar.update(self._task, completed=self._done, running=screen.some(names, most=2), failed=failed)

    def _grow(self, more: int) -> None:
        """A mapped step, counted as one so far, has this many more step runs."""
        self._total += more
        if self._bar is not None:
            self._bar.update(self._task, total=self._total)

    def _tell(self, event: events.AttemptFailed) -> None:
        if event.retry_at is None:
            self._done += 1
            self._failed += 1
            return
        self._retried += 1
        if self._quiet or self._retried > _MOST_RETRIES:
            return
        which = event.item or event.partition
        name = event.step if not which else f"{event.step}[{which}]"
        error = event.error.told if event.error else event.outcome
        lines = screen.reason(
            f"{name}, attempt {event.attempt}, failed and is tried again", [error], self._out.width - 4
        )
        for number, line in enumerate(lines):
            self._say(("  ~ " if number == 0 else "    ") + line, "stale")
        if self._retried == _MOST_RETRIES:
            self._say("  … further attempts that failed are in `weft logs last --failed`.", "")

    def _say(self, text: str, word: str) -> None:
        if self._bar is not None:
            from rich import text as rich_text

            styled = rich_text.Text(text, style=screen.COLOURS.get(word, "dim"))
            self._bar.console.print(styled, soft_wrap=True)
        else:
            self._out.line(self._out.paint(text, word) if word else self._out.faint(text))

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
        from rich import console, progress, table

        self.close()
        columns: list[progress.ProgressColumn] = [
            progress.TextColumn(self._together or f"Run {screen.short(self._run)}"),
            progress.BarColumn(bar_width=24 if self._out.width >= 100 else 10),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("left"),
            progress.TimeRemainingColumn(compact=True),
            progress.TextColumn("{task.fields[failed]}", style="red"),
            progress.TextColumn(
                "{task.fields[running]}", style="dim", table_column=table.Column(ratio=1, no_wrap=True)
            ),
        ]
        self._bar = progress.Progress(
            *columns,
            # the stream as it is now: inline, a body's output is led elsewhere, and the bar must not go along
            console=console.Console(file=sys.stderr, no_color=not self._out.coloured, width=self._out.width),
            transient=True,
            expand=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=self._total, running="", failed="")
        self._bar.start()


def summary(result: views.ApplyView) -> str:
    """How a run ended, in one line."""
    parts = [f"{result.succeeded:,} succeeded"] if result.succeeded or result.outcome != "succeeded" else []
    for count, word in (
        (result.reused, "reused"),
        (result.skipped, "skipped"),
        (result.failed, "failed"),
        (result.held, "held back"),
    ):
        if count:
            parts.append(f"{count:,} {word}")
    word = {"succeeded": "Done", "failed": "Failed", "cancelled": "Cancelled", "timed_out": "Timed out"}.get(
        result.outcome or "", "Ended"
    )
    again = " (resumed)" if result.resumed else ""
    which = f"{len(result.runs)} runs" if len(result.runs) > 1 else f"run {screen.short(result.run or '')}"
    told = f": {', '.join(parts)}" if parts else ""
    return f"{word}{again}{told} in {screen.seconds(result.seconds)} ({which})."
