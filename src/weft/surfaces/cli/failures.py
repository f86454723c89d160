"""What failed in a run, told once: each with its error and the command for its output, many of them summed up."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from weft.surfaces.cli import screen

if TYPE_CHECKING:
    from weft.service import views

_MOST = 10
_MOST_KINDS = 5
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\d+(?:[-:.]\d+)*")


def show(
    out: screen.Screen,
    found: Sequence[views.FailureView],
    *,
    commands: bool = True,
    run: str | None = None,
    interval: str | None = None,
) -> None:
    """Write failures; past ten of them, the rest by kinds of errors.

    `run` is the pipeline's run that they are of; `interval` is its, where several are told.
    """
    told = found if len(found) <= _MOST + 1 else found[:_MOST]
    for each in told:
        which = each.item or each.partition
        name = each.step if not which else f"{each.step}[{which}]"
        attempts = f" after {each.attempts} attempts" if each.attempts > 1 else ""
        if interval is not None and each.partition is None:
            name += f" of {interval}"
        lines = screen.reason(f"{name} {_word(each)}{attempts}", [error(each)], out.width - 4, beside=False)
        out.line(f"  {out.paint('!', 'failed', bold=True)} {lines[0]}")
        for line in lines[1:]:
            out.line(f"    {line}")
        if commands:
            out.line(out.faint(f"      {command(each, run)}"))
    rest = found[len(told) :]
    if rest:
        _sum_up(out, rest, run)


def _sum_up(out: screen.Screen, rest: Sequence[views.FailureView], run: str | None) -> None:
    """Write how many more there are, by kinds: errors that differ only in numbers and in what is quoted are equal."""
    kinds = Counter(_kind(each) for each in rest)
    example = {_kind(each): each for each in reversed(rest)}
    of = f", of {len(kinds)} kinds" if len(kinds) > 1 else ""
    out.line(f"  … and {len(rest):,} more{of}:")
    for kind, count in kinds.most_common(_MOST_KINDS):
        one = example[kind]
        lines = screen.reason(f"{count:,} × {one.step} {_word(one)}", [error(one)], out.width - 6)  # noqa: RUF001
        for line in lines:
            out.line(f"      {line}")
        out.line(out.faint(f"        {command(one, run)}"))
    others = kinds.most_common()[_MOST_KINDS:]
    if others:
        count = sum(each for _, each in others)
        out.line(f"      {count:,} of {screen.plural(len(others), 'other kind')}")


def _kind(each: views.FailureView) -> tuple[str, str, str]:
    return each.step, each.outcome, _VARYING.sub("…", each.error)


def error(each: views.FailureView) -> str:
    """The error of a failure as the last line of a traceback has it, in a length that can be read."""
    text = each.error.removeprefix("CheckFailed: ")
    return screen.fit(text, 400) if text else "no error was told"


def command(each: views.FailureView, run: str | None = None) -> str:
    """The command that shows the output of what failed."""
    if run is not None and ":" in each.step:
        task = each.step.partition(":")[2]
        return f"weft logs {screen.short(run)} {shlex.quote(f'{task}[{each.item}]' if each.item else task)}"
    where = f" -p {shlex.quote(each.partition)}" if each.partition is not None else ""
    return f"weft logs {shlex.quote(each.step)}{where}"


def _word(each: views.FailureView) -> str:
    return "failed" if each.outcome == "failed" else each.outcome.replace("_", " ")
