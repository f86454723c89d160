"""How the assets are divided: by session of the New York Stock Exchange, by symbol, by month.

The vendor's history runs from 1 March 2000 to 1 March 2013, so February 2013 is the last whole month.
"""

from datetime import date, timedelta

from weft import CalendarPartitions, MonthlyPartitions, MultiPartitions, StaticPartitions, WeeklyPartitions
from weft.partitions import DimensionMapping, TimeWindowMapping

FIRST_SESSION = "2000-03-01"
SYMBOLS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
LISTED = {"FB": date(2012, 5, 18), "GOOG": date(2004, 8, 19)}
"""The first session of those that were not listed yet on the first one of the history."""

sessions = CalendarPartitions("XNYS", start_date=FIRST_SESSION, end_date="2013-03-02")
trades = MultiPartitions({"session": sessions, "symbol": StaticPartitions(SYMBOLS)})
months = MonthlyPartitions(start_date=FIRST_SESSION, end_date="2013-03-01")
weeks = WeeklyPartitions(start_date="2000-03-06", end_date="2013-02-25")
months_and_symbols = MultiPartitions({"month": months, "symbol": StaticPartitions(SYMBOLS)})

since_yesterday = DimensionMapping({"session": TimeWindowMapping(start_offset=-1)})
"""A session reads its own trades and those of the session before, of every symbol."""


def is_listed(symbol: str, session: date) -> bool:
    """Whether a symbol traded on a session."""
    return session >= LISTED.get(symbol, date.min)


def sessions_of(month: str) -> list[date]:
    """The sessions of a month such as `2013-02`."""
    window = months.window(months.ordinal(month))
    days = [window.start.date() + timedelta(days=number) for number in range((window.end - window.start).days)]
    return [day for day in days if sessions.find(day.isoformat()) is not None]


def session_before(session: str) -> list[str]:
    """The session before one, in a list: an empty one before the first."""
    ordinal = sessions.ordinal(session)
    return [sessions.key(ordinal - 1)] if ordinal else []


def months_of(year: str) -> list[str]:
    """The months of a year such as `2012`."""
    return [f"{year}-{month:02d}" for month in range(1, 13)]
