"""Runs and executions on a server: made there, and followed from here to their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from weft.model import errors
from weft.service import views
from weft.service.execution import views as execution_views
from weft.service.pipeline import backfilling, pipeline_views
from weft.service.plan import plan_outlines, saved_plans, still_holding
from weft.surfaces.cli import apply_session, executions, following, plan_text, program, remote, screen, watching
from weft.surfaces.cli import backfill as backfills

if TYPE_CHECKING:
    from collections.abc import Sequence

Execution = execution_views.ExecutionView


def refuse_running(server: remote.Server, **given: object) -> None:
    """Refuse options that say how this machine runs something.

    Raises:
        UsageError: one is given.
    """
    wrong = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if wrong:
        raise errors.UsageError(
            f"{' and '.join(wrong)} can't be given with a server ({server.url}): its workers are configured.",
            remedy="Leave it out.",
        )


# --- runs of pipelines ---


def run(server: remote.Server, name: str, given: Mapping[str, Any], *, detach: bool, as_json: bool) -> int:
    """Run a pipeline, or bring what a job selects to fresh."""
    try:
        view = server.send("POST", "/pipelines/{}/runs", views.RunView, name, **given)
    except errors.NotFoundError as error:
        if not _is_job(server, name):
            raise error from None
        request = {"select": f"job:{name}"}
        return carry_out(server, request, yes=True, detach=detach, as_json=as_json)
    return _followed(server, view, detach=detach, as_json=as_json)


def _is_job(server: remote.Server, name: str) -> bool:
    try:
        return server.get("/pipelines/{}", pipeline_views.PipelineDetail, name).pipeline.kind == "job"
    except errors.NotFoundError:
        return False


def rerun(server: remote.Server, name: str, given: Mapping[str, Any], *, detach: bool, as_json: bool) -> int:
    """Run a pipeline's run again."""
    view = server.send("POST", "/runs/{}/rerun", views.RunView, remote.run_of(server, name), **given)
    return _followed(server, view, detach=detach, as_json=as_json)


def resume(
    server: remote.Server, name: str, answered: Sequence[object], key: str | None, *, detach: bool, as_json: bool
) -> int:
    """Answer what a run asks, or see that it goes on."""
    begun = following.position(server)
    given: dict[str, object] = {"key": key, "value": answered[0]} if answered else {"key": key}
    path = "/runs/{}/resume"
    view = server.put(path, views.RunView, given, remote.run_of(server, name), method="POST")
    return _followed(server, view, detach=detach, as_json=as_json, after=begun)


def _followed(server: remote.Server, view: views.RunView, *, detach: bool, as_json: bool, after: int = 0) -> int:
    watch = watching.Watch(as_json=as_json)
    short = screen.short(view.id)
    if detach:
        if as_json:
            screen.json_line(view)
        else:
            watch.out.line(f"Run {short} is in the queue. `weft runs {short}` shows how far it is.")
        return program.DONE
    watch.of_flow = (view.selection or "").startswith("flow ")
    try:
        return watch.end(following.run(server, view, watch.progress, after=after))
    except following.Detached:
        return program.INTERRUPTED


# --- executions ---


