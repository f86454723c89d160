"""One run, told to people: what it is of, how its steps stand and why, what it waits for, and the runs around it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from weft.surfaces.cli import failures, screen

if TYPE_CHECKING:
    from weft.service import views
    from weft.service.run import run_details

_MOST_ITEMS = 100
_MOST_CALLS = 20
_MOST_WARNINGS = 20
_MOST_NAMES = 4
_LONGEST_VALUE = 60
_TRIGGERS = {
    "schedule": "by its schedule",
    "backfill": "by a backfill",
    "asset": "because an asset changed",
    "rerun": "as a rerun",
    "subflow": "by a flow",
}


def state(each: views.RunView) -> str:
    """The state of a run in one word."""
    if each.phase != "finished":
        if each.reason.startswith("interrupted"):
            return "interrupted"
        if each.phase == "created" and each.pool:
            return "queued"
        return "waiting" if each.phase == "running" and each.reason.startswith("waits for") else each.phase
    return (each.outcome or "").replace("_", " ")


def took(each: views.RunView) -> str:
    """How long a run took, "" for one that has not ended."""
    from datetime import datetime

    if each.started_at is None or each.finished_at is None:
        return ""
    between = datetime.fromisoformat(each.finished_at) - datetime.fromisoformat(each.started_at)
    return screen.seconds(between.total_seconds())


def counts(each: views.RunView) -> str:
    """How many of a run's steps are done, failed, and not run."""
    parts = [f"{each.succeeded + each.reused:,}/{each.steps:,}"]
    if each.failed:
        parts.append(f"{each.failed:,} failed")
    if each.held:
        parts.append(f"{each.held:,} {'not run' if each.pipeline else 'held back'}")
    return ", ".join(parts)


def subject(each: views.RunView, *, params: bool = True) -> str:
    """What a run is of: a selection, or a pipeline with its interval or parameters."""
    if each.pipeline is None:
        return each.selection or "all assets"
    name = each.pipeline if each.partition is None else f"{each.pipeline}[{each.partition}]"
    if params and each.params and each.partition is None:
        name += f" {params_text(each.params)}"
    told = [word for word in (each.trigger if each.trigger not in ("manual", "subflow") else "",) if word]
    if each.pool and each.phase != "finished":
        told.append(f"pool {each.pool}")
    if each.parent:
        told.append(f"in {screen.short(each.parent)}")
    return f"{name} ({', '.join(told)})" if told else name


def params_text(params: Mapping[str, object]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name}={screen.fit(json.dumps(value), _LONGEST_VALUE)}" for name, value in params.items())


def show(out: screen.Screen, detail: run_details.RunDetail, *, verbose: bool = False) -> None:
    """Write a run."""
    run = detail.run
    done, comma, rest = counts(run).partition(", ")
    steps = f", {done} steps{comma}{rest}" if run.steps else ""
    out.line(
        f"Run {out.bold(screen.short(run.id))}: {out.paint(state(run), run.outcome or run.phase)}{steps}"
        + (f", {took(run)}" if took(run) else "")
    )
    _show_origin(out, detail)
    if run.reason:
        out.line(f"  {run.reason}")
    for each in detail.waits_for:
        out.line(f"  {each.text}" + (f" {each.remedy}" if each.remedy else ""))
    if run.pipeline is None:
        _show_counts(out, detail.steps)
    else:
        _show_step_runs(out, detail, verbose=verbose)
    failures.show(out, detail.failures, commands=False)
    if detail.failures:
        out.line(f"  `weft logs {screen.short(run.id)} --failed` shows their output.")
    _show_warnings(out, detail.warnings)
    if detail.error and (verbose or not detail.failures):
        for line in detail.error.rstrip().split("\n"):
            out.line(f"  {line}")
    _show_around(out, detail)


def _show_warnings(out: screen.Screen, found: Sequence[run_details.WarningView]) -> None:
    for each in found[:_MOST_WARNINGS]:
        name = each.asset if each.partition is None else f"{each.asset}[{each.partition}]"
        facts = f" {json.dumps(each.metadata, ensure_ascii=False)}" if each.metadata else ""
        told = [f"{each.description}{facts}".strip()] if each.description or facts else []
        lines = screen.reason(f"{name} did not pass {each.check}", told, out.width - 4)
        out.line(f"  {out.paint('~', 'stale')} {lines[0]}")
        for line in lines[1:]:
            out.line(f"    {line}")
    if len(found) > _MOST_WARNINGS:
        out.line(f"  … and {len(found) - _MOST_WARNINGS:,} more warnings")


