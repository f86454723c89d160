"""Options and arguments that several commands share, and the world that they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from weft.model import errors

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from weft import wiring
    from weft.codehost import project as projects
    from weft.service import world as worlds
    from weft.stores import sqlite
    from weft.surfaces.cli import remote as remotes

Command = TypeVar("Command", bound=Callable[..., Any])


def command(function: Callable[..., int]) -> click.Command:
    """Make a command of a function; its docstring is the help."""
    return click.command(help=_laid_out(function))(function)


def listing_command(cls: type[click.Command]) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command of a class of its own, of a function."""

    def decorate(function: Callable[..., int]) -> click.Command:
        return click.command(cls=cls, help=_laid_out(function))(function)

    return decorate


class _Group(click.Group):
    """A group whose commands have their docstrings as help, laid out as those of other commands."""

    def command(self, *arguments: Any, **options: Any) -> Any:
        """Make a command of a function."""

        def decorate(function: Callable[..., int]) -> click.Command:
            made: click.Command = click.command(*arguments, **{"help": _laid_out(function), **options})(function)
            self.add_command(made)
            return made

        return decorate


def group(function: Callable[..., None]) -> click.Group:
    """Make a group of commands of a function; its docstring is the help."""
    return click.group(cls=_Group, help=_laid_out(function))(function)


def program(cls: type[click.Group]) -> Callable[[Callable[..., int]], click.Group]:
    """Make the program itself of a function."""

    def decorate(function: Callable[..., int]) -> click.Group:
        settings = {"help_option_names": ["-h", "--help"]}
        made = click.command(cls=cls, invoke_without_command=True, context_settings=settings, help=_laid_out(function))
        return made(function)

    return decorate


def _laid_out(function: Callable[..., Any]) -> str:
    """The help of a command: what has indented lines (examples, tables) keeps them; the rest is wrapped."""
    import inspect

    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return "\n\n".join(f"\b\n{each}" if "\n  " in each else each for each in paragraphs)


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and parameter.name is not None:
        context.find_root().ensure_object(dict)[parameter.name] = value


def place(command: Command) -> Command:
    """Add `-f` and `-m`; they hold for the whole command line, wherever they stand."""
    command = click.option(
        "-m", "--module", metavar="MODULE", expose_value=False, callback=_remember, help="Definitions from a module."
    )(command)
    return click.option(
        "-f",
        "--file",
        metavar="FILE",
        expose_value=False,
        callback=_remember,
        type=click.Path(),
        help="Definitions from a Python file.",
    )(command)


def server(command: Command) -> Command:
    """Add `--server` and `--profile`, before the command's name."""
    command = click.option(
        "--profile", metavar="NAME", expose_value=False, callback=_remember, help="Speak to the server of this profile."
    )(command)
    return click.option(
        "--server", metavar="URL", expose_value=False, callback=_remember, help="Speak to this server."
    )(command)


