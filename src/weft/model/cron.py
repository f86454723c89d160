"""Cron expressions: checked once, then asked for their ticks.

Expressions have five fields (minute, hour, day of month, month, day of week) or six (seconds first), as `cronsim`
reads them. Where clocks change, an expression with fixed minutes and hours fires *once* each day: a time that is
skipped fires at the instant of the change, a time that is repeated fires at its first occurrence. One whose minute or
hour field begins with `*` follows real time: `0 * * * *` fires each hour that passes, so 23 or 25 times on such a
day. This is what Debian's cron does.

Where an expression is taken, a recurrence rule is taken as well, in the form that `recurrences.written` gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from weft.model import errors, recurrences


class CronError(errors.UsageError):
    """A cron expression that cannot be read or that never fires."""

    code = "cron"


def check(expression: str, *, field: str = "cron") -> None:
    """Raise CronError, naming `field`, unless `expression` is a cron expression that fires at some time."""
    import cronsim

    if recurrences.is_rule(expression):
        recurrences.check(expression, field=field)
        return
    remedy = (
        "Give five fields: minute, hour, day of month, month, day of week; such as '0 6 * * 1-5' or '*/15 * * * *'."
    )
    try:
        next(cronsim.CronSim(expression, datetime(2024, 1, 1)))  # noqa: DTZ001
    except cronsim.CronSimError as error:
        raise CronError(f"{field}={expression!r} is not a cron expression: {error}.", remedy=remedy) from error
    except (StopIteration, OverflowError) as error:
        raise CronError(f"{field}={expression!r} never fires.", remedy=remedy) from error
    except (AttributeError, TypeError) as error:
        raise CronError(f"{field}={expression!r} is not text.", remedy=remedy) from error


def ticks_after(expression: str, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the times at which `expression` fires in `zone`, strictly after `moment`, as aware datetimes in `zone`.

    Ends when there is none in the next 50 years.
    """
    import cronsim

    if recurrences.is_rule(expression):
        yield from recurrences.ticks_after(expression, moment, zone)
        return
    try:
        yield from cronsim.CronSim(expression, moment.astimezone(zone))
    except OverflowError:
        # The end of the calendar, year 9999: nothing fires after it.
        return
