"""Conditions over assets, as schedules have them: which assets they name, and whether they hold.

A condition is JSON text: the key of an asset, or ["all" | "any", condition, …].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from weft.model import keys, pipelines


def assets_of(schedule: pipelines.Schedule | None) -> tuple[keys.AssetKey, ...]:
    """The assets that a schedule waits for, in order; () for one that waits for none."""
    if schedule is None or not schedule.assets:
        return ()
    return tuple(dict.fromkeys(_leaves(msgspec.json.decode(schedule.assets))))


def holds(schedule: pipelines.Schedule, is_so: Callable[[keys.AssetKey], bool]) -> bool:
    """Whether the condition of a schedule holds, where `is_so` tells of each of its assets."""
    return _holds(msgspec.json.decode(schedule.assets), is_so)


def _leaves(condition: Any) -> list[keys.AssetKey]:
    if isinstance(condition, str):
        return [condition]
    return [leaf for each in condition[1:] for leaf in _leaves(each)]


def _holds(condition: Any, is_so: Callable[[keys.AssetKey], bool]) -> bool:
    if isinstance(condition, str):
        return is_so(condition)
    return (all if condition[0] == "all" else any)(_holds(each, is_so) for each in condition[1:])
