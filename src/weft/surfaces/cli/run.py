"""`weft run`, `weft rerun` and `weft resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import options, program, screen, watching

if TYPE_CHECKING:
    from weft.model import pipelines
    from weft.service import views
    from weft.service import world as worlds


class _Listing(click.Command):
    """A command whose help ends with the pipelines that there are."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the pipelines of the project, where there is one that loads."""
        try:
            if options.remote() is not None:
                return
            world = options.open_world()
        except (errors.WeftError, OSError):
            return  # its own commands tell what is wrong with it
        rows = [(name, _in_short(each)) for name, each in world.graph.pipelines.items()]
        if rows:
            with formatter.section("Pipelines"):
                formatter.write_dl(rows)


_detach = click.option("--detach", is_flag=True, help="On a server: don't wait for the end of the run.")


def _check_detach(detach: bool) -> None:
    if detach:
        raise errors.UsageError(
            "--detach leaves a run to a server, but none is named.",
            remedy="Name it: weft --server URL …; or leave the run to a worker with --pool NAME.",
        )


def _in_short(pipeline: pipelines.Pipeline) -> str:
    first = (pipeline.description.strip().splitlines() or [""])[0]
    when = f" ({pipeline.schedule.text})" if pipeline.schedule is not None else ""
    return f"{first or pipeline.kind}{when}"


