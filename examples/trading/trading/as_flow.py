"""The monthly report once more, as a flow: plain Python that calls the same functions as it goes."""

import polars as pl

from trading import assets, vendors
from trading.partitions import SYMBOLS, session_before, sessions_of
from weft import flow, task


@task
def trades(session: str) -> list[assets.Trade]:
    """All symbols' trades on one session, typed and adjusted."""
    return [assets.parse(row) for symbol in SYMBOLS for row in vendors.vendor().rows(session, symbol)]


@task
def metrics(session: str, read: list[assets.Trade]) -> pl.DataFrame:
    """Each symbol's session: close, return on the session before, range, volume."""
    return assets.metrics_of(session, read)


@task
def report(daily: list[pl.DataFrame]) -> pl.DataFrame:
    """Each symbol's month."""
    return assets.report_of(pl.concat(daily))


@flow
def monthly_report_flow(month: str) -> pl.DataFrame:
    """The monthly report as a flow: `weft run monthly_report_flow --param month=2012-10`."""
    sessions = [day.isoformat() for day in sessions_of(month)]
    read_first = [*session_before(sessions[0]), *sessions]
    read = dict(zip(read_first, trades.map(read_first).result(), strict=True))
    daily = [
        metrics.submit(session, [trade for each in (*session_before(session), session) for trade in read[each]])
        for session in sessions
    ]
    return report(daily)


if __name__ == "__main__":
    print(monthly_report_flow("2012-10"))
