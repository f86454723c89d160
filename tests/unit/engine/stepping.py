"""A pipeline's run taken step by step, with step runs called by their names."""

from __future__ import annotations

from collections.abc import Iterable

from drawn_pipelines import key, pipeline

from weft.engine import run, tasks
from weft.model import pipelines


def begun(*steps: pipelines.TaskStep, **more: object) -> run.Run:
    return run.begin(tasks.build(pipeline(*steps, **more)), keep_going=True)


def at(found: run.Run, name: str, item: str = "") -> int:
    node = found.network.node_at(key(name), item)
    assert node is not None
    return node


def named(found: run.Run, nodes: Iterable[int]) -> list[str]:
    names = []
    for node in nodes:
        item = found.network.item_of(node)
        names.append(found.network.line_of(node).step.removeprefix("p:") + (f"[{item}]" if item else ""))
    return names


def ready(found: run.Run) -> list[str]:
    """What may start, each taken."""
    return named(found, run.take(found, 1000))


def end(found: run.Run, name: str, item: str = "", *, outcome: str = "succeeded") -> list[run.Command]:
    node = at(found, name, item)
    if outcome == "skipped":
        return run.step(found, run.Skipped(node))
    if outcome == "succeeded":
        return run.step(found, run.Succeeded(node))
    return run.step(found, run.Failed(node, outcome, False))  # type: ignore[arg-type]


def expand(found: run.Run, name: str, count: int) -> list[run.Command]:
    return run.step(found, run.Expanded(at(found, name), count))


def finishes(found: run.Run, commands: Iterable[run.Command]) -> dict[str, tuple[str, str]]:
    """How step runs ended without a body, and why."""
    return {
        name: (command.outcome, command.reason)
        for command in commands
        if isinstance(command, run.Finish)
        for name in named(found, command.nodes)
    }


def chosen(found: run.Run, name: str, *follow: str, item: str = "") -> dict[str, tuple[str, str]]:
    return finishes(found, run.step(found, tasks.settled(found.network, at(found, name, item), follow=follow)))


def stopped(found: run.Run, name: str, item: str = "") -> dict[str, tuple[str, str]]:
    return finishes(found, run.step(found, tasks.settled(found.network, at(found, name, item), proceed=False)))
