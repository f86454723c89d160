"""Assets are functions: they are tested by calling them."""

from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest
from trading import assets, checks
from trading.vendor import Vendor

ROW = {
    "symbol": "IBM",
    "date": "2013-01-14",
    "open": "192.82",
    "high": "193.28",
    "low": "191.75",
    "close": "192.62",
    "volume": "4172200",
    "adj_close": "96.31",
}


def at(partition):
    """Stand in for the context: these bodies ask only for the partition."""
    return SimpleNamespace(partition_key=partition)


def trade(symbol, session, close):
    return assets.Trade(
        session=date.fromisoformat(session), symbol=symbol, open=close, high=close, low=close, close=close, volume=100
    )


def test_all_prices_are_adjusted_as_the_close_was():
    (made,) = assets.processed_trades([ROW])
    assert made.close == 96.31
    assert made.high == pytest.approx(193.28 / 2)
    assert made.volume == 4172200


def test_a_price_that_is_no_number_is_an_error():
    with pytest.raises(ValueError, match="n/a"):
        assets.processed_trades([{**ROW, "close": "n/a"}])


def test_a_session_before_the_listing_has_no_row_and_that_is_no_gap():
    vendor = Vendor()
    vendor.setup()
    for session, symbol, expected in [("2012-05-17", "FB", 0), ("2012-05-18", "FB", 1), ("2012-05-17", "IBM", 1)]:
        rows = assets.raw_trades(at(f"{session}|{symbol}"), vendor)
        assert len(rows) == expected
        assert checks.no_missing_session(at(f"{session}|{symbol}"), rows).passed
    assert not checks.no_missing_session(at("2012-05-18|FB"), []).passed


def test_a_correction_takes_the_place_of_the_history(tmp_path):
    (tmp_path / "2013-01-14.csv").write_text(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n")
    vendor = Vendor(corrections=tmp_path)
    vendor.setup()
    assert vendor.rows("2013-01-14", "IBM") == [ROW]
    assert vendor.rows("2013-01-14", "AAPL")[0]["symbol"] == "AAPL"
    assert vendor.rows("2013-01-15", "IBM") != [ROW]


def test_a_return_is_counted_from_the_session_before_and_a_first_session_has_none():
    read = {
        "2013-01-11|FB": [],
        "2013-01-11|IBM": [trade("IBM", "2013-01-11", 100.0)],
        "2013-01-14|FB": [trade("FB", "2013-01-14", 30.0)],
        "2013-01-14|IBM": [trade("IBM", "2013-01-14", 110.0)],
    }
    made = assets.daily_metrics(at("2013-01-14"), read)
    assert made.select("symbol", "daily_return").rows() == [("FB", None), ("IBM", pytest.approx(0.1))]


def test_the_checks_of_prices_fail_where_they_should():
    wrong = trade("IBM", "2013-01-14", -1.0)
    assert not checks.no_negative_price([wrong])
    assert checks.high_is_at_least_low([wrong])
    assert not checks.high_is_at_least_low([assets.Trade(wrong.session, "IBM", 2.0, 1.0, 3.0, 2.0, 1)])
    assert checks.no_negative_price([])


def test_a_month_that_lacks_a_session_of_the_exchange_is_told():
    whole = pl.DataFrame({"symbol": ["AAPL", "FB", "GOOG", "IBM", "MSFT"], "sessions": [19] * 5})
    assert checks.every_session_counts(at("2013-02"), whole).passed
    short = whole.with_columns(pl.when(pl.col("symbol") == "IBM").then(18).otherwise(19).alias("sessions"))
    found = checks.every_session_counts(at("2013-02"), short)
    assert not found.passed
    assert found.metadata["expected where wrong"] == {"IBM": 19}
