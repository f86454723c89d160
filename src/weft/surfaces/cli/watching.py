"""Watching runs of pipelines to their end: progress on stderr, Ctrl-C, what failed, the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from weft.service.run import interrupting
from weft.surfaces.cli import failures, program, progress, screen

if TYPE_CHECKING:
    from weft.service import views
    from weft.service.run import driving

T = TypeVar("T")


class Watch:
    """How a command runs pipelines and tells of it."""

    def __init__(
        self,
        *,
        executor: str | None = None,
        jobs: int | None = None,
        wait: bool = True,
        as_json: bool = False,
        quiet: bool | None = None,
    ) -> None:
        """Prepare; `as_json` keeps quiet, unless `quiet` says otherwise."""
        self._executor = executor
        self._jobs = jobs
        self._wait = wait
        self.as_json = as_json
        self.of_flow = False
        """Whether what runs is a flow, which can't be run again in part."""
        self.out = screen.Screen()
        self.progress = progress.Progress(quiet=as_json if quiet is None else quiet)
        self.interrupts = interrupting.Interrupts()

    @property
    def how(self) -> driving.How:
        """How to run."""
        from weft.service.run import driving

        def started(driver: object, run: str, count: int) -> None:
            from weft.runtime import driver as drivers

            assert isinstance(driver, drivers.Driver)
            self.interrupts.attach(driver)
            self.progress.started(driver, run, count)

        return driving.How(
            executor=self._executor,
            jobs=self._jobs,
            listener=self.progress.listen,
            started=started,
            waiting=lambda told: self.progress.say(f"Waiting: {told}"),
            note=self.progress.say,
            wait=self._wait,
        )

    def watch(self, work: Callable[[], T]) -> T:
        """Do something that runs, heeding Ctrl-C."""
        with self.interrupts.installed():
            try:
                return work()
            finally:
                self.progress.close()

    def tell(self, result: views.ApplyView) -> None:
        """Tell how a run of a pipeline ended, or that it waits for a person."""
        if result.outcome == "suspended" and result.run is not None:
            short = screen.short(result.run)
            self.out.line(f"Run {short} is suspended.")
            if result.question is None:
                self.out.line(f"  `weft resume {short}` goes on with it.")
            else:
                from weft.surfaces.cli import run_text

                for line in run_text.question(result.question):
                    self.out.line(f"  {line}")
            return
        failures.show(self.out, result.failures, run=result.run)
        self.out.line(self.out.paint(progress.summary(result), result.outcome or ""))
        if result.result is not None:
            self.out.line(f"  returned {screen.fit(json.dumps(result.result, ensure_ascii=False), 400)}")
        if result.outcome != "succeeded" and result.run is not None:
            partly = result.failures or result.outcome == "cancelled"
            again = " --from-failed" if partly else ""
            what = "it again" if not partly else "what failed again" if result.failures else "what is left of it"
            if partly and self.of_flow:
                what = "it again and keeps the calls that succeeded"
            self.out.line(
                f"  `weft runs {screen.short(result.run)}` shows its steps; "
                f"`weft rerun {screen.short(result.run)}{again}` runs {what}."
            )

    def code(self, outcome: str | None) -> int:
        """The exit code for an outcome."""
        if self.interrupts.count and outcome != "succeeded":
            return program.INTERRUPTED
        return program.DONE if outcome in (None, "succeeded", "suspended") else program.FAILED

    def end(self, result: views.ApplyView) -> int:
        """Tell how a run ended, as JSON where that is wanted, and return the exit code."""
        if self.as_json:
            screen.json_line(result)
            failures.show(screen.Screen(stderr=True), result.failures, run=result.run)
        else:
            self.tell(result)
        return self.code(result.outcome)
