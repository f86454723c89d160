"""`weft` without arguments: what to do next, from how things stand."""

from __future__ import annotations

from weft.model import diagnostics, errors
from weft.surfaces.cli import options, plan_text, screen


def tell() -> None:
    """Say what to do next."""
    out = screen.Screen()
    out.line(out.bold("weft") + " plans and applies data: what is broken or stale, what must run again, and why.")
    out.line()
    for line in _advice():
        out.line(f"  {line}")
    out.line()
    out.line("`weft --help` shows all commands.")


def _advice() -> list[str]:
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
                "weft init            makes one that runs at once",
                "weft -f FILE plan    takes definitions from a Python file",
            ]
        return [str(error)]
    try:
        world = options.open_world()
    except diagnostics.DefinitionsError as error:
        return [*error.message.split("\n"), "", "Mend that, then `weft plan`."]
    except errors.WeftError as error:
        return [str(error)]
    return _of(world)


def _of(world: object) -> list[str]:
    from weft.service import planning, recovering
    from weft.service import world as worlds

    assert isinstance(world, worlds.World)
    if not world.graph.assets:
        return [
            f"{world.root} defines no assets yet. Define one:",
            "",
            "from weft import asset",
            "",
            "@asset",
            "def numbers() -> list[int]:",
            "    return [1, 2, 3]",
        ]
    lines = []
    dead = recovering.interrupted(world)
    if dead:
        lines.append(f"Run {dead[0].row.id} was interrupted: `weft apply` goes on with it.")
    made = planning.make_plan(world, planning.Ask())
    count = screen.plural(len(world.graph.assets), "asset")
    if made.steps:
        failed = sum(line.count for line in made.steps if line.status == "failed")
        lines += [
            f"{count}; {plan_text.total(made)} to do" + (f", {failed:,} of them failed." if failed else "."),
            "",
            "weft plan      shows what would run, and why",
            "weft apply     runs it",
        ]
        if failed:
            lines.append("weft logs ASSET  shows the output of the last attempt")
    else:
        lines += [
            f"{count}. {plan_text.nothing_to_do(made)}",
            "",
            "weft status    shows where everything stands",
            "weft runs      shows what ran",
        ]
    return lines