@options.listing_command(_Listing)
@options.pipeline(required=True)
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter; by its type.")
@click.option("--params-json", metavar="JSON", help="Parameters as an object.")
@click.option("--partition", "-p", metavar="KEY", help="The interval, by key or date; the latest that has ended.")
@click.option("--pool", metavar="NAME", default="", help="Leave the run to a worker of this work pool.")
@_detach
@options.running
@options.as_json
@options.place
def run(
    name: str,
    pairs: tuple[str, ...],
    params_json: str | None,
    partition: str | None,
    pool: str,
    detach: bool,
    no_wait: bool,
    executor: str | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Run PIPELINE (a DAG, a flow, a job) once, and wait for its end.

    A pipeline with intervals runs the latest that has ended, unless it is told which. A run of the same interval and
    parameters that was interrupted goes on. A job of assets is brought to fresh.

    Examples:
      weft run trading_analytics
      weft run trading_analytics --partition 2024-01-05
      weft run report --param date=2024-01-05 --param top=10
      weft run report --params-json '{"symbols": ["AAPL"]}' --json
    """
    from weft.service.pipeline import parameters
    from weft.service.pipeline import pipelines as runs

    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote_runs

        remote_runs.refuse_running(server, executor=executor, jobs=jobs, no_wait=no_wait)
        given = {
            "texts": parameters.texts_of(pairs), "params": parameters.of_json(params_json), "partition": partition,
            "pool": pool,
        }  # fmt: skip
        return remote_runs.run(server, name, given, detach=detach, as_json=as_json)
    _check_detach(detach)
    world = options.open_world()
    if name in world.graph.jobs and name not in world.graph.pipelines:
        return _job(world, name, executor=executor, jobs=jobs, wait=not no_wait, as_json=as_json)
    pipeline = runs.find(world, name)
    wanted = runs.Wanted(
        pipeline=name,
        params=parameters.of_texts(pipeline, pairs, params_json),
        partition=partition,
        pool=pool,
    )
    watch = watching.Watch(executor=executor, jobs=jobs, wait=not no_wait, as_json=as_json)
    watch.of_flow = world.graph.pipelines[wanted.pipeline].kind == "flow"
    if pool:
        return _queued(watch, pool, runs.create(world, wanted))
    return watch.end(watch.watch(lambda: runs.run_or_go_on(world, wanted, watch.how)))


def _job(world: worlds.World, name: str, *, executor: str | None, jobs: int | None, wait: bool, as_json: bool) -> int:
    from weft.service.plan import planning
    from weft.surfaces.cli import apply_session

    session = apply_session.Session(world, executor=executor, jobs=jobs, wait=wait, yes=True, as_json=as_json)
    return session.apply(planning.Ask(selection=f"job:{name}"))


def _queued(watch: watching.Watch, pool: str, run_id: str) -> int:
    if watch.as_json:
        screen.json_line({"run": run_id, "pool": pool, "outcome": None})
    else:
        watch.out.line(
            f"Queued in pool {pool}: run {screen.short(run_id)}; `weft worker start --pool {pool}` picks it up."
        )
    return program.DONE


@options.command
@click.argument("run_id", metavar="RUN")
@click.option("--from-failed", is_flag=True, help="Only what failed, and what is below it; the rest is kept.")
@click.option("--from", "from_step", metavar="STEP", help="A step, and what is below it; the rest is kept.")
@click.option("--only", metavar="STEP[+]", help="One step alone; with + also what is below it.")
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter in place of the run's own.")
@click.option("--pool", metavar="NAME", default="", help="Leave the run to a worker of this work pool.")
@_detach
@options.running
@options.as_json
@options.place
def rerun(
    run_id: str,
    from_failed: bool,
    from_step: str | None,
    only: str | None,
    pairs: tuple[str, ...],
    pool: str,
    detach: bool,
    no_wait: bool,
    executor: str | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Run RUN of a pipeline (an id, its beginning, or `last`) again, as a new run that is linked to it.

    Examples:
      weft rerun 8f2c                     all of it
      weft rerun last --from-failed       what failed, and what is below
      weft rerun 8f2c --from transform    from a step on
      weft rerun 8f2c --only load+        a step and what is below, whatever failed
      weft rerun 8f2c --param top=20
    """
    from weft.service.pipeline import parameters
    from weft.service.pipeline import pipelines as runs
    from weft.service.run import reruns

    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote_runs

        remote_runs.refuse_running(server, executor=executor, jobs=jobs, no_wait=no_wait)
        given = {
            "from_failed": from_failed, "from_step": from_step, "only": only, "texts": parameters.texts_of(pairs),
            "pool": pool,
        }  # fmt: skip
        return remote_runs.rerun(server, run_id, given, detach=detach, as_json=as_json)
    _check_detach(detach)
    world = options.open_world()
    row = reruns.finished(world, run_id)
    params = parameters.of_texts(runs.find(world, row.pipeline or ""), pairs)
    wanted = reruns.wanted(
        world, row.id, from_failed=from_failed, from_step=from_step, only=only, params=params, pool=pool
    )
    watch = watching.Watch(executor=executor, jobs=jobs, wait=not no_wait, as_json=as_json)
    watch.of_flow = world.graph.pipelines[wanted.pipeline].kind == "flow"
    if pool:
        return _queued(watch, pool, runs.create(world, wanted))
    return watch.end(watch.watch(lambda: runs.run(world, wanted, watch.how)))


@options.command
@click.argument("run_id", metavar="RUN")
@click.option("--input", "given", metavar="JSON", help="The answer to what the run asks.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A field of the answer.")
@click.option("--key", metavar="KEY", help="Which question is answered, where there are several.")
@click.option("--strict", is_flag=True, help="Refuse where a flow no longer does what it did, rather than run on anew.")
@_detach
@options.running
@options.as_json
@options.place
def resume(
    run_id: str,
    given: str | None,
    pairs: tuple[str, ...],
    key: str | None,
    strict: bool,
    detach: bool,
    no_wait: bool,
    executor: str | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Go on with RUN: answer what it asks a person, or take it over where its process died.

    What it has finished is not run again.

    Examples:
      weft resume 8f2c
      weft resume 8f2c --set approved=true
      weft resume 8f2c --input '{"approved": true, "note": "fine"}'
    """
    from weft.service.run import resuming

    answer = resuming.answer_of(given, pairs)
    if (server := options.remote()) is not None:
        from weft.surfaces.cli import remote_runs

        remote_runs.refuse_running(server, executor=executor, jobs=jobs, no_wait=no_wait, strict=strict)
        answered = () if answer is resuming.NOTHING else (answer,)
        return remote_runs.resume(server, run_id, answered, key, detach=detach, as_json=as_json)
    _check_detach(detach)
    world = options.open_world()
    watch = watching.Watch(executor=executor, jobs=jobs, wait=not no_wait, as_json=as_json)
    result: views.ApplyView | str = watch.watch(
        lambda: resuming.resume(world, run_id, watch.how, answer=answer, key=key, strict=strict)
    )
    if not isinstance(result, str) and result.pipeline is not None:
        watch.of_flow = world.graph.pipelines[result.pipeline].kind == "flow"
    if isinstance(result, str):
        if as_json:
            screen.json_line({"run": result, "outcome": None, "answered": True})
        else:
            watch.out.line(f"Answered: run {screen.short(result)} goes on where it waits.")
        return program.DONE
    return watch.end(result)
