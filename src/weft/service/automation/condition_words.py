"""What a condition came to, in words."""

from __future__ import annotations

from collections.abc import Iterator

from weft.model import automations, partition_set
from weft.model import graph as graphs
from weft.planner.automation import operands

_OPERANDS = {
    "missing": "it has no data",
    "latest": "it is the latest partition",
    "code_changed": "its code changed",
    "newly_updated_above": "what it reads was updated",
    "missing_above": "something that it reads has no data",
    "in_progress": "a run makes it",
    "in_progress_above": "a run makes something that it reads",
    "failed": "its last attempt failed",
    "late": "it is late",
}


def operand(condition: automations.Condition) -> str:
    """One operand, or how its parts are joined."""
    match condition.kind:
        case "all":
            return "all of"
        case "any":
            return "any of"
        case "not":
            return "not"
        case "cron":
            zone = f" {condition.timezone}" if condition.timezone != "UTC" else ""
            return f"a tick of {condition.cron}{zone} passed since it was made"
        case kind:
            return _OPERANDS[kind]


def told(condition: automations.Condition, *, within: bool = False) -> str:
    """A whole condition in one line, by its names where it has some."""
    if condition.label:
        return condition.label
    match condition.kind:
        case "all" | "any":
            sign = " and " if condition.kind == "all" else " or "
            text = sign.join(told(part, within=True) for part in condition.parts)
            return f"({text})" if within else text
        case "not":
            return f"not {told(condition.parts[0], within=True)}"
        case _:
            return operand(condition)


def why(graph: graphs.Graph, result: operands.Result, ordinals: partition_set.PartitionSet) -> str:
    """Why partitions are asked for: the operands that hold of them, without those that only keep others away."""
    reasons = list(dict.fromkeys(_holding(result.tree, ordinals)))
    told_of = partitions(graph, result.asset, ordinals)
    return ", and ".join(reasons) + (f": {told_of}" if told_of else "")


def _holding(node: operands.Node, ordinals: partition_set.PartitionSet) -> Iterator[str]:
    if node.holds.isdisjoint(ordinals) or node.condition.kind in ("not", "latest"):
        return
    if not node.parts:
        yield operand(node.condition)
    for part in node.parts:
        yield from _holding(part, ordinals)


def partitions(graph: graphs.Graph, asset: str, ordinals: partition_set.PartitionSet) -> str:
    """Partitions by their keys: one, or the first and last with how many; "" for what has none."""
    divided = graph.assets[asset].partitions
    if divided is None or not ordinals:
        return ""
    if len(ordinals) == 1:
        return divided.key(ordinals.first)
    return f"{divided.key(ordinals.first)} … {divided.key(ordinals.last)} ({len(ordinals):,} partitions)"
