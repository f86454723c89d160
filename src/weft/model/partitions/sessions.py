"""Partitions that are the sessions of an exchange or business calendar."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import ClassVar

from weft.model import errors
from weft.model.partitions import windows, zones
from weft.model.partitions.protocol import Json, PartitionsError, UnknownPartitionError, fingerprint_of, no_such_ordinal
from weft.model.partitions.zones import DateLike

_LAST_YEAR = 2150


@dataclass(frozen=True, slots=True)
class _Sessions:
    """Sessions in order: their dates (days since 1970), opening and closing instants (seconds since 1970)."""

    days: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    zone: tzinfo
    version: str


@dataclass(frozen=True, slots=True)
class CalendarPartitions(windows.TimePartitions):
    """One partition for each session of a calendar of `exchange_calendars`; keys like `2024-01-05`, the session's date.

    A session's window is from the opening to the close, so it exists once the exchange has closed, on half days
    earlier. In relation to days, weeks and months it counts as its date, in whatever time zone these are.

    Example:
        >>> CalendarPartitions("XNYS", start_date="2024-01-01").key(0)
        '2024-01-02'
    """

    kind: ClassVar[str] = "calendar"
    calendar: str
    """A name or alias of `exchange_calendars`, such as XNYS, NYSE, XLON, XTKS, 24/5."""
    start_date: DateLike
    """The first partition is the first session from this date on; kept as ISO text."""
    end_date: DateLike | None = None
    """The last partition is the last session before this date; None for partitions that go on. Kept as ISO text."""
    _start: int = field(init=False, repr=False, compare=False)
    _end: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kind = "CalendarPartitions"
        if not isinstance(self.calendar, str) or not self.calendar:
            raise PartitionsError(
                f"{kind}: calendar={self.calendar!r} is not a name.", remedy="Use one such as 'XNYS'."
            )
        # Sessions are dates: of a datetime, the date that it has where it was written.
        start = _date(self.start_date, "start_date")
        end = None if self.end_date is None else _date(self.end_date, "end_date")
        windows.check_order(start, end, kind=kind)
        object.__setattr__(self, "start_date", start.date().isoformat())
        object.__setattr__(self, "_start", start.toordinal() - zones.EPOCH_DAY)
        if end is not None:
            object.__setattr__(self, "end_date", end.date().isoformat())
        object.__setattr__(self, "_end", None if end is None else end.toordinal() - zones.EPOCH_DAY)

    @property
    def zone(self) -> tzinfo:
        """The time zone of the exchange."""
        return self._sessions().zone

    @property
    def growing(self) -> bool:
        """Whether there is no end_date."""
        return self.end_date is None

    @property
    def cadence(self) -> str:
        """The calendar."""
        return f"calendar {self.calendar}"

    @property
    def contiguous(self) -> bool:
        """False: there are nights and holidays between sessions."""
        return False

    @property
    def unbounded(self) -> bool:
        """False: sessions are counted from the first."""
        return False

    @property
    def civil(self) -> bool:
        """True: each session is of a date."""
        return True

    @property
    def limit(self) -> int | None:
        """How many sessions lie before `end_date`; None without one."""
        return None if self._end is None else len(self._sessions().days)

    @property
    def fingerprint(self) -> str:
        """A short hash of calendar, start and version of `exchange_calendars`: newer ones may know other holidays."""
        return fingerprint_of(self.kind, self.calendar, str(self.start_date), self._sessions().version)

    def start_of(self, position: int, *, civil: bool = False) -> int:
        """Return the opening of a session, or the start of its date."""
        if position < 0:
            return -windows.NEVER
        sessions = self._sessions(count=position + 1)
        if position >= len(sessions.days):
            return windows.NEVER
        return sessions.days[position] * zones.DAY if civil else sessions.opens[position]

    def end_of(self, position: int, *, civil: bool = False) -> int:
        """Return the close of a session, or the end of its date."""
        if position < 0:
            return -windows.NEVER
        sessions = self._sessions(count=position + 1)
        if position >= len(sessions.days):
            return windows.NEVER
        return (sessions.days[position] + 1) * zones.DAY if civil else sessions.closes[position]

    def ended_by(self, seconds: int, *, civil: bool = False) -> int:
        """Return how many sessions have closed by `seconds`, or whose date is over by then."""
        sessions = self._sessions(seconds=seconds)
        if civil:
            return bisect_left(sessions.days, seconds // zones.DAY)
        return bisect_right(sessions.closes, seconds)

    def started_before(self, seconds: int, *, civil: bool = False) -> int:
        """Return how many sessions have opened before `seconds`, or whose date began before."""
        sessions = self._sessions(seconds=seconds)
        if civil:
            return bisect_left(sessions.days, -(-seconds // zones.DAY))
        return bisect_left(sessions.opens, seconds)

    def key(self, ordinal: int) -> str:
        """Return the date of the session."""
        days = self._sessions(count=ordinal + 1).days
        if not 0 <= ordinal < len(days):
            raise no_such_ordinal(self, ordinal)
        return date.fromordinal(days[ordinal] + zones.EPOCH_DAY).isoformat()

    def position_of(self, key: str) -> int | None:
        """Return the position of the session on the date `key`; None when there is none."""
        day = _day_of(key)
        if day is None:
            return None
        if day < self._start:
            return -1
        if self._end is not None and day >= self._end:
            return len(self._sessions().days)
        days = self._sessions(seconds=day * zones.DAY).days
        position = bisect_left(days, day)
        return position if position < len(days) and days[position] == day else None

    def position(self, key: str, *, upper: bool) -> int | None:
        """Return the session at which a range bounded by the date `key` ends, which need not be one of a session."""
        day = _day_of(key)
        if day is None or day < self._start or (self._end is not None and day >= self._end):
            return None
        days = self._sessions(seconds=day * zones.DAY).days
        return bisect_right(days, day) - 1 if upper else bisect_left(days, day)

    def malformed(self, key: str, head: str) -> UnknownPartitionError:
        """Name the sessions around a date on which there is none."""
        day = _day_of(key)
        if day is None:
            return windows.TimePartitions.malformed(self, key, head)
        days = self._sessions(seconds=day * zones.DAY).days
        position = bisect_left(days, day)
        close = [self.key(each) for each in (position - 1, position) if 0 <= each < len(days)]
        return UnknownPartitionError(
            f"{head}: {self.calendar} has no session on that day.",
            key=key,
            remedy=f"The sessions next to it: {', '.join(close)}.",
            close=close,
        )

    def example_key(self) -> str:
        """Return a key."""
        return self.key(0)

    def describe(self) -> str:
        """Return one line: calendar, start and end."""
        until = f" to before {self.end_date}" if self.end_date else ""
        return f"sessions of {self.calendar} from {self.start_date}{until}"

    def snapshot(self) -> dict[str, Json]:
        """Return the arguments."""
        return {
            "kind": self.kind,
            "calendar": self.calendar,
            "start_date": str(self.start_date),
            "end_date": None if self.end_date is None else str(self.end_date),
        }

    def _sessions(self, *, seconds: int = 0, count: int = 0) -> _Sessions:
        """Return the sessions up to the end; without one, at least to those that were asked for.

        Years are rounded up to the fifth, so that few different spans are ever computed.
        """
        if self._end is not None:
            return _load(self.calendar, self._start, self._end)
        first_year = date.fromordinal(self._start + zones.EPOCH_DAY).year
        bounded = min(max(seconds, 0), zones.LAST_YEARS)
        # 200 sessions a year are fewer than any calendar has.
        year = max(first_year, date.fromordinal(bounded // zones.DAY + zones.EPOCH_DAY).year, first_year + count // 200)
        last_year = min(max((year + 2) // 5 * 5 + 5, 2030), _LAST_YEAR)
        return _load(self.calendar, self._start, date(last_year, 1, 1).toordinal() - zones.EPOCH_DAY)


def _date(value: DateLike, name: str) -> datetime:
    if isinstance(value, datetime):
        value = value.date()
    zone = zones.zone("UTC", kind="CalendarPartitions")
    found = zones.wall_time(value, field=name, kind="CalendarPartitions", zone=zone)
    return found.replace(hour=0, minute=0, second=0)


def _day_of(key: str) -> int | None:
    if len(key) != 10 or key[4] != "-" or key[7] != "-":
        return None
    try:
        return date.fromisoformat(key).toordinal() - zones.EPOCH_DAY
    except ValueError:
        return None


@lru_cache(maxsize=32)
def _load(calendar: str, start: int, end: int) -> _Sessions:
    """Compute the sessions from `start` to before `end`, in days since 1970."""
    import warnings

    try:
        import exchange_calendars
        import exchange_calendars.errors as calendar_errors
    except ImportError as error:
        raise errors.MissingExtraError(
            package="exchange_calendars", extra="calendars", purpose=f"CalendarPartitions({calendar!r})"
        ) from error
    factory = None
    try:
        name = exchange_calendars.resolve_alias(calendar)
        factory = exchange_calendars.calendar_utils.global_calendar_dispatcher._calendar_factories.get(name)
        first, last = _isoformat(start), _isoformat(end + 10)  # it wants more than one day, and a session in them
        latest = factory.bound_max() if factory is not None else None
        if latest is not None and last > latest.date().isoformat():
            last = latest.date().isoformat()
        with warnings.catch_warnings():
            # It calls what newer versions of pandas deprecate; its users can do nothing about that.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            made = exchange_calendars.get_calendar(name, start=first, end=last)
    except calendar_errors.InvalidCalendarName as error:
        import difflib

        known = exchange_calendars.get_calendar_names(include_aliases=True)
        close = difflib.get_close_matches(calendar, known, n=3) or ["XNYS", "XLON", "XTKS"]
        raise PartitionsError(
            f"CalendarPartitions: calendar={calendar!r} is not a calendar of exchange_calendars.",
            remedy=f"Did you mean one of {', '.join(close)}? exchange_calendars.get_calendar_names() lists all.",
        ) from error
    except (calendar_errors.NoSessionsError, ValueError) as error:
        if isinstance(error, calendar_errors.NoSessionsError):
            return _Sessions((), (), (), zones.zone("UTC", kind="CalendarPartitions"), exchange_calendars.__version__)
        raise PartitionsError(
            f"CalendarPartitions: exchange_calendars has no sessions of {calendar} from {_isoformat(start)}: {error}",
            remedy="Choose a start_date that the calendar covers.",
        ) from error
    seconds = [
        tuple(column.astype("datetime64[s]").astype("int64").tolist())
        for column in (made.sessions, made.opens.dt.tz_convert(None), made.closes.dt.tz_convert(None))
    ]
    days = tuple(each // zones.DAY for each in seconds[0])
    count = bisect_left(days, end)
    return _Sessions(days[:count], seconds[1][:count], seconds[2][:count], made.tz, exchange_calendars.__version__)


def _isoformat(day: int) -> str:
    return date.fromordinal(day + zones.EPOCH_DAY).isoformat()
