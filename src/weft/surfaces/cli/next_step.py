"""`weft` without arguments: what to do next, from how things stand."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from weft.model import diagnostics, errors
from weft.surfaces.cli import options, plan_text, screen

if TYPE_CHECKING:
    from weft.service import world as worlds
    from weft.service.now import words
    from weft.surfaces.cli import remote

_MOST = 5
"""So many of a kind are told one by one."""


def tell() -> None:
    """Say what to do next."""
    out = screen.Screen()
    out.line(out.bold("weft") + " plans and applies data: what is broken or stale, what must run again, and why.")
    out.line()
    for line in _advice():
        out.line(f"  {line}".rstrip())
    out.line()
    out.line("`weft --help` shows all commands.")


def _advice() -> list[str]:
    if (server := options.remote()) is not None:
        return _of_server(server)
    from weft.codehost import project as projects

    place = options.where()
    try:
        import os

        projects.find_project(place.start, file=place.file, module=place.module, environ=os.environ)
    except errors.WeftError as error:
        if place.file is None and place.module is None and error.message.startswith("No definitions found"):
            return [
                "There is no project here yet.",
                "",
                *_commands(
                    ("weft init", "makes one here that runs at once"),
                    ("weft -f FILE plan", "plans the assets of a Python file"),
                ),
            ]
        return [error.message, *_remedy(error), "", *_commands(("weft doctor", "looks the project over"))]
    try:
        world = options.open_world()
    except diagnostics.DefinitionsError as error:
        told = error.message.split("\n  ")
        return [
            told[0],
            *(f"  {line}" for each in told[1:] for line in screen.reason("", [each], 76)),
            "",
            *_commands(("weft plan", "once that is mended: shows what would run")),
        ]
    except errors.WeftError as error:
        return [error.message, *_remedy(error), "", *_commands(("weft doctor", "looks the project over"))]
    return _of(world)


def _of_server(server: remote.Server) -> list[str]:
    """What is going on at a server: what is broken and behind by where it began, what runs and waits."""
    from weft.service.now import words

    now = server.get("/now", words.NowView)
    counts = [
        f"{screen.plural(sum(states.values()), what)} ({screen.some(f'{n:,} {word}' for word, n in states.items())})"
        for what, states in (("asset", now.counts.assets), ("pipeline", now.counts.pipelines))
        if states
    ]
    lines = [f"{server.url}: {'; '.join(counts) or 'nothing is defined'}."]
    lines += [_told(each) for each in now.troubles[:_MOST]]
    if now.totals["troubles"] > _MOST:
        lines.append(f"{now.totals['troubles'] - _MOST:,} more things are wrong: `weft status` shows them.")
    incidents = [each for each in now.people if each.kind == "incident"]
    lines += [f"Incident {each.id[:8]}: {each.title} ({each.severity})." for each in incidents[:_MOST]]
    lines += [f"{screen.plural(now.totals['running'], 'run')} under way, {now.totals['waiting']:,} waiting."]
    questions = sum(each.kind == "input" for each in now.people)
    if questions:
        lines.append(f"{screen.plural(questions, 'question')} to a person: `weft runs` shows which run waits.")
    return [
        *lines,
        "",
        *_commands(
            ("weft status", "shows where everything stands, and why"),
            ("weft plan", "shows what would run"),
            ("weft runs", "shows what runs and ran"),
        ),
    ]


def _told(trouble: words.TroubleView) -> str:
    """One thing that is wrong, in a sentence."""
    root = trouble.root
    if root.kind == "location":
        return f"The code location {root.key} did not load: `weft locations ls` says why."
    where = f" for {root.partitions}" if root.partitions else ""
    error = f": {trouble.error.type}: {trouble.error.message}" if trouble.error is not None else ""
    hit = trouble.hit_assets + trouble.hit_pipelines
    others = f"; {hit:,} more because of it" if hit else ""
    what = {
        "failed": "failed", "run_failed": "failed", "rejected": "was rejected by a check", "late": "is late",
        "stale": "changed",
    }[trouble.kind]  # fmt: skip
    return f"{root.key} {what}{where}{error}{others}."


def _remedy(error: errors.WeftError) -> list[str]:
    return [error.remedy] if error.remedy else []


def _commands(*commands: tuple[str, str]) -> list[str]:
    width = max(len(command) for command, _ in commands)
    return [f"{command.ljust(width)}  {meaning}" for command, meaning in commands]


def _of(world: worlds.World) -> list[str]:
    from weft.service.plan import plan_outlines, planning
    from weft.service.run import recovering

    if not world.graph.assets and not world.graph.pipelines:
        return [
            f"{world.root} defines no assets yet. Define one:",
            "",
            "from weft import asset",
            "",
            "@asset",
            "def numbers() -> list[int]:",
            "    return [1, 2, 3]",
            "",
            *_commands(("weft plan", "then shows what would run")),
        ]
    dead = recovering.interrupted(world)
    if dead:
        row = dead[-1].row
        done = row.succeeded + row.reused + row.failed + row.held
        if row.pipeline is not None:
            go_on = f"weft resume {screen.short(row.id)}"
        else:
            go_on = f"weft apply {shlex.quote(row.request)}" if row.request else "weft apply"
        return [
            f"Run {screen.short(row.id)} was interrupted after {done:,} of {row.steps:,} steps.",
            "What succeeded is kept.",
            "",
            *_commands(
                (go_on, "goes on from there"),
                (f"weft runs {screen.short(row.id)}", "shows how far it got"),
            ),
        ]
    if not world.graph.assets:
        return _of_pipelines(world)
    made = planning.make_plan(world, planning.Ask())
    count = screen.plural(len(world.graph.assets), "asset")
    live = world.ledger.runs(live=True)
    if live:
        row = live[0]
        done = row.succeeded + row.reused
        return [
            f"{count}. Run {screen.short(row.id)} is going on: {done:,} of {row.steps:,} steps done.",
            "",
            *_commands(
                (f"weft logs {screen.short(row.id)} --follow", "shows what it prints"),
                ("weft plan", "shows what else would run, and why"),
            ),
        ]
    if made.steps:
        failed = sum(line.count for line in made.steps if line.status == "failed")
        of_them = f", of which {failed:,} failed before" if failed else ""
        return [
            f"{count}. To do: {plan_text.total(plan_outlines.of(world, made))}{of_them}.",
            "",
            *_commands(("weft plan", "shows what would run, and why"), ("weft apply", "runs it")),
        ]
    outline = plan_outlines.of(world, made)
    return [
        f"{count}.",
        plan_text.nothing_to_do(outline),
        *outline.hints,
        "",
        *_commands(
            ("weft plan", "shows what is held back, and why")
            if made.blocked or made.rejected or made.undecided
            else ("weft status", "shows where everything stands"),
            ("weft runs", "shows what ran"),
        ),
    ]


def _of_pipelines(world: worlds.World) -> list[str]:
    """What to do next where there are pipelines alone."""
    from weft.service.plan import planning

    names = list(world.graph.pipelines)
    count = screen.plural(len(names), "pipeline")
    statuses = planning.statuses(world, names)
    due = [name for name, each in statuses.items() if each.words & {"missing", "failed", "stale"}]
    if due:
        which = due[0] if len(due) == 1 else "kind:pipeline"
        return [
            f"{count}. Intervals to run: {screen.some(due)}.",
            "",
            *_commands((f"weft plan {which}", "shows which, and why"), (f"weft apply {which}", "runs them")),
        ]
    return [
        f"{count}.",
        "",
        *_commands(
            ("weft pipelines", "shows them, with their runs"),
            (f"weft run {names[0]}", "runs one"),
        ),
    ]
