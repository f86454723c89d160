"""The monthly report once more, as a DAG with one interval a month: the same functions, with the order written down.

sessions_to_read ──▶ trades (one for each session) ──┐
sessions_to_report ──▶ metrics (one for each) ◀──────┘ ──▶ report
"""

import polars as pl

from trading import assets, vendors
from trading.partitions import SYMBOLS, months, session_before, sessions_of
from weft import dag, task


@task
def sessions_to_read(month: str) -> list[str]:
    """The sessions of a month, and the one before it, from which the first return is counted."""
    first, *rest = [day.isoformat() for day in sessions_of(month)]
    return [*session_before(first), first, *rest]


@task
def sessions_to_report(month: str) -> list[str]:
    """The sessions of a month."""
    return [day.isoformat() for day in sessions_of(month)]


@task
def trades(session: str) -> list[assets.Trade]:
    """All symbols' trades on one session, typed and adjusted."""
    return [assets.parse(row) for symbol in SYMBOLS for row in vendors.vendor().rows(session, symbol)]


@task
def metrics(session: str, read: list[list[assets.Trade]]) -> pl.DataFrame:
    """Each symbol's session: close, return on the session before, range, volume."""
    wanted = {session, *session_before(session)}
    return assets.metrics_of(
        session, [trade for several in read for trade in several if trade.session.isoformat() in wanted]
    )


@task
def report(daily: list[pl.DataFrame]) -> pl.DataFrame:
    """Each symbol's month."""
    return assets.report_of(pl.concat(daily))


@dag(partitions=months)
def monthly_report_dag():
    """The monthly report as a DAG: `weft run monthly_report_dag --partition 2012-10`."""
    month = "{{ partition_key }}"
    read = trades.expand(session=sessions_to_read(month))
    daily = metrics.partial(read=read).expand(session=sessions_to_report(month))
    report(daily)