def _show_origin(out: screen.Screen, detail: run_details.RunDetail) -> None:
    run = detail.run
    if run.pipeline is None:
        out.line(f"  of {run.selection or 'all assets'}, by {run.by}, began {screen.moment_of(run.created_at)}")
        return
    name = run.pipeline if run.partition is None else f"{run.pipeline}[{run.partition}]"
    trigger = f", {_TRIGGERS[run.trigger]}" if run.trigger in _TRIGGERS else ""
    by = f", by {run.by}" if run.by else ""
    began = "queued" if state(run) == "queued" else "began"
    out.line(f"  of {name}{trigger}{by}, {began} {screen.moment_of(run.created_at)}")
    if run.params:
        out.line(f"  with {params_text(run.params)}")
    if run.rerun_of:
        out.line(f"  repeats run {screen.short(run.rerun_of)}")
    if run.parent:
        of = f" of {subject(detail.parent, params=False)}" if detail.parent is not None else ""
        out.line(f"  called by run {screen.short(run.parent)}{of}")


def _show_counts(out: screen.Screen, steps: Sequence[run_details.StepCount]) -> None:
    rows = []
    for each in steps:
        told = (
            (each.succeeded, "succeeded"),
            (each.reused, "reused"),
            (each.failed, "failed"),
            (each.held, "held back"),
            (each.lost, "lost"),
        )
        found = [f"{count:,} {word}" for count, word in told if count]
        rows.append(("  " + each.step, ", ".join(found), screen.seconds(each.seconds) if each.seconds else ""))
    out.table(rows)


# --- step runs of pipelines -------------------------------------------------------------------------------------------


def _show_step_runs(out: screen.Screen, detail: run_details.RunDetail, *, verbose: bool) -> None:
    by_step: dict[str, list[run_details.StepRunView]] = {}
    for each in detail.step_runs:
        by_step.setdefault(each.step, []).append(each)
    flat = verbose or len(detail.step_runs) == len(by_step)
    rows: list[tuple[str, str, str, str]] = []
    words: list[str] = []
    left = 0
    not_run = {} if verbose else _not_run(by_step, detail.mapped)
    for step, found in by_step.items():
        planned = _planned(detail.mapped, step)
        alike = not_run.get(step)
        if alike is not None:
            if alike:
                rows.append(("  " + _several(alike), "upstream failed", "", _reason(found[0])))
                words.append("upstream_failed")
            continue
        if len(found) > 1 or (found[0].item and planned):
            rows.append(_folded(step, found, planned))
            words.append(_word_of_many(found))
        if flat or (len(found) == 1 and not planned):
            shown = found[:_MOST_ITEMS]
            left += len(found) - len(shown)
            rows += [_one(each, alone=len(found) == 1 and not planned) for each in shown]
            words += [_word(each) for each in shown]
    out.table(rows, words=words)
    if left:
        out.line(f"  … and {left:,} more items (--json has all)")
    if verbose:
        for found in by_step.values():
            _show_rendered(out, found[:_MOST_ITEMS])


def _not_run(
    by_step: Mapping[str, Sequence[run_details.StepRunView]], mapped: Mapping[str, int]
) -> dict[str, list[str]]:
    """Steps that one failure above kept from running: all of them by the first, which stands for the others too."""
    first: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for step, runs in by_step.items():
        if len(runs) == 1 and step not in mapped and not runs[0].item and runs[0].outcome == "upstream_failed":
            leader = first.setdefault(runs[0].reason, step)
            found.setdefault(step, [])
            found[leader].append(_task(step))
    return found


def _several(tasks: Sequence[str]) -> str:
    shown = ", ".join(tasks[:_MOST_NAMES])
    return f"{shown} and {len(tasks) - _MOST_NAMES:,} more" if len(tasks) > _MOST_NAMES else shown


def _planned(mapped: Mapping[str, int], step: str) -> int:
    """How many step runs a mapped step has, of all levels that are known; 0 for one that is not mapped."""
    if step not in mapped:
        return 0
    inner = [count for name, count in mapped.items() if name.startswith(f"{step}[")]
    return mapped[step] - len(inner) + sum(inner) if inner else mapped[step]


def _task(step: str) -> str:
    return step.partition(":")[2] or step


def _word(each: run_details.StepRunView) -> str:
    return each.outcome or each.phase


