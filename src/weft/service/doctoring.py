"""The verb `doctor`: the installation and the project looked over, one finding a line; nothing is changed."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Literal

from weft.codehost import project as projects
from weft.model import errors
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds
from weft.service.run import recovering

EXTRAS = {
    "polars": ("polars", "pyarrow"),
    "pandas": ("pandas", "pyarrow"),
    "arrow": ("pyarrow",),
    "duckdb": ("duckdb", "pyarrow"),
    "pandera": ("pandera",),
    "calendars": ("exchange_calendars",),
    "remote": ("fsspec",),
}
_LITTLE_SPACE = 1 << 30

Level = Literal["ok", "warning", "problem"]


class Finding(views.View, frozen=True, kw_only=True):
    """One thing that was looked at."""

    subject: str
    level: Level
    text: str


def look(
    open_project: Callable[[], projects.Project],
    open_ledger: Callable[[projects.Project], ledgers.Ledger],
    open_world: Callable[[], worlds.World],
) -> list[Finding]:
    """Look everything over; what fails becomes a finding and does not end the look."""
    found = list(_installation())
    try:
        project = open_project()
    except errors.WeftError as error:
        return [*found, Finding(subject="project", level="problem", text=str(error))]
    found += _project(project)
    try:
        ledger = open_ledger(project)
        found += _ledger(project, ledger)
        ledger.close()
    except errors.WeftError as error:
        found.append(Finding(subject="ledger", level="problem", text=str(error)))
    try:
        world = open_world()
    except errors.WeftError as error:
        return [*found, Finding(subject="definitions", level="problem", text=str(error))]
    found += _definitions(world)
    found += _executor(world)
    found += _runs(world)
    return found


def _installation() -> Iterator[Finding]:
    yield Finding(subject="weft", level="ok", text=_version("weft") or "from source")
    yield Finding(
        subject="python", level="ok", text=f"{platform.python_version()} ({sys.executable}) on {platform.platform()}"
    )
    for extra, packages in EXTRAS.items():
        versions = {package: _version(package) for package in packages}
        missing = [package for package, version in versions.items() if version is None]
        if missing:
            text = f"not installed: {', '.join(missing)} (pip install 'weft[{extra}]')"
        else:
            text = ", ".join(f"{package} {version}" for package, version in versions.items())
        yield Finding(subject=f"extra {extra}", level="ok", text=text)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _project(project: projects.Project) -> Iterator[Finding]:
    configured = f", configured by {project.configuration}" if project.configuration is not None else ""
    yield Finding(subject="project", level="ok", text=f"{project.root}{configured}")
    yield Finding(subject="definitions from", level="ok", text=str(project.file or project.definitions))
    yield Finding(subject="home", level="ok", text=str(project.home))
    free = shutil.disk_usage(project.home).free
    yield Finding(
        subject="disk",
        level="warning" if free < _LITTLE_SPACE else "ok",
        text=f"{free / 1e9:.1f} GB free under {project.home}",
    )


def _ledger(project: projects.Project, ledger: ledgers.Ledger) -> Iterator[Finding]:
    path = project.home / "ledger.db"
    wal = path.with_name(path.name + "-wal")
    size = path.stat().st_size if path.exists() else 0
    waiting = wal.stat().st_size if wal.exists() else 0
    text = f"schema {ledger.schema()}, {ledger.position():,} events, {size / 1e6:.1f} MB"
    if waiting:
        text += f" and {waiting / 1e6:.1f} MB in the write-ahead log"
    yield Finding(subject="ledger", level="ok", text=text)
    damage = ledger.health()
    yield Finding(
        subject="integrity",
        level="problem" if damage else "ok",
        text="; ".join(damage) if damage else "sound (`weft ledger verify` compares every table with the events)",
    )


def _definitions(world: worlds.World) -> Iterator[Finding]:
    graph = world.graph
    yield Finding(
        subject="definitions",
        level="ok",
        text=f"{len(graph.assets):,} assets, {len(graph.checks):,} checks, {len(graph.jobs):,} jobs, "
        f"{len(graph.pipelines):,} pipelines, {len(graph.automations):,} automations",
    )
    untracked: dict[str, list[str]] = {}
    for step in graph.steps.values():
        manifest = world.definitions.manifests.get(step.code)
        for name in manifest.untracked if manifest is not None else ():
            untracked.setdefault(name, []).append(step.key)
    for name, steps in list(untracked.items())[:10]:
        of = steps[0] if len(steps) == 1 else f"{steps[0]} and {len(steps) - 1} more"
        yield Finding(
            subject="untracked code", level="warning", text=f"{name}, used by {of}: its changes are not noticed"
        )
    if len(untracked) > 10:
        yield Finding(subject="untracked code", level="warning", text=f"… and {len(untracked) - 10} more")


def _executor(world: worlds.World) -> Iterator[Finding]:
    name = world.settings.executor
    try:
        executor = world.make_executor(name, 1, None)
    except errors.WeftError as error:
        yield Finding(subject="executor", level="problem", text=str(error))
        return
    try:
        executor.start()
        choice = getattr(executor, "start_method", None)
        how = f". {choice.reason}" if choice is not None else ""
        yield Finding(
            subject="executor", level="ok", text=f"{name}, {world.settings.jobs or os.cpu_count()} at a time{how}"
        )
    except errors.WeftError as error:
        yield Finding(subject="executor", level="problem", text=str(error))
    finally:
        executor.close()


def _runs(world: worlds.World) -> Iterator[Finding]:
    dead = recovering.interrupted(world)
    live = len(world.ledger.runs(live=True)) - len(dead)
    yield Finding(subject="runs", level="ok", text=f"{live} live")
    for each in dead:
        of_pipeline = each.row.pipeline is not None
        then = f"`weft resume {each.row.id[:8]}` goes on with it" if of_pipeline else ""
        yield Finding(
            subject="runs",
            level="warning",
            text=(
                f"run {each.row.id} was interrupted after {each.row.succeeded:,} of {each.row.steps:,} steps; "
                f"{then or 'the next `weft apply` goes on or ends it'}"
            ),
        )
