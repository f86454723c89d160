"""The scheduler of a project, with all its parts: schedules, conditions over assets, executions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from weft.define import durations
from weft.model import errors
from weft.service import world as worlds
from weft.service.scheduling import loop

_NAMES = ("grace",)


def settings(given: object) -> timedelta:
    """What `[scheduler]` of a project's configuration says: `grace`, how late a tick is not one that was missed.

    Raises:
        UsageError: a setting is not known, or its value is wrong.
    """
    if given is None:
        return loop.GRACE
    if not isinstance(given, Mapping):
        raise errors.UsageError(f"scheduler is {given!r}, which is no table.", remedy="Write [scheduler] in weft.toml.")
    unknown = [str(name) for name in given if name not in _NAMES]
    if unknown:
        raise errors.UsageError(
            f"[scheduler] has {', '.join(unknown)}, which is no setting.", remedy=f"There is: {', '.join(_NAMES)}."
        )
    if "grace" not in given:
        return loop.GRACE
    return timedelta(seconds=durations.seconds(given["grace"], what="scheduler.grace"))


def scheduler(serving: loop.Serving, *, note: Callable[[str], None] = lambda text: None) -> loop.Scheduler:
    """A scheduler with all its parts, as the settings of what is served say; `note` is told what goes wrong, once.

    Raises:
        UsageError: a setting is wrong.
    """
    from weft.service.automation import conditions
    from weft.service.execution import executions

    watched = conditions.Conditions()

    def advance(world: worlds.World, now: datetime) -> bool:
        return executions.advance(world, now)

    plugins: dict[str, loop.Plugin] = {"conditions": watched.evaluate, "executions": advance}
    return loop.Scheduler(serving, plugins=plugins, grace=settings(serving.settings.get("scheduler")), note=note)


def run(serving: loop.Serving, stop: threading.Event, *, note: Callable[[str], None] = lambda text: None) -> None:
    """Schedule until `stop` is set, which is seen within two seconds.

    Raises:
        UsageError: a setting is wrong.
    """
    scheduler(serving, note=note).run(stop)
