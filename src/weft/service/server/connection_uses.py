"""Who uses a connection: the steps whose code names it, as the snapshots keep that code, and the alert channels.

Code is read, never run: a connection counts where its name stands as text, or as a constant of the project's own, in
`connections.get("name")`, in an argument such as `connection="name"`, or in a template, `{{ conn.name.host }}`. A name
that is put together while the code runs is not found.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from weft.model import errors
from weft.service import views
from weft.service import world as worlds
from weft.service.alerting import settings as alert_settings

Kind = Literal["asset", "pipeline", "channel"]

_HINT = re.compile(r"conn|registry", re.IGNORECASE)
_ARGUMENT = re.compile(r"(^|_)(connection|conn_id)$")
_TEMPLATE = re.compile(r"\{\{[^}]*\bconn\.([A-Za-z_][A-Za-z0-9_]*)")
_HOLDERS = frozenset({"connections", "registry"})
_parsing = threading.Lock()


class UseView(views.View, frozen=True, kw_only=True):
    """One that names a connection: an asset, a step of a pipeline, a pipeline itself, or an alert channel.

    `step` is the task within a pipeline, "" for the pipeline as a whole; `function` is the project's own function or
    class that has the name, "" where the configuration does.
    """

    kind: Kind
    name: str
    step: str
    function: str
    location: str


@dataclass(slots=True)
class Known:
    """What was read already, by the digest of the code: (connection, function) pairs. A digest's code never changes."""

    named: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def uses(world: worlds.World, settings: Mapping[str, object], known: Known, connection: str) -> list[UseView]:
    """What uses a connection: assets by key, pipelines with their steps, then alert channels."""
    found = [
        *_assets(world, known, connection),
        *_pipelines(world, known, connection),
        *_channels(settings, connection),
    ]
    return list(dict.fromkeys(found))


def named_in(sources: Mapping[str, str]) -> list[tuple[str, str]]:
    """The connections that pieces of code name, each with the name of the piece: `[("warehouse", "shop.load")]`."""
    trees = {name: tree for name, text in sources.items() if (tree := _parsed(text)) is not None}
    constants = {
        target.id: node.value.value
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: dict[tuple[str, str], None] = {}
    for name, tree in trees.items():
        if _HINT.search(sources[name]):
            found.update(dict.fromkeys((each, name) for each in _named(tree, constants)))
    return list(found)


def _named(tree: ast.Module, constants: Mapping[str, str]) -> Iterator[str]:
    def text(node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        return constants.get(node.id) if isinstance(node, ast.Name) else None

    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _TEMPLATE.findall(node.value)
        if not isinstance(node, ast.Call):
            continue
        given = [each.value for each in node.keywords if each.arg is not None and _ARGUMENT.search(each.arg)]
        if _is_get(node.func):
            given += node.args[:1] or [each.value for each in node.keywords if each.arg == "name"]
        yield from (name for each in given if (name := text(each)) is not None and "://" not in name)


def _is_get(called: ast.expr) -> bool:
    """Whether it is `connections.get`, however the module was reached."""
    if not isinstance(called, ast.Attribute) or called.attr != "get":
        return False
    holder = called.value
    last = holder.attr if isinstance(holder, ast.Attribute) else holder.id if isinstance(holder, ast.Name) else ""
    return last in _HOLDERS


def _parsed(source: str) -> ast.Module | None:
    """A piece of code, None for one of another Python: what it names is not known then."""
    import textwrap

    try:
        # one at a time: filters of warnings are the whole process's, and Python 3.11 mixes up two parsers at once
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the project's own code, told where it is loaded
            return ast.parse(textwrap.dedent(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: nested beyond reason
        return None


def _in_code(world: worlds.World, known: Known, digest: str) -> tuple[tuple[str, str], ...]:
    with known.lock:
        found = known.named.get(digest)
    if found is not None:
        return found
    manifest = world.definitions.manifests.get(digest)
    if manifest is None:
        return ()
    sources = world.sources_of(manifest)
    found = tuple(named_in(sources)) if any(_HINT.search(each) for each in sources.values()) else ()
    with known.lock:
        known.named[digest] = found
    return found


def _assets(world: worlds.World, known: Known, connection: str) -> Iterator[UseView]:
    for step in world.graph.steps.values():
        for name, function in _in_code(world, known, step.code) if step.code else ():
            if name != connection:
                continue
            for asset in step.outputs or (step.key,):
                place = world.locations.get(f"asset:{asset}", "")
                yield UseView(kind="asset", name=asset, step="", function=function, location=place)


def _pipelines(world: worlds.World, known: Known, connection: str) -> Iterator[UseView]:
    for pipeline in world.graph.pipelines.values():
        place = world.locations.get(f"pipeline:{pipeline.name}", "")
        by_steps: set[str] = set()
        for step in pipeline.steps.values():
            for name, function in _in_code(world, known, step.code) if step.code else ():
                if name == connection:
                    by_steps.add(function)
                    yield UseView(
                        kind="pipeline", name=pipeline.name, step=step.task, function=function, location=place
                    )
        # the code of the whole has that of its steps in it
        for name, function in _in_code(world, known, pipeline.code) if pipeline.code else ():
            if name == connection and function not in by_steps:
                yield UseView(kind="pipeline", name=pipeline.name, step="", function=function, location=place)


def _channels(settings: Mapping[str, object], connection: str) -> Iterator[UseView]:
    try:
        channels = alert_settings.read(settings).channels
    except errors.UsageError:  # told where alerts are looked over: nothing is sent over a channel until it is mended
        return
    for channel in channels.values():
        if channel.kind == "connection" and channel.address == connection:
            yield UseView(kind="channel", name=channel.name, step="", function="", location="")
