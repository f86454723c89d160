"""What waits: for a file, an answer, a row, a time, an asset, another pipeline.

A task that waits holds no worker: it looks, and where there is nothing yet it is parked in the ledger and looks again
later (`Defer`). Called where no run is under way it waits in its place.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from weft.define import durations, signals, task_context
from weft.model import errors
from weft.operators import databases, defining, requests, transfers

_WEEK = "7d"


class WaitTimeoutError(signals.Fail):
    """What a task waited for did not come in time; it is not retried."""


@defining.operator("wait", templates=("path",))
def wait_for_file(
    path: str,
    *,
    connection: str | None = None,
    least_size: int = 0,
    interval: durations.Duration = 60,
    timeout: durations.Duration | None = _WEEK,
    soft_fail: bool = False,
) -> list[str]:
    """Wait until a file is there, and return what was found, sorted.

    Args:
        path: a path or any URL of fsspec; with `*`, `?` or `**` a pattern, of which one file is enough.
        connection: the name of a connection for it.
        least_size: bytes that a file must have to count.
        interval: how long to wait between two looks.
        timeout: how long to wait in all; None for ever.
        soft_fail: whether the task is skipped after that, instead of failing.

    Raises:
        WaitTimeoutError: it did not come.
    """
    side = transfers.side(path, connection, "path", explicit=connection is not None)

    def look() -> list[str] | None:
        side.filesystem.invalidate_cache()
        try:
            found = side.filesystem.glob(side.path) if any(sign in side.path for sign in "*?[") else [side.path]
            there = [each for each in found if _is_there(side.filesystem, each, least_size)]
        except FileNotFoundError:
            return None
        return [side.shown(each) for each in sorted(there)] or None

    return wait(look, what=f"the file {path}", interval=interval, timeout=timeout, soft_fail=soft_fail)  # type: ignore[no-any-return]


def _is_there(filesystem: Any, path: str, least_size: int) -> bool:
    if not filesystem.exists(path):
        return False
    return least_size <= 0 or (filesystem.info(path).get("size") or 0) >= least_size


@defining.operator("wait", templates=("url", "endpoint", "params", "headers"))
def wait_for_http(
    url: str | None = None,
    *,
    connection: str | None = None,
    endpoint: str = "",
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    expected: int | Collection[int] | None = None,
    check: Callable[[requests.Answer], object] | None = None,
    interval: durations.Duration = 60,
    timeout: durations.Duration | None = _WEEK,
    soft_fail: bool = False,
) -> Any:
    """Wait until a server answers as expected, and return what it answers (see `http`).

    A server that can't be reached, and an answer of another status or that `check` refuses, count as not yet.

    Raises:
        WaitTimeoutError: it did not.
    """

    def look() -> tuple[Any] | None:
        try:
            return (
                requests.http.function(
                    url, connection=connection, endpoint=endpoint, params=params, headers=headers, expected=expected,
                    check=check,
                ),
            )  # fmt: skip
        except requests.HttpError as error:
            defining.say(f"Not yet: {error}")
            return None

    what = f"an answer of {url or f'{connection}/{endpoint}'}"
    found = wait(look, what=what, interval=interval, timeout=timeout, soft_fail=soft_fail)
    return found[0]


@defining.operator("wait", templates=("statement", "parameters", "url"))
def wait_for_sql(
    statement: str,
    *,
    connection: str | None = None,
    url: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    check: Callable[[Any], object] | None = None,
    interval: durations.Duration = 60,
    timeout: durations.Duration | None = _WEEK,
    soft_fail: bool = False,
) -> Any:
    """Wait until the first value that a statement gives is true, or until `check` says so of it, and return it.

    Raises:
        WaitTimeoutError: it did not become so.
    """
    target = databases.target(connection, url)

    def look() -> tuple[Any] | None:
        with databases.session(target) as session:
            found = session.execute(statement, parameters or {}, wanted=True)
        rows = [tuple(each.values()) for each in found.table.to_pylist()] if found.table is not None else found.rows
        value = rows[0][0] if rows else None
        return (value,) if (check(value) if check is not None else value) else None

    return wait(look, what="a row", interval=interval, timeout=timeout, soft_fail=soft_fail)[0]


@defining.operator("wait", templates=("moment",))
def wait_until(moment: datetime.datetime | datetime.time | str, *, timezone: str = "UTC") -> str:
    """Wait until a moment, and return it as ISO text.

    Args:
        moment: a datetime, or ISO text such as "2024-01-15T09:30"; a time of day ("09:30") is that of the day on which
            the waiting began.
        timezone: in which a moment without one is meant.

    Raises:
        UsageError: it is no moment, or there is no such time zone.
    """
    target = _moment(moment, timezone)
    _wait_for_moment(target)
    return target.isoformat()


@defining.operator("wait", templates=("delta",))
def wait_for_delta(delta: durations.Duration) -> str:
    """Wait until so much time has passed since the end of the run's interval, or since now where it has none.

    Returns the moment at which it had, as ISO text.

    Raises:
        UsageError: it is no duration.
    """
    seconds = durations.seconds(delta, what="delta")
    context = task_context.current.get()
    start = _interval_end(context) if context is not None else None
    start = start or (context.waiting_since if context is not None else None) or _now()
    target = start + datetime.timedelta(seconds=seconds)
    _wait_for_moment(target)
    return target.isoformat()


@defining.operator("wait", templates=("asset", "partition"))
def wait_for_asset(
    asset: Any,
    *,
    partition: str = "",
    interval: durations.Duration = 60,
    timeout: durations.Duration | None = _WEEK,
    soft_fail: bool = False,
) -> str:
    """Wait until an asset has been made, and return its key.

    Args:
        asset: its key, or its definition.
        partition: the partition that is meant, such as "{{ ds }}"; none for an asset without partitions.
        interval: how long to wait between two looks.
        timeout: how long to wait in all; None for ever.
        soft_fail: whether the task is skipped after that, instead of failing.

    Raises:
        WaitTimeoutError: it was not made in time.
        UsageError: no run is under way: the ledger is the driver's to ask.
    """
    key = asset if isinstance(asset, str) else str(getattr(asset, "key", asset))
    what = f"the asset {key}" + (f"[{partition}]" if partition else "")
    _wait_for_ledger(("asset", key, partition), what, interval, timeout, soft_fail)
    return key


@defining.operator("wait", templates=("pipeline", "partition"))
def wait_for_pipeline(
    pipeline: Any,
    *,
    partition: str = "",
    interval: durations.Duration = 60,
    timeout: durations.Duration | None = _WEEK,
    soft_fail: bool = False,
) -> str:
    """Wait until another pipeline has succeeded, and return its name.

    Args:
        pipeline: its name, or its definition.
        partition: the interval that is meant, such as "{{ partition_key }}"; its latest run unless given.
        interval: how long to wait between two looks.
        timeout: how long to wait in all; None for ever.
        soft_fail: whether the task is skipped after that, instead of failing.

    Raises:
        WaitTimeoutError: it has not succeeded in time.
        UsageError: no run is under way: the ledger is the driver's to ask.
    """
    name = pipeline if isinstance(pipeline, str) else str(getattr(pipeline, "name", pipeline))
    what = f"the pipeline {name}" + (f"[{partition}]" if partition else "")
    _wait_for_ledger(("pipeline", name, partition), what, interval, timeout, soft_fail)
    return name


# --- how ---


def wait(
    look: Callable[[], Any],
    *,
    what: str,
    interval: durations.Duration = 60,
    timeout: durations.Duration | None = _WEEK,
    soft_fail: bool = False,
) -> Any:
    """Look, and come back later until there is something; for waits of one's own.

    Args:
        look: gives what was waited for, or a false value for not yet.
        what: what is waited for, in words.
        interval: how long to wait between two looks.
        timeout: how long to wait in all; None for ever.
        soft_fail: whether the task is skipped after that, instead of failing.

    Raises:
        WaitTimeoutError: it did not come in time.
        Defer: not yet, in a run.
    """
    pause = durations.seconds(interval, what="interval", exclusive=True)
    limit = None if timeout is None else durations.seconds(timeout, what="timeout")
    context = task_context.current.get()
    if context is not None:
        found = look()
        if not found:
            raise _not_yet(context, what, pause, limit, soft_fail)
        return found
    started = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - started
        if limit is not None and waited >= limit:
            raise _too_late(what, limit, soft_fail)
        time.sleep(pause if limit is None else min(pause, limit - waited))
    return found


def _not_yet(
    context: task_context.TaskContext,
    what: str,
    pause: float,
    limit: float | None,
    soft_fail: bool,
    condition: tuple[str, ...] = (),
) -> Exception:
    since = context.waiting_since
    waited = (_now() - since).total_seconds() if since is not None else 0.0
    if limit is not None and waited >= limit:
        return _too_late(what, limit, soft_fail)
    again = pause if limit is None else min(pause, limit - waited)
    return signals.Defer(again, f"waits for {what}", condition=condition)


def _too_late(what: str, limit: float, soft_fail: bool) -> Exception:
    told = f"waited {datetime.timedelta(seconds=round(limit, 3))} for {what}, in vain"
    return signals.Skip(told) if soft_fail else WaitTimeoutError(told[0].upper() + told[1:] + ".")


def _wait_for_ledger(
    condition: tuple[str, str, str],
    what: str,
    interval: durations.Duration,
    timeout: durations.Duration | None,
    soft_fail: bool,
) -> None:
    pause = durations.seconds(interval, what="interval", exclusive=True)
    limit = None if timeout is None else durations.seconds(timeout, what="timeout")
    context = task_context.current.get()
    if context is None:
        raise errors.UsageError(
            f"wait_for_{condition[0]} was called where no run is under way.", remedy="Call it in a DAG or in a flow."
        )
    if context.poked and context.condition_met:
        return
    if not context.poked:  # the driver looks before the body runs again: at once, the first time
        raise signals.Defer(0.0, f"waits for {what}", condition=condition)
    raise _not_yet(context, what, pause, limit, soft_fail, condition)


def _wait_for_moment(target: datetime.datetime) -> None:
    while (left := (target - _now()).total_seconds()) > 0:
        if task_context.current.get() is not None:
            raise signals.Defer(left, f"waits until {target.isoformat(timespec='seconds')}")
        time.sleep(min(left, 60.0))


def _moment(given: datetime.datetime | datetime.time | str, timezone: str) -> datetime.datetime:
    import zoneinfo

    try:
        zone = zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise errors.UsageError(
            f"There is no time zone {timezone!r}.", remedy='Write one as "Europe/Zurich".'
        ) from error
    found: datetime.datetime | datetime.time | None = None
    if isinstance(given, str):
        for read in (datetime.time.fromisoformat, datetime.datetime.fromisoformat):
            try:
                found = read(given.strip())
                break
            except ValueError:
                continue
    elif isinstance(given, (datetime.datetime, datetime.time)):
        found = given
    if found is None:
        raise errors.UsageError(
            f"wait_until: {given!r} is no moment.", remedy='Write ISO text such as "2024-01-15T09:30", or "09:30".'
        )
    if isinstance(found, datetime.time):
        context = task_context.current.get()
        began = (context.waiting_since if context is not None else None) or _now()
        found = datetime.datetime.combine(began.astimezone(found.tzinfo or zone).date(), found)
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _interval_end(context: task_context.TaskContext) -> datetime.datetime | None:
    try:
        return context.data_interval.end
    except errors.UsageError:  # the run has no interval
        return None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
