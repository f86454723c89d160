"""The program `weft`: its commands by import path, and what becomes of errors.

Exit codes: 0 done or nothing to do, 1 a step failed (or something else did), 2 wrong usage or definitions, 3 the
plan has drifted,
10 `plan --check` found something to do, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from weft.model import errors
from weft.surfaces.cli import options

DONE, FAILED, WRONG_USAGE, DRIFTED, TO_DO, INTERRUPTED = 0, 1, 2, 3, 10, 130


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    attribute: str
    help: str
    remote: bool = False
    """Whether it can also speak to a server."""
    changes: tuple[str, ...] = ()
    """Its subcommands, or options, that change something, noted in the audit log; "" stands for the command itself."""
    closed: bool = False
    """Whether its arguments may hold secrets, so that only a name of them is noted."""


_ITSELF = ("",)
_SECTIONS: dict[str, dict[str, _Entry]] = {
    "Work": {
        "init": _Entry("init", "init", "Make a new project that runs at once."),
        "ls": _Entry("listing", "ls", "Show what a selection selects.", remote=True),
        "plan": _Entry("plan", "plan", "Show what would run, and why.", changes=("--save",), remote=True),
        "apply": _Entry(
            "apply", "apply", "Bring a selection to fresh, or carry out a saved plan.", changes=_ITSELF, remote=True
        ),
        "materialize": _Entry(
            "apply",
            "materialize",
            "Run exactly what is selected, whatever its state.",
            changes=_ITSELF,
            remote=True,
        ),
        "check": _Entry("check", "check", "Run checks alone, against data that exists.", changes=_ITSELF, remote=True),
        "run": _Entry("run", "run", "Run a pipeline: a DAG, a flow, a job.", changes=_ITSELF, remote=True),
        "rerun": _Entry(
            "run", "rerun", "Run a pipeline's run again, all of it or what failed.", changes=_ITSELF, remote=True
        ),
        "resume": _Entry(
            "run",
            "resume",
            "Go on with a run that waits for input, or whose process died.",
            changes=_ITSELF,
            remote=True,
        ),
        "cancel": _Entry(
            "cancel",
            "cancel",
            "Cancel a run that waits, was interrupted, or runs elsewhere.",
            changes=_ITSELF,
            remote=True,
        ),
        "backfill": _Entry(
            "backfill", "backfill", "Run a range of a pipeline's intervals.", changes=_ITSELF, remote=True
        ),
        "executions": _Entry(
            "executions",
            "executions",
            "Show what the scheduler carries out; pause, resume, cancel it.",
            changes=("pause", "resume", "cancel", "change"),
            remote=True,
        ),
        "plans": _Entry("plans", "plans", "Show saved plans; remove one.", changes=("rm",), remote=True),
        "work-pool": _Entry(
            "work_pools",
            "work_pool",
            "Make and show work pools.",
            changes=("create", "pause", "resume", "remove"),
            remote=True,
        ),
        "pools": _Entry(
            "queue", "pools", "Show and set the slots that steps of all runs share.", changes=("set",), remote=True
        ),
        "worker": _Entry("workers", "worker", "Run what waits; show which workers are there.", remote=True),
    },
    "Serve": {
        "dev": _Entry("dev", "dev", "Start server, scheduler and workers on this machine."),
        "open": _Entry("tokens", "open_", "Print a link that logs a browser in."),
        "server": _Entry("dev", "server", "Start the HTTP server alone."),
        "locations": _Entry(
            "locations", "locations", "Show code locations; load one anew.", changes=("reload",), remote=True
        ),
        "scheduler": _Entry("dev", "scheduler", "Start a scheduler alone."),
    },
    "Look": {
        "status": _Entry("status", "status", "Show where assets and pipelines stand, and why.", remote=True),
        "pipelines": _Entry(
            "pipelines", "pipelines", "Show pipelines, or one's steps, parameters and versions.", remote=True
        ),
        "definitions": _Entry(
            "locations", "definitions", "Show what servers have loaded; versions and their diff.", remote=True
        ),
        "schedules": _Entry(
            "schedules",
            "schedules",
            "Show schedules, what comes next, what was decided.",
            changes=("pause", "resume"),
            remote=True,
        ),
        "automations": _Entry(
            "automations",
            "automations",
            "Show all that asks for runs by itself, and why.",
            changes=("pause", "resume"),
            remote=True,
        ),
        "sensors": _Entry(
            "sensors", "sensors", "Show and try sensors.", changes=("pause", "resume", "set-cursor"), remote=True
        ),
        "partitions": _Entry(
            "partitions",
            "partitions",
            "Show an asset's partitions; add or remove dynamic ones.",
            changes=("add", "remove"),
            remote=True,
        ),
        "queue": _Entry("queue", "queue", "Show what waits, in which order and why; move a run.", remote=True),
        "runs": _Entry("runs", "runs", "Show runs, or one run's steps and failures.", remote=True),
        "logs": _Entry("logs", "logs", "Show the output of a run or an asset.", remote=True),
        "versions": _Entry("versions", "versions", "Show the versions of an asset.", remote=True),
        "artifacts": _Entry("artifacts", "artifacts", "Show what runs made to be looked at.", remote=True),
        "incidents": _Entry(
            "incidents", "incidents", "Show what is wrong by where it began; acknowledge, resolve.", remote=True
        ),
    },
    "Mend": {
        "rollback": _Entry(
            "versions", "rollback", "Point partitions to an earlier version.", changes=_ITSELF, remote=True
        ),
        "accept": _Entry(
            "versions",
            "accept",
            "Accept stale, failed or rejected partitions as they are.",
            changes=_ITSELF,
            remote=True,
        ),
        "gc": _Entry("gc", "gc", "Remove old versions and leftovers.", changes=_ITSELF, remote=True),
        "accounts": _Entry("accounts", "accounts", "Show and change who may log in to the server.", remote=True),
        "tokens": _Entry("tokens", "tokens", "Make and revoke tokens for programs.", remote=True),
        "audit": _Entry("tokens", "audit", "Show who changed what; verify that nothing was taken out.", remote=True),
        "connections": _Entry(
            "connections",
            "connections",
            "Show, add and test connections to other systems.",
            changes=("add", "remove"),
            closed=True,
            remote=True,
        ),
        "alerts": _Entry(
            "alerts", "alerts", "Look over alert rules, try channels, silence what is known.", remote=True
        ),
        "ledger": _Entry("ledger", "ledger", "Verify the ledger, or show its events.", remote=True),
        "settings": _Entry("settings", "settings", "Show each setting, and where its value comes from.", remote=True),
        "doctor": _Entry("doctor", "doctor", "Look over the installation and the project.", remote=True),
        "profile": _Entry("profiles", "profile", "Keep servers under names, for --profile."),
        "completion": _Entry("completion", "completion", "Print the script for shell completion."),
    },
}
_COMMANDS = {name: entry for section in _SECTIONS.values() for name, entry in section.items()}


class Program(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        import importlib

        found: click.Command = getattr(importlib.import_module(f"weft.surfaces.cli.{entry.module}"), entry.attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; an unknown one is answered with those that are like it."""
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            from weft.model import spelling

            near = spelling.did_you_mean(name, _COMMANDS)
            raise click.UsageError(f"There is no command {name!r}. {near or '`weft --help` shows all commands.'}", ctx)
        if name in _COMMANDS and not _COMMANDS[name].remote and _names_a_server(ctx):
            able = ", ".join(each for each, entry in _COMMANDS.items() if entry.remote)
            raise click.UsageError(
                f"`weft {name}` works on the project here, not on a server. With --server or --profile go: {able}.", ctx
            )
        ctx.find_root().ensure_object(dict)["arguments"] = args
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; one that changes something is noted in the audit log once it has ended."""
        result = super().invoke(ctx)
        name, *arguments = ctx.find_root().ensure_object(dict).get("arguments", [""])
        entry = _COMMANDS.get(name)
        # a server notes by itself what is changed through it
        if entry is not None and entry.changes and result in (DONE, FAILED) and options.remote() is None:
            within = next((each for each in arguments if each in entry.changes), "")
            if within in entry.changes:
                from weft.surfaces.cli import noting

                rest = arguments[arguments.index(within) + 1 :] if within else arguments
                noting.note(f"{name} {within}".strip(), rest, closed=entry.closed)
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what they are for, without importing them."""
        for title, section in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[click.shell_completion.CompletionItem]:
        """Complete a command's name, without importing any."""
        from click import shell_completion

        found = [
            shell_completion.CompletionItem(name, help=entry.help)
            for name, entry in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


def _names_a_server(context: click.Context) -> bool:
    given = context.find_root().ensure_object(dict)
    return given.get("server") is not None or given.get("profile") is not None


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        import weft

        click.echo(f"weft {weft.__version__}")
        context.exit()


@options.program(Program)
@options.place
@options.server
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def program(context: click.Context) -> int:
    """Plan and apply for data: what is broken or stale, what must run again, in which order, and why.

    Examples:
      weft                          what to do next
      weft plan                     what would run, and why
      weft apply daily_metrics      bring an asset and all above it to fresh
      weft -f pipeline.py status    definitions from a file
      weft dev                      server, scheduler and worker on this machine
    """
    if context.invoked_subcommand is None:
        from weft.surfaces.cli import next_step

        next_step.tell()
    return DONE


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (this process's own by default) and return its exit code; errors are told on stderr."""
    try:
        result = program.main(None if arguments is None else list(arguments), prog_name="weft", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return DONE
    except click.ClickException as error:
        _tell_usage(error)
        return WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except errors.WeftError as error:
        tell(error)
        return code_of(error)
    except BrokenPipeError:  # `weft runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except Exception:
        import traceback

        traceback.print_exc()
        click.echo(
            "\nThis is a bug in weft, not in your project. `weft doctor` shows what to report with it.", err=True
        )
        return FAILED
    return result if isinstance(result, int) else DONE


def code_of(error: errors.WeftError) -> int:
    """The exit code that an error ends with."""
    from weft.model import diagnostics

    if isinstance(error, errors.DriftError) or error.code == "moved":
        return DRIFTED
    if isinstance(error, (errors.UsageError, diagnostics.DefinitionsError, errors.MissingExtraError)):
        return WRONG_USAGE
    return FAILED


def tell(error: errors.WeftError) -> None:
    """Write an error and its remedy to stderr."""
    head = _red("error:")
    click.echo(f"{head} {error.message}", err=True)
    if error.remedy:
        click.echo(f"  {error.remedy}", err=True)


def _tell_usage(error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    click.echo(f"{_red('error:')} {error.format_message()}", err=True)
    if context is not None and error.format_message().startswith("Got unexpected extra argument"):
        names = {each.name for each in context.command.params}
        if "selection" in names:
            click.echo("  A selection is one argument: 'this or that'.", err=True)
        elif "range_" in names:
            click.echo("  A range is one argument: 2024-01-01..2024-01-31.", err=True)
    if context is not None:
        click.echo(f"  `{context.command_path} --help` shows how it is called.", err=True)


def _red(text: str) -> str:
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return click.style(text, fg="red", bold=True) if coloured else text
