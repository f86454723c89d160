"""Applying a plan from the command line: the question before it, what is shown meanwhile, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.service.run import interrupting
from weft.surfaces.cli import failures, plan_text, program, progress, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model import plan as plans
    from weft.service import views
    from weft.service import world as worlds
    from weft.service.plan import plan_outlines, planning, saving, still_holding
    from weft.service.run import driving

_MOST_LEFT_OUT = 50


class Session:
    """One apply: its world, how it is run, and what it says."""

    def __init__(
        self,
        world: worlds.World,
        *,
        executor: str | None,
        jobs: int | None,
        wait: bool,
        yes: bool,
        as_json: bool,
        quiet_plan: bool = False,
    ) -> None:
        self._world = world
        self._executor = executor
        self._jobs = jobs
        self._wait = wait
        self._yes = yes
        self._as_json = as_json
        self._quiet_plan = quiet_plan
        self._out = screen.Screen()
        self._progress = progress.Progress(quiet=as_json)
        self._interrupts = interrupting.Interrupts()
        self._result: views.ApplyView | None = None

    def apply(self, ask: planning.Ask) -> int:
        """Plan and carry out, after what a dead owner left."""
        from weft.service.plan import applying, planning

        resumed = self._after_the_dead(ask)
        if resumed is not None:
            if self._interrupts.count or ask.exact or resumed.outcome != "succeeded":
                return self._end(resumed, None)
            self._progress.say(progress.summary(resumed))
        while True:
            made = planning.make_plan(self._world, ask)
            if not made.steps:
                if resumed is not None:
                    return self._end(resumed, None)
                return self._nothing(made)
            if not self._agreed(made):
                return program.DONE
            try:
                return self._end(self._carry_out(made, ask if self._yes else None), made)
            except applying.PlanMovedError:
                if self._yes:
                    raise
                self._progress.say("What the plan relies on has changed meanwhile; this is the plan now:")

    def apply_saved(self, saved: saving.SavedPlan, *, what_holds: bool = False) -> int:
        """Carry out a saved plan, if it still holds; or what of it does."""
        from weft.service.plan import applying, still_holding
        from weft.service.plan import saving as savings

        resumed = self._after_the_dead(savings.ask_of(saved), only=saved)
        if resumed is not None:
            return self._end(resumed, None)
        if what_holds:
            holding = still_holding.checked(self._world, saved)
            made = holding.made
            if not self._as_json:
                tell_left_out(self._out, holding.left_out)
        else:
            made = savings.replan(self._world, saved)
        if not made.steps:
            return self._nothing(made)
        if not self._agreed(made):
            return program.DONE
        try:
            return self._end(self._carry_out(made, None), made)
        except applying.PlanMovedError as error:
            raise errors.DriftError(
                f"The plan no longer holds; nothing ran. {error.message}", remedy="Plan again."
            ) from error

    def _after_the_dead(self, ask: planning.Ask, *, only: saving.SavedPlan | None = None) -> views.ApplyView | None:
        """Go on with a run of this very request (or saved plan) whose owner died; end the others."""
        from weft.service.run import recovering

        result: views.ApplyView | None = None
        for each in recovering.interrupted(self._world):
            if result is not None or not recovering.resumable(self._world, each, ask):
                continue
            if only is not None and (each.document is None or each.document.now != only.document.now):
                continue
            done = each.row.succeeded + each.row.reused + each.row.failed + each.row.held
            self._progress.say(
                f"Run {screen.short(each.row.id)} was interrupted after {done:,} of {each.row.steps:,} steps."
            )
            if not self._yes and not click.confirm("Go on with it?", default=True, err=True):
                raise click.Abort
            how = self._how(ahead=done)
            with self._interrupts.installed():
                try:
                    result = recovering.resume(self._world, each, how)
                finally:
                    self._progress.close()
        recovering.recover(self._world)
        return result

    def _agreed(self, made: plans.Plan) -> bool:
        if self._as_json or self._quiet_plan:
            return self._yes or click.confirm("Run it?", err=True)
        from weft.service.plan import plan_outlines

        outline = plan_outlines.of(self._world, made)
        plan_text.show(self._out, outline)
        self._out.line(f"  {plan_text.total(outline)}.")
        if self._yes:
            return True
        if click.confirm("Run it?", default=True):
            return True
        self._out.line("Nothing ran.")
        return False

    def _carry_out(self, made: plans.Plan, ask: planning.Ask | None) -> views.ApplyView:
        from weft.service.plan import applying

        with self._interrupts.installed():
            try:
                return applying.apply(self._world, made, self._how(), ask=ask)
            finally:
                self._progress.close()

    def _how(self, ahead: int = 0) -> driving.How:
        from weft.service.run import driving

        def started(driver: object, run: str, count: int) -> None:
            from weft.runtime import driver as drivers

            assert isinstance(driver, drivers.Driver)
            self._interrupts.attach(driver)  # first, so that Ctrl-C is heeded from the bar's first sight on
            self._progress.started(driver, run, count)
            self._progress.ahead(ahead)

        return driving.How(
            executor=self._executor,
            jobs=self._jobs,
            listener=self._progress.listen,
            started=started,
            waiting=lambda told: self._progress.say(f"Waiting: {told}"),
            note=self._progress.say,
            together=self._progress.together,
            wait=self._wait,
        )

    def _nothing(self, made: plans.Plan) -> int:
        if self._as_json:
            from weft.service import views
            from weft.service.plan import applying

            result = applying.apply(self._world, made, self._how())
            screen.json_line(_with_plan(result, views.plan_view(self._world.planned, made)))
        else:
            from weft.service.plan import plan_outlines

            tell_nothing(self._out, plan_outlines.of(self._world, made))
        return program.DONE

    def _end(self, result: views.ApplyView, made: plans.Plan | None) -> int:
        from weft.service import views

        shown = views.plan_view(self._world.planned, made) if self._as_json and made is not None else None
        return end(self._out, result, shown, as_json=self._as_json, interrupted=self._interrupts.count > 0)


def end(
    out: screen.Screen,
    result: views.ApplyView,
    plan: views.PlanView | None,
    *,
    as_json: bool,
    interrupted: bool = False,
) -> int:
    """Tell how an apply ended, and return its exit code."""
    if as_json:
        screen.json_line(_with_plan(result, plan))
        failures.show(screen.Screen(stderr=True), result.failures)
    elif result.run is None:
        out.line("Nothing to do: another run has made it meanwhile.")
    else:
        for each in result.runs or [result]:
            failures.show(out, each.failures, run=each.run, interval=each.partition)
        out.line(out.paint(progress.summary(result), result.outcome or ""))
        if result.outcome != "succeeded":
            on = "`weft apply` goes on from here; " if interrupted else ""
            out.line(f"  {on}`weft plan` says what is left, and why.")
    if interrupted and result.outcome != "succeeded":
        return program.INTERRUPTED
    return program.DONE if result.outcome in (None, "succeeded") else program.FAILED


def tell_left_out(out: screen.Screen, left_out: Sequence[still_holding.LeftOutView]) -> None:
    """Say what of a saved plan does not hold any more, and why."""
    if not left_out:
        return
    count = sum(each.count for each in left_out)
    out.line(f"{screen.plural(count, 'step')} of the plan {'does' if count == 1 else 'do'} not hold any more:")
    for each in left_out[:_MOST_LEFT_OUT]:
        out.line(f"  {each.told}")
    if len(left_out) > _MOST_LEFT_OUT:
        out.line(f"  … and {len(left_out) - _MOST_LEFT_OUT:,} more lines")


def tell_nothing(out: screen.Screen, outline: plan_outlines.PlanOutline) -> None:
    """Say that nothing is to run, and why."""
    plan_text.show(out, outline)
    out.line(f"  {plan_text.nothing_to_do(outline)}")
    for each in outline.hints:
        out.line(f"  {each}")


def _with_plan(result: views.ApplyView, plan: views.PlanView | None) -> views.ApplyView:
    import msgspec

    return msgspec.structs.replace(result, plan=plan)
