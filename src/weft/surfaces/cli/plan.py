"""`weft plan`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weft.model import errors
from weft.surfaces.cli import options, plan_text, program, screen

if TYPE_CHECKING:
    from weft.service import views
    from weft.service.plan import plan_outlines, saved_plans
    from weft.surfaces.cli import remote as remotes


@options.command
@options.selection()
@options.partitions
@click.option("--force", is_flag=True, help="All that is selected, without cut-off, and nothing above it.")
@click.option("--failed", is_flag=True, help="Only what failed.")
@click.option("--rebuild", is_flag=True, help="Also what waits for a decision on changed code.")
@options.keep_going
@click.option("--refresh", is_flag=True, help="Observe external assets first.")
@click.option("--explain", is_flag=True, help="Show the chains of causes.")
@click.option("--all", "everything", is_flag=True, help="Show every line, however many.")
@click.option("--check", "as_check", is_flag=True, help="Exit with 10 when there is something to do.")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Save the plan, to apply it later."
)
@click.option("--save", is_flag=True, help="Keep the plan in the ledger, to apply it later by its id.")
@click.option("--executor", metavar="NAME", help="Named in the command that runs the plan.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Named in the command that runs the plan.")
@options.as_json
@options.place
def plan(
    selection: str | None,
    partitions: str | None,
    force: bool,
    failed: bool,
    rebuild: bool,
    keep_going: bool | None,
    refresh: bool,
    explain: bool,
    everything: bool,
    as_check: bool,
    output: str | None,
    save: bool,
    executor: str | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Show what would run to bring SELECTION (all assets by default) to fresh, and why. Nothing runs.

    Marks: + missing   ~ stale   ! failed   x blocked   - rejected   ? undecided
           ▶ running   * asked for   = fresh

    Examples:
      weft plan                              everything
      weft plan +daily_metrics               an asset and all above it
      weft plan metrics -p 2024-01-01..2024-01-31
      weft plan 'group:trading and status:failed'
      weft plan -o plan.json                 save it; `weft apply plan.json`
      weft plan --save                       keep it; `weft apply --plan ID`
      weft plan --check                      for scripts: exit 10 if anything is to do
    """
    if output is not None and not output.endswith(".json"):
        raise errors.UsageError(
            f"The plan is to be saved as {output!r}, which `weft apply` would take for a selection.",
            remedy=f"Name it {output}.json.",
        )
    given: dict[str, Any] = {
        "select": selection,
        "partitions": partitions,
        "exact": force,
        "only_failed": failed,
        "keep_going": keep_going,
        "rebuild": rebuild,
    }
    if (server := options.remote()) is not None:
        if output is not None or refresh:
            options.refuse_remote("--output" if output is not None else "--refresh", server, remedy="Leave it out.")
        found = _there(server, given, save=save, as_json=as_json)
    else:
        found = _here(given, refresh=refresh, output=output, save=save, as_json=as_json)
    if as_json:
        screen.json_line(found.kept or found.view)
    elif found.outline is not None:
        out, outline = screen.Screen(), found.outline
        plan_text.show(out, outline, explain=explain, everything=everything)
        if outline.count:
            if output is not None:
                command = f"weft apply {shlex.quote(output)}"
            elif found.kept is not None:
                command = f"weft apply --plan {found.kept.id}"
            else:
                command = _command(
                    selection, partitions, force=force, failed=failed, rebuild=rebuild, executor=executor, jobs=jobs
                )
            out.line(f"  {plan_text.total(outline)}. `{command}` runs {'it' if outline.count == 1 else 'them'}.")
        else:
            out.line(f"  {plan_text.nothing_to_do(outline)}")
        for each in outline.hints:
            out.line(f"  {each}")
    return program.TO_DO if as_check and found.to_do else program.DONE


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A plan as far as it is shown."""

    to_do: bool
    kept: saved_plans.SavedPlanView | None = None
    view: views.PlanView | None = None
    outline: plan_outlines.PlanOutline | None = None


def _here(given: dict[str, Any], *, refresh: bool, output: str | None, save: bool, as_json: bool) -> _Found:
    from weft.service import views
    from weft.service.plan import plan_outlines, planning, saved_plans, saving

    world = options.open_world()
    if refresh:
        from weft.service.asset import refreshing

        refreshing.refresh(world, given["select"])
    ask = planning.Ask(
        selection=given["select"],
        partitions=given["partitions"],
        exact=given["exact"],
        only_failed=given["only_failed"],
        keep_going=given["keep_going"],
        rebuild_undecided=given["rebuild"],
    )
    made = planning.make_plan(world, ask)
    outline = None if as_json else plan_outlines.of(world, made)
    if output is not None:
        saving.save(world, made, Path(output))
    kept = saved_plans.keep(world, made) if save else None
    view = views.plan_view(world.planned, made) if as_json and kept is None else None
    return _Found(to_do=bool(made.steps), kept=kept, view=view, outline=outline)


def _there(server: remotes.Server, given: dict[str, Any], *, save: bool, as_json: bool) -> _Found:
    from weft.service import views
    from weft.service.plan import plan_outlines, saved_plans

    if save:
        kept = server.send("POST", "/plans", saved_plans.SavedPlanView, **given)
        outline = None if as_json else server.get("/plans/{}/outline", plan_outlines.PlanOutline, kept.id)
        return _Found(to_do=kept.steps > 0, kept=kept, outline=outline)
    if as_json:
        view = server.send("POST", "/plans/preview", views.PlanView, **given)
        return _Found(to_do=bool(view.steps), view=view)
    outline = server.send("POST", "/plans/outline", plan_outlines.PlanOutline, **given)
    return _Found(to_do=outline.count > 0, outline=outline)


def _command(
    selection: str | None,
    partitions: str | None,
    *,
    force: bool,
    failed: bool,
    rebuild: bool,
    executor: str | None,
    jobs: int | None,
) -> str:
    words = ["weft", "apply"]
    given = click.get_current_context().find_root().ensure_object(dict)
    for flag, name in (("-f", "file"), ("-m", "module")):
        if given.get(name):
            words[1:1] = [flag, shlex.quote(given[name])]
    if selection is not None:
        words.append(shlex.quote(selection))
    if partitions is not None:
        words += ["--partitions", shlex.quote(partitions)]
    words += [flag for flag, on in (("--force", force), ("--failed", failed), ("--rebuild", rebuild)) if on]
    if executor is not None:
        words += ["--executor", shlex.quote(executor)]
    if jobs is not None:
        words += ["--jobs", str(jobs)]
    return " ".join(words)