def as_json(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def partitions(command: Command) -> Command:
    """Add `--partitions`, also spelt `--partition`."""
    return click.option(
        "--partitions", "--partition", "-p", metavar="KEYS", help="A key, a list a,b, a range a..b, or * for all."
    )(command)


def selection(
    *, required: bool = False, name: str = "selection", metavar: str = "SELECTION"
) -> Callable[[Command], Command]:
    """Add a selection as argument, completed from the assets that were seen last."""
    shown = metavar if required or metavar.startswith("[") else f"[{metavar}]"
    return click.argument(name, required=required, metavar=shown, shell_complete=_complete)


def pipeline(*, required: bool = False) -> Callable[[Command], Command]:
    """Add a pipeline as argument `name`, completed from those that were seen last."""
    return click.argument(
        "name", required=required, metavar="PIPELINE" if required else "[PIPELINE]", shell_complete=_complete_pipeline
    )


def running(command: Command) -> Command:
    """Add how to run a pipeline: executor and jobs, and whether to wait for others."""
    for option in (
        click.option("--no-wait", is_flag=True, help="Refuse where another run is in the way, rather than wait."),
        click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many workers."),
        click.option(
            "--executor",
            type=click.Choice(["process", "thread", "inline"]),
            help="Where bodies run, unless a step says; process by default.",
        ),
    ):
        command = option(command)
    return command


def execution(command: Command) -> Command:
    """Add how to run: executor, jobs, config, what happens after a failure."""
    for option in (
        click.option("--no-wait", is_flag=True, help="Refuse where another run makes the same, rather than wait."),
        click.option("--set", "values", multiple=True, metavar="STEP.FIELD=VALUE", help="A value of a step's config."),
        click.option(
            "--config", "config_file", metavar="FILE", type=click.Path(), help="Values of configs (TOML, JSON)."
        ),
        click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many worker processes."),
        click.option(
            "--executor",
            type=click.Choice(["process", "thread", "inline"]),
            help="Where bodies run; process by default.",
        ),
        keep_going,
    ):
        command = option(command)
    return command


def keep_going(command: Command) -> Command:
    """Add `--keep-going` and `--fail-fast`."""
    return click.option(
        "--keep-going/--fail-fast",
        "keep_going",
        default=None,
        help="After a failure, run all that doesn't need it, or start nothing more.",
    )(command)


def remote() -> remotes.Server | None:
    """The server that this command line means, None for the project here.

    Raises:
        UsageError: its address is none, or there is no such profile.
    """
    import os

    given = click.get_current_context().find_root().ensure_object(dict)
    named = (given.get("server"), given.get("profile"), os.environ.get("WEFT_SERVER"), os.environ.get("WEFT_PROFILE"))
    if not any(each is not None and each != "" for each in named):
        return None
    from weft.surfaces.cli import remote as remotes

    return remotes.meant()


def refuse_remote(what: str, server: remotes.Server | None, *, remedy: str = "") -> None:
    """Refuse what only works on the project here, where a server is meant.

    Raises:
        UsageError: a server is meant.
    """
    if server is not None:
        raise errors.UsageError(
            f"{what} works on the project here, not on a server ({server.url}).",
            remedy=remedy or "Leave --server, --profile, WEFT_SERVER and WEFT_PROFILE out, in the project's folder.",
        )


def _local() -> None:
    """Refuse to touch the project here for a command that was meant for a server."""
    context = click.get_current_context()
    if not context.resilient_parsing:
        refuse_remote(f"`{context.command_path}`", remote())


def where() -> wiring.Place:
    """Where this command line says that the definitions are."""
    from weft import wiring

    given = click.get_current_context().find_root().ensure_object(dict)
    return wiring.Place(start=Path.cwd(), file=given.get("file"), module=given.get("module"))


def open_world(config: Mapping[str, Mapping[str, object]] | None = None) -> worlds.World:
    """Load the definitions and open the ledger.

    Raises:
        WeftError: what stands in the way.
    """
    from weft import wiring

    _local()
    world = wiring.open_world(where(), config_overrides=config)
    click.get_current_context().call_on_close(world.ledger.close)
    _remember_names(world)
    return world


def open_ledger() -> tuple[projects.Project, sqlite.SqliteLedger]:
    """Open the ledger alone; nothing of the project is imported.

    Raises:
        WeftError: there is no project, or its ledger cannot be opened.
    """
    from weft import wiring

    _local()
    project = _recorded_project()
    ledger = wiring.open_ledger(project)
    click.get_current_context().call_on_close(ledger.close)
    return project, ledger


def _recorded_project() -> projects.Project:
    """The project whose ledger is meant: also one of flows alone, which needs no definitions."""
    import os

    from weft import wiring
    from weft.codehost import project as projects

    place = where()
    try:
        return wiring.open_project(place)
    except errors.UsageError:
        if place.file is not None or place.module is not None:
            raise
        for folder in (place.start, *place.start.parents):
            if (folder / projects.HOME_NAME / wiring.LEDGER_FILE).exists():
                return projects.find_project(folder, module="__main__", environ=os.environ)
        raise


def configs(config_file: str | None, values: tuple[str, ...]) -> dict[str, dict[str, object]]:
    """The values of configs by step, from a file and from `--set`, which goes before it.

    Raises:
        UsageError: the file cannot be read, or a value is not spelt STEP.FIELD=VALUE.
    """
    found: dict[str, dict[str, object]] = {}
    if config_file is not None:
        from weft.define import sources

        table = sources.read_file(Path(config_file))
        steps = table.get("config", table)
        if not isinstance(steps, Mapping) or not all(isinstance(each, Mapping) for each in steps.values()):
            raise errors.UsageError(
                f"The config file {config_file} has values outside of a step's table.",
                remedy="Write a table for each step: [config.STEP], then FIELD = VALUE.",
            )
        found = {step: dict(fields) for step, fields in steps.items()}
    for text in values:
        name, equals, value = text.partition("=")
        step, dot, field = name.rpartition(".")
        if not equals or not dot or not step or not field:
            raise errors.UsageError(
                f"--set {text!r} does not say which field of which step.", remedy="Write --set STEP.FIELD=VALUE."
            )
        found.setdefault(step, {})[field] = _value(value)
    return found


def _value(text: str) -> object:
    if text[:1] not in ("[", "{"):
        return text  # pydantic makes numbers and the like of text
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def checked_configs(world: worlds.World, given: Mapping[str, Mapping[str, object]]) -> None:
    """Refuse values for steps that there are not, or that have no config.

    Raises:
        UsageError: naming them.
    """
    for step in given:
        body = world.definitions.bodies.get(step)
        if body is not None and body.parameters.config is not None:
            continue
        from weft.model import spelling

        known = [key for key, each in world.definitions.bodies.items() if each.parameters.config is not None]
        raise errors.UsageError(
            f"The step {step!r} " + ("has no config." if body is not None else "does not exist."),
            remedy=spelling.did_you_mean(step, known)
            or (f"Steps with a config: {', '.join(known[:10])}." if known else "No step has a config."),
        )


# --- completion -------------------------------------------------------------------------------------------------------

_NAMES_FILE = "completion.txt"
_PIPELINE = "pipeline:"


def _remember_names(world: worlds.World) -> None:
    """Keep what can be selected, for completion, which has no time to load definitions."""
    if world.home is None:
        return
    assets = world.graph.assets.values()
    fields = {f"group:{each.group}" for each in assets} | {f"job:{name}" for name in world.graph.jobs}
    fields |= {f"owner:{owner}" for each in assets for owner in each.owners}
    fields |= {f"kind:{kind}" for each in assets for kind in each.kinds} | {
        f"tag:{tag}" for each in assets for tag in each.tags
    }
    fields |= {f"status:{word}" for word in ("stale", "failed", "missing", "overdue")}
    pipelines = [f"{_PIPELINE}{name}" for name in (*world.graph.pipelines, *world.graph.jobs)]
    text = "\n".join([*world.graph.assets, *world.graph.pipelines, *sorted(fields), *pipelines]) + "\n"
    path = world.home / _NAMES_FILE
    try:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    except OSError:  # a folder that cannot be written is told where it matters: completion does without
        return


def _remembered(context: click.Context) -> list[str]:
    from weft.codehost import project as projects

    given = context.find_root().obj or {}
    try:
        import os

        found = projects.find_project(
            Path.cwd(), file=given.get("file"), module=given.get("module"), environ=os.environ
        )
        return (found.home / _NAMES_FILE).read_text(encoding="utf-8").splitlines()
    except (errors.WeftError, OSError):  # nothing to complete from: the shell goes on with files
        return []


def _complete_pipeline(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    names = [name.removeprefix(_PIPELINE) for name in _remembered(context) if name.startswith(_PIPELINE)]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    names = [name for name in _remembered(context) if not name.startswith(_PIPELINE)]
    start = max((incomplete.rfind(letter) for letter in " (,+|"), default=-1) + 1
    head, word = incomplete[:start], incomplete[start:]
    return [
        CompletionItem(head + name)
        for name in names
        if name.startswith(word) or (":" not in name and name.rpartition("/")[2].startswith(word))
    ]