def _folded(step: str, found: Sequence[run_details.StepRunView], planned: int) -> tuple[str, str, str, str]:
    counted = Counter(_word(each).replace("_", " ") for each in found)
    waiting = planned - len(found)
    if waiting > 0:
        counted["not begun"] = waiting
    told = ", ".join(f"{count:,} {word}" for word, count in counted.items())
    ran = [each.seconds for each in found if each.seconds]
    mean = f"{screen.seconds(sum(ran) / len(ran))} each" if ran else ""
    reasons = Counter(_reason(each) for each in found if each.phase == "waiting" and _reason(each))
    return f"  {_task(step)}[{max(planned, len(found)):,}]", told, mean, "; ".join(reasons)


def _word_of_many(found: Sequence[run_details.StepRunView]) -> str:
    words = {_word(each) for each in found}
    for word in ("failed", "timed_out", "crashed", "upstream_failed", "running"):
        if word in words:
            return word
    return "succeeded" if words <= {"succeeded", "reused"} else ""


def _one(each: run_details.StepRunView, *, alone: bool) -> tuple[str, str, str, str]:
    label = screen.fit(screen.plain(each.rendered.get("label", "")), _LONGEST_VALUE)
    name = f"  {_task(each.step)}" if alone else f"    [{each.item}] {label}".rstrip()
    tries = f" (attempt {each.attempt})" if each.attempt > 1 else ""
    return (
        name,
        _word(each).replace("_", " ") + tries,
        screen.seconds(each.seconds) if each.seconds else "",
        _reason(each) if _word(each) not in ("failed", "timed_out", "crashed") else "",
    )


def _reason(each: run_details.StepRunView) -> str:
    """Why it stands where it stands: what it waits for, whose result it has, why it was not run."""
    if each.outcome == "reused":
        from_run = f" from run {screen.short(each.source_run)}" if each.source_run else ""
        return f"{each.reason or 'reused'}{from_run}"
    if each.phase == "waiting":
        until = f"until {screen.moment_of(each.until, seconds=True)}" if each.until else ""
        return ": ".join(part for part in (until, each.reason) if part)
    return each.reason.replace(f"{each.step.partition(':')[0]}:", "")


def _show_rendered(out: screen.Screen, found: Sequence[run_details.StepRunView]) -> None:
    """Write the values that were filled into the templates of step runs."""
    for each in found:
        name = f"{_task(each.step)}[{each.item}]" if each.item else _task(each.step)
        for argument, value in each.rendered.items():
            for line in screen.reason("", [f"{name}: {argument} = {screen.plain(value)}"], out.width - 4):
                out.line(f"  {line}")


# --- what is around it ------------------------------------------------------------------------------------------------


def question(asked: views.QuestionView) -> list[str]:
    """What a run asks a person, what the answer holds, and the command that gives it."""
    from weft.service.pipeline import answers

    told = f"{asked.message} ({asked.key})" if asked.message else asked.key
    found = [f"asks: {told}"]
    if asked.form:
        found.append(f"  the answer: {answers.described(asked.form)}")
    how = answers.options(asked.form)
    found.append(f"  `{f'weft resume {screen.short(asked.run)} {how}'.rstrip()}` answers.")
    return found


def _show_around(out: screen.Screen, detail: run_details.RunDetail) -> None:
    short = screen.short(detail.run.id)
    for asked in detail.questions:
        name = f"{asked.key}: {asked.message}" if asked.message else asked.key
        if asked.answered_at is not None:
            given = "" if asked.answer is None else f" {screen.fit(json.dumps(asked.answer), 80)}"
            out.line(f"  answered by {asked.by or 'somebody'}: {name}{given}")
        elif detail.run.phase != "finished":
            for line in question(asked):
                out.line(f"  {line}")
    for child in detail.children[:_MOST_CALLS]:
        name = subject(child).replace(f" (in {short})", "")
        out.line(f"  called run {screen.short(child.id)}: {name} {state(child)}")
    if len(detail.children) > _MOST_CALLS:
        out.line(f"  … and {len(detail.children) - _MOST_CALLS:,} more runs")
    if detail.reruns:
        out.line(f"  repeated by {', '.join(screen.short(each) for each in detail.reruns)}")
    if detail.artifacts:
        out.line(f"  made {screen.some(detail.artifacts)} to look at: `weft artifacts --run {short}`")
    if detail.result is not None:
        out.line(f"  returned {screen.fit(json.dumps(detail.result, ensure_ascii=False), out.width - 12)}")