def carry_out(
    server: remote.Server,
    request: Mapping[str, Any],
    *,
    plan_id: str | None = None,
    what_holds: bool = False,
    yes: bool,
    detach: bool,
    as_json: bool,
    quiet_plan: bool = False,
) -> int:
    """Plan a request (or take a saved plan) and have the scheduler carry it out, once that is agreed to.

    What is agreed to on a terminal is exactly what runs: it is kept as a saved plan before it is shown.
    """
    out = screen.Screen()
    if plan_id is None and not yes and not detach:
        plan_id = server.send("POST", "/plans", saved_plans.SavedPlanView, **request).id
    if not detach:
        if what_holds and plan_id is not None:
            holding = server.get("/plans/{}/holding", still_holding.HoldingView, plan_id)
            outline = holding.outline
            if not as_json:
                apply_session.tell_left_out(out, holding.left_out)
        else:
            outline = _outline(server, request, plan_id)
        if not outline.count:
            return _nothing(server, out, request, outline, as_json=as_json)
        if not as_json and not quiet_plan:
            plan_text.show(out, outline)
            out.line(f"  {plan_text.total(outline)}.")
        if not yes and not click.confirm("Run it?", default=not as_json, err=as_json):
            out.line("Nothing ran.")
            return program.DONE
    shown = _preview(server, request, plan_id) if as_json and not detach else None
    begun = following.position(server)
    made = _created(server, request, plan_id, what_holds=what_holds)
    if detach:
        return executions.tell_created(made, _missing(server), as_json=as_json)
    watch = watching.Watch(as_json=as_json)
    try:
        result = following.execution(server, made, begun, watch.progress)
    except following.Detached:
        return program.INTERRUPTED
    return apply_session.end(out, result, shown, as_json=as_json)


def _outline(server: remote.Server, request: Mapping[str, Any], plan_id: str | None) -> plan_outlines.PlanOutline:
    if plan_id is not None:
        return server.get("/plans/{}/outline", plan_outlines.PlanOutline, plan_id)
    return server.send("POST", "/plans/outline", plan_outlines.PlanOutline, **request)


def _preview(server: remote.Server, request: Mapping[str, Any], plan_id: str | None) -> views.PlanView | None:
    if plan_id is not None:
        return server.get("/plans/{}", saved_plans.SavedPlanView, plan_id).view
    return server.send("POST", "/plans/preview", views.PlanView, **request)


def _created(server: remote.Server, request: Mapping[str, Any], plan_id: str | None, *, what_holds: bool) -> Execution:
    if plan_id is not None:
        return server.send("POST", "/plans/{}/apply", Execution, plan_id, what_holds=what_holds or None)
    return server.send("POST", "/executions", Execution, **request)


def _nothing(
    server: remote.Server,
    out: screen.Screen,
    request: Mapping[str, Any],
    outline: plan_outlines.PlanOutline,
    *,
    as_json: bool,
) -> int:
    if not as_json:
        apply_session.tell_nothing(out, outline)
        return program.DONE
    plan = server.send("POST", "/plans/preview", views.PlanView, **request)
    nothing = views.ApplyView(
        run=None, outcome=None, succeeded=0, reused=0, failed=0, held=0, failures=[], seconds=0.0, plan=plan
    )
    screen.json_line(nothing)
    return program.DONE


def _missing(server: remote.Server) -> list[str]:
    """Of what carries executions out, what is not there."""
    found = server.get("/health", dict[str, Any])
    return [kind for kind in ("scheduler", "worker") if not found.get(f"{kind}s")]


# --- backfills ---


def backfill(
    server: remote.Server, given: Mapping[str, Any], *, dry_run: bool, detach: bool, as_json: bool
) -> backfilling.BackfillView | int:
    """Have the scheduler run a range of intervals; returns how that went, or an exit code."""
    if detach and not dry_run:
        made = server.send("POST", "/backfills", Execution, **given)
        return executions.tell_created(made, _missing(server), as_json=as_json)
    found = server.send("POST", "/backfills/preview", backfilling.BackfillView, **given)
    if dry_run or not found.partitions:
        return found
    begun = following.position(server)
    made = server.send("POST", "/backfills", Execution, **given)
    watch = watching.Watch(as_json=as_json, quiet=True)
    ended: list[views.ApplyView] = []

    def told(run_id: str) -> None:
        result = server.get("/runs/{}/result", views.ApplyView, run_id)
        ended.append(result)
        if not as_json:
            backfills.tell_interval(watch.out, result, len(ended), made.total)

    try:
        whole = following.execution(server, made, begun, watch.progress, told)
    except following.Detached:
        return program.INTERRUPTED
    return backfilling.BackfillView(
        pipeline=found.pipeline,
        partitions=found.partitions,
        done_before=found.done_before,
        execution=made.id,
        outcome=whole.outcome,
        runs=ended,
        seconds=whole.seconds,
    )
