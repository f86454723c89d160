"""`weft pipelines`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.service.pipeline import pipeline_views
    from weft.surfaces.cli import remote as remotes


@options.command
@options.pipeline()
@click.option("--versions", is_flag=True, help="Show the versions of its code, with their runs.")
@click.option(
    "--diff", is_flag=True, help="Show what differs between two VERSIONS (or runs); the last two unless given."
)
@click.argument("between", nargs=-1, metavar="[VERSION VERSION]")
@options.as_json
@options.place
def pipelines(name: str | None, versions: bool, diff: bool, between: tuple[str, ...], as_json: bool) -> int:
    """Show pipelines with their schedules and runs; or one PIPELINE's steps, parameters and latest runs.

    Examples:
      weft pipelines
      weft pipelines trading_analytics
      weft pipelines trading_analytics --versions
      weft pipelines trading_analytics --diff
      weft pipelines trading_analytics --diff 3fa2 77ab
    """
    from weft.model import errors
    from weft.service.pipeline import pipeline_views

    server = options.remote()
    out = screen.Screen()
    if name is None and (versions or diff):
        raise errors.UsageError("--versions and --diff need a pipeline.", remedy="Name one: weft pipelines NAME …")
    if name is None:
        if server is not None:
            found = server.all("/pipelines", pipeline_views.PipelineView, recent=1)
        else:
            found = sorted(pipeline_views.listed(options.open_world()), key=lambda each: each.name)
        if as_json:
            screen.json_line(found)
        elif not found:
            out.line("No pipelines are defined: decorate a function with @dag or @flow.")
        else:
            _list(out, found)
        return program.DONE
    if len(between) not in ((0, 2) if diff else (0,)):
        raise errors.UsageError(
            f"{len(between)} versions are given: {', '.join(between)}.",
            remedy=f"Give two to compare: weft pipelines {name} --diff A B; or none, for the last two.",
        )
    if diff:
        before, after, told = _difference(server, name, between)
        if as_json:
            screen.json_line({"pipeline": name, "from": before, "to": after, "diff": told})
        else:
            out.line(told or "The two are the same code.")
        return program.DONE
    if versions:
        if server is not None:
            codes = server.items("/pipelines/{}/versions", pipeline_views.CodeView, name)
        else:
            codes = pipeline_views.versions(options.open_world(), name)
        if as_json:
            screen.json_line(codes)
        else:
            _show_versions(out, codes)
        return program.DONE
    if server is not None:
        detail = server.get("/pipelines/{}", pipeline_views.PipelineDetail, name)
    else:
        detail = pipeline_views.detail(options.open_world(), name)
    if as_json:
        screen.json_line(detail)
    else:
        _show(out, detail)
    return program.DONE


class _Diff(msgspec.Struct):
    before: str
    after: str
    diff: str


def _difference(server: remotes.Server | None, name: str, between: Sequence[str]) -> tuple[str, str, str]:
    """Two versions of a pipeline, the last two unless they are named, and what differs between them."""
    from weft.service.pipeline import pipeline_views

    if server is not None:
        before, after = between or (None, None)
        found = server.get("/pipelines/{}/diff", _Diff, name, before=before, after=after)
        return found.before, found.after, found.diff
    world = options.open_world()
    first, second = between or pipeline_views.last_two(world, name)
    return first, second, pipeline_views.difference(world, name, first, second)


def _list(out: screen.Screen, found: list[pipeline_views.PipelineView]) -> None:
    rows = []
    for each in found:
        last = each.runs[0] if each.runs else None
        counts = ", ".join(f"{count:,} {word}" for word, count in each.counts.items())
        rows.append(
            (
                each.name,
                each.kind,
                each.schedule or "",
                f"{_word(last)} {screen.moment_of(last.created_at)}" if last is not None else "never run",
                screen.moment_of(each.next_interval_ends),
                counts,
                (each.description.strip().splitlines() or [""])[0],
            )
        )
    out.table(rows, head=("pipeline", "kind", "schedule", "last run", "next due", "intervals", "description"))


def _word(run: pipeline_views.PipelineRunView) -> str:
    return (run.outcome or {"created": "queued"}.get(run.phase, run.phase)).replace("_", " ")


def _show(out: screen.Screen, detail: pipeline_views.PipelineDetail) -> None:
    it = detail.pipeline
    out.line(out.bold(it.name) + f"  {it.kind}" + (f", {it.schedule}" if it.schedule else ""))
    for line in it.description.strip().splitlines():
        out.line(f"  {line}".rstrip())
    facts = [
        ("intervals", it.partitions or ""),
        ("", ", ".join(f"{count:,} {word}" for word, count in it.counts.items())),
        ("next due", screen.moment_of(it.next_interval_ends)),
        ("reads", ", ".join(it.inlets)),
        ("makes", ", ".join(it.outlets)),
        ("owners", ", ".join(it.owners)),
        ("tags", ", ".join(it.tags)),
        ("defined", it.location or ""),
    ]
    for label, text in facts:
        if text:
            out.line(f"  {out.faint(label.ljust(10))} {text}")
    if detail.params:
        out.line()
        out.line("Parameters")
        out.table([_parameter(name, schema, detail.required) for name, schema in detail.params.items()])
    if detail.steps:
        out.line()
        out.line("Steps, each after those above it")
        out.table([_step(each) for each in detail.steps])
    if it.runs:
        out.line()
        out.line("Latest runs")
        rows = [
            (
                screen.short(run.id), _word(run), run.partition or "", run.trigger,
                screen.moment_of(run.created_at), screen.seconds(run.seconds) if run.seconds is not None else "",
            )
            for run in it.runs
        ]  # fmt: skip
        out.table(rows, words=[run.outcome or run.phase for run in it.runs])


def _parameter(name: str, schema: dict[str, Any], required: list[str]) -> tuple[str, str, str, str]:
    import json

    kind = schema.get("type") or "/".join(str(each.get("type", "any")) for each in schema.get("anyOf", ()))
    told = ", ".join(kind) if isinstance(kind, list) else str(kind or "any")
    default = "required" if name in required else f"= {json.dumps(schema.get('default'))}"
    return (f"  {name}", told, default, str(schema.get("description", "")))


def _step(each: pipeline_views.TaskView) -> tuple[str, str, str]:
    notes = [
        *(["mapped"] if each.mapped else []),
        *([each.role] if each.role else []),
        *([each.trigger_rule] if each.trigger_rule not in ("all_success", "all_done_setup_success") else []),
        *([each.operator] if each.operator not in ("", "python") else []),
    ]
    after = f"← {', '.join(each.after)}" if each.after else ""
    makes = f"makes {', '.join(each.outlets)}" if each.outlets else ""
    return (f"  {each.task}", ", ".join(notes), "  ".join(text for text in (after, makes) if text))


def _show_versions(out: screen.Screen, codes: list[pipeline_views.CodeView]) -> None:
    from weft.service.pipeline import pipeline_views

    rows = [
        (
            pipeline_views.short(each.code),
            "today" if each.current else "",
            screen.plural(each.runs, "run"),
            f"{screen.short(each.first_run)} {screen.moment_of(each.first_at)}" if each.first_run else "",
            f"{screen.short(each.last_run)} {screen.moment_of(each.last_at)}" if each.last_run else "",
        )
        for each in codes
    ]
    out.table(rows, head=("version", "", "runs", "first", "last"))
