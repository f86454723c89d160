"""Partitions between the ticks of a cron expression."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import ClassVar

from weft.model import cron as cron_expressions
from weft.model.partitions import cron_seconds, windows, zones
from weft.model.partitions.protocol import Json, PartitionsError, fingerprint_of, no_such_ordinal
from weft.model.partitions.zones import DateLike

_MOST_TICKS = 2_000_000


class _Ticks:
    """The ticks found so far; growth replaces the whole tuple, so that readers never see half of it."""

    __slots__ = ("complete", "keys", "seconds")

    def __init__(self) -> None:
        self.seconds: tuple[int, ...] = ()
        self.complete = False
        self.keys: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class CronPartitions(windows.TimePartitions):
    """One partition from each tick of a cron expression to the next; keys like `2024-01-05T06:00`, when it begins.

    The key is local time, with the UTC offset where that time occurs twice, as with hourly partitions. `key_format`
    is a format of `strftime` to be used instead; it must tell all ticks apart. Where clocks change, fixed times fire
    once a day (a skipped one at the instant of the change), and expressions whose minute or hour begins with `*`
    follow real time.

    Example:
        >>> CronPartitions("0 6 * * 1-5", "2024-01-05", timezone="Europe/Vienna").key(1)
        '2024-01-08T06:00'
    """

    kind: ClassVar[str] = "cron"
    cron: str
    """Five fields, or six with seconds first."""
    start_date: DateLike
    """The first partition begins at the first tick from here on; kept as ISO text."""
    end_date: DateLike | None = None
    """The last partition is the last that ends by then; None for partitions that go on. Kept as ISO text."""
    timezone: str = "UTC"
    """An IANA name."""
    key_format: str | None = None
    """A format of `strftime`; None for ISO text."""
    _zone: tzinfo = field(init=False, repr=False, compare=False)
    _start: int = field(init=False, repr=False, compare=False)
    _end: int | None = field(init=False, repr=False, compare=False)
    _ticks: _Ticks = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kind = "CronPartitions"
        cron_expressions.check(self.cron)
        if self.key_format is not None and ("%" not in self.key_format or "|" in self.key_format):
            raise PartitionsError(
                f"{kind}: key_format={self.key_format!r} is not a format for keys.",
                remedy="Use the codes of strftime, such as '%Y-%m-%d', without '|'.",
            )
        zone = zones.zone(self.timezone, kind=kind)
        start = zones.wall_time(self.start_date, field="start_date", kind=kind, zone=zone)
        end = None
        if self.end_date is not None:
            end = zones.wall_time(self.end_date, field="end_date", kind=kind, zone=zone)
            object.__setattr__(self, "end_date", windows.date_text(end))
        windows.check_order(start, end, kind=kind)
        object.__setattr__(self, "cron", " ".join(self.cron.split()))
        object.__setattr__(self, "start_date", windows.date_text(start))
        object.__setattr__(self, "_zone", zone)
        object.__setattr__(self, "_start", zones.instant(start, zone))
        object.__setattr__(self, "_end", None if end is None else zones.instant(end, zone))
        object.__setattr__(self, "_ticks", _Ticks())

    @property
    def zone(self) -> tzinfo:
        """The time zone in which keys and windows are told."""
        return self._zone

    @property
    def growing(self) -> bool:
        """Whether there is no end_date."""
        return self.end_date is None

    @property
    def cadence(self) -> str:
        """Expression and time zone."""
        return f"cron {self.cron} {self.timezone} {self.key_format}"

    @property
    def contiguous(self) -> bool:
        """True: each window begins where the last one ends."""
        return True

    @property
    def unbounded(self) -> bool:
        """False: ticks are counted from the first."""
        return False

    @property
    def civil(self) -> bool:
        """False: ticks are instants."""
        return False

    @property
    def limit(self) -> int | None:
        """How many partitions end by `end_date`; None without one."""
        return None if self._end is None else self.ended_by(self._end)

    @property
    def fingerprint(self) -> str:
        """A short hash of expression, start, time zone and format of the keys; not of the end."""
        return fingerprint_of({key: value for key, value in self.snapshot().items() if key != "end_date"})

    def start_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` starts, which is a tick."""
        if position < 0:
            return -windows.NEVER
        ticks = self._ticks.seconds if position < len(self._ticks.seconds) else self._extend(count=position + 1)
        return ticks[position] if position < len(ticks) else windows.NEVER

    def end_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` ends, which is the next tick."""
        return self.start_of(position + 1) if position >= 0 else -windows.NEVER

    def ended_by(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window ends after `seconds`; 0 before the start."""
        return max(0, bisect_right(self._extend(after=seconds), seconds) - 1)

    def started_before(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window starts at `seconds` or later; 0 before the start."""
        return bisect_left(self._extend(after=seconds), seconds)

    def key(self, ordinal: int) -> str:
        """Return the local time at which the window starts, in the format of keys."""
        seconds = self.start_of(ordinal)
        if not -windows.NEVER < seconds < windows.NEVER:
            raise no_such_ordinal(self, ordinal)
        return self._text(seconds)

    def position_of(self, key: str) -> int | None:
        """Return the position of the window that begins at the time `key`."""
        if self.key_format is not None:
            return self._position_of_formatted(key)
        try:
            parsed = datetime.fromisoformat(key)
            seconds = zones.instant(parsed, self._zone) if parsed.tzinfo is None else int(parsed.timestamp())
            if zones.minute_text(zones.wall(seconds, self._zone)) != key:
                return None
        except (ValueError, OverflowError):
            return None
        if seconds < self._start:
            return -1 if self._is_tick(seconds) else None
        ticks = self._ticks.seconds
        if not ticks or ticks[-1] < seconds:
            # A key far in the future is told from a wrong one before all ticks up to it are looked for.
            ticks = self._extend(after=seconds) if self._is_tick(seconds) else ()
        position = bisect_left(ticks, seconds)
        return position if position < len(ticks) and ticks[position] == seconds else None

    def example_key(self) -> str:
        """Return the first key."""
        return self.key(0)

    def describe(self) -> str:
        """Return one line: expression, start, end and time zone."""
        end = None if self.end_date is None else str(self.end_date)
        return f"cron '{self.cron}' partitions {windows.bounds_text(str(self.start_date), end, self.timezone)}"

    def snapshot(self) -> dict[str, Json]:
        """Return the arguments."""
        return {
            "kind": self.kind,
            "cron": self.cron,
            "start_date": str(self.start_date),
            "end_date": None if self.end_date is None else str(self.end_date),
            "timezone": self.timezone,
            "key_format": self.key_format,
        }

    def _text(self, seconds: int) -> str:
        local = zones.wall(seconds, self._zone)
        return zones.minute_text(local) if self.key_format is None else local.strftime(self.key_format)

    def _is_tick(self, seconds: int) -> bool:
        before = zones.wall(seconds - 1, self._zone)
        found = next(cron_expressions.ticks_after(self.cron, before, self._zone), None)
        return found is not None and int(found.timestamp()) == seconds

    def _position_of_formatted(self, key: str) -> int | None:
        assert self.key_format is not None
        try:
            parsed = datetime.strptime(key, self.key_format)  # noqa: DTZ007
            seconds = int(parsed.timestamp()) if parsed.tzinfo else zones.instant(parsed, self._zone)
        except (ValueError, OverflowError):
            return None
        # A format may be coarser than the ticks (a year), so look a little farther than what it says.
        ticks = self._extend(after=seconds + 370 * zones.DAY)
        known = self._ticks.keys
        if len(known) != len(ticks):
            known = {}
            for position, tick in enumerate(ticks):
                other = known.setdefault(self._text(tick), position)
                if other != position:
                    raise PartitionsError(
                        f"CronPartitions: key_format={self.key_format!r} gives '{self._text(tick)}' to two partitions.",
                        remedy="Use a format that tells all ticks apart, or none.",
                    )
            self._ticks.keys = known
        return known.get(key)

    def _extend(self, *, after: int | None = None, count: int = 0) -> tuple[int, ...]:
        """Return the ticks, at least up to one `after` the given seconds and at least `count` of them, if there are."""
        held = self._ticks
        ticks = held.seconds
        if held.complete or (len(ticks) >= count and (after is None or (ticks and ticks[-1] > after))):
            return ticks
        wanted = max(count, len(ticks) + max(64, len(ticks) // 4))
        begin = ticks[-1] if ticks else self._start - 1
        more: list[int] = []
        for tick in cron_seconds.seconds_after(self.cron, begin, self._zone):
            more.append(tick)
            if len(ticks) + len(more) >= wanted and (after is None or more[-1] > after):
                break
            if len(ticks) + len(more) > _MOST_TICKS:
                raise PartitionsError(
                    f"CronPartitions: cron={self.cron!r} from {self.start_date} makes more than {_MOST_TICKS:,} "
                    "partitions up to the time that was asked for.",
                    remedy="Use a later start_date, or hourly partitions, which need no list of ticks.",
                )
        else:
            held.complete = True
        extended = (*ticks, *more)
        held.seconds = extended
        return extended
