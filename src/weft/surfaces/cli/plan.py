"""`weft plan`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from weft.model import errors
from weft.surfaces.cli import options, plan_text, program, screen


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
    from weft.service import hints, planning, saving, views

    if output is not None and not output.endswith(".json"):
        raise errors.UsageError(
            f"The plan is to be saved as {output!r}, which `weft apply` would take for a selection.",
            remedy=f"Name it {output}.json.",
        )
    world = options.open_world()
    if refresh:
        from weft.service import refreshing

        refreshing.refresh(world, selection)
    ask = planning.Ask(
        selection=selection,
        partitions=partitions,
        exact=force,
        only_failed=failed,
        keep_going=keep_going,
        rebuild_undecided=rebuild,
    )
    made = planning.make_plan(world, ask)
    if output is not None:
        saving.save(world, made, Path(output))
    kept = None
    if save:
        from weft.service import saved_plans

        kept = saved_plans.keep(world, made)
    if as_json:
        screen.json_line(kept or views.plan_view(world.planned, made))
    else:
        out = screen.Screen()
        told = hints.hints(world, made)
        plan_text.show(out, world.planned, made, explain=explain, everything=everything)
        if made.steps:
            if output is not None:
                command = f"weft apply {shlex.quote(output)}"
            elif kept is not None:
                command = f"weft apply --plan {kept.id}"
            else:
                command = _command(
                    selection, partitions, force=force, failed=failed, rebuild=rebuild, executor=executor, jobs=jobs
                )
            total = plan_text.total(made, world.graph.pipelines)
            out.line(f"  {total}. `{command}` runs {'it' if made.count == 1 else 'them'}.")
        else:
            out.line(f"  {plan_text.nothing_to_do(made, told)}")
        for each in told:
            out.line(f"  {each}")
    return program.TO_DO if as_check and made.steps else program.DONE


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
