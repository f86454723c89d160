"""What the desk reads, by calling its functions."""

import itertools
import os
from datetime import UTC, datetime
from types import SimpleNamespace

import polars as pl
import pytest
from trading import desk, watch

from weft import RunRequest, SkipReason


def context(partition="2012-10"):
    """Stand in for the context; what is recorded is in `metadata`."""
    metadata = {}
    return SimpleNamespace(partition_key=partition, metadata=metadata, add_metadata=metadata.update)


def days(symbol, closes):
    """A symbol's metrics of sessions from the first of October on."""
    returns = [None, *(after / before - 1 for before, after in itertools.pairwise(closes))]
    sessions = [datetime(2012, 10, number + 1, tzinfo=UTC).date() for number in range(len(closes))]
    return pl.DataFrame(
        {"session": sessions, "symbol": [symbol] * len(closes), "close": closes, "daily_return": returns},
        schema={"session": pl.Date, "symbol": pl.String, "close": pl.Float64, "daily_return": pl.Float64},
    )


def report(symbol, gained):
    return pl.DataFrame({"symbol": [symbol], "monthly_return": [gained], "volatility": [0.2], "volume": [10]})


def test_the_fall_is_counted_from_the_highest_close_before_it():
    asked = context()
    found = desk.drawdowns(asked, pl.concat([days("FB", [20.0, 25.0, 15.0, 30.0]), days("IBM", [10.0, 11.0])]))
    assert found == {"FB": pytest.approx(-0.4), "IBM": 0.0}
    assert asked.metadata == {"FB": -0.4, "IBM": 0.0}


def test_a_fall_by_a_quarter_is_told_with_the_symbol():
    assert desk.no_deep_fall({"IBM": -0.1}).passed
    found = desk.no_deep_fall({"FB": -0.4, "IBM": -0.1})
    assert not found.passed
    assert found.description == "FB fell by 40%"


def test_symbols_that_move_together_correlate_and_one_that_is_not_listed_is_left_out():
    asked = context()
    closes = [10.0, 11.0, 10.5, 12.0]
    found = desk.correlations(asked, pl.concat([days("AAPL", closes), days("IBM", [2 * each for each in closes])]))
    assert found.rows() == [("AAPL", "IBM", pytest.approx(1.0))]
    assert asked.metadata["mean correlation"] == 1.0


def test_a_symbol_has_no_volatility_before_it_was_listed():
    metrics = days("IBM", [10.0, 11.0, 10.0])
    assert desk.volatility(context("2012-10|FB"), metrics) is None
    assert desk.volatility(context("2012-10|IBM"), metrics) == pytest.approx(2.1429, abs=1e-4)


def test_the_league_compounds_months_and_puts_the_best_first():
    table = desk.league_of(
        {
            "2012-01": pl.concat([report("AAPL", 0.1), report("IBM", 0.5)]),
            "2012-02": pl.concat([report("AAPL", 0.1), report("IBM", -0.5)]),
        }
    )
    assert table.select("symbol", "return", "months").rows() == [("AAPL", 0.21, 2), ("IBM", -0.25, 2)]


def test_a_week_compounds_the_days_returns():
    (move,) = desk.weekly_moves(context("2012-10-01"), days("IBM", [10.0, 11.0, 9.0])).values()
    assert move == pytest.approx(-0.1)


def test_a_correction_is_asked_for_once_and_again_when_its_file_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "CORRECTIONS", tmp_path)
    asked = SimpleNamespace(cursor=None)
    assert isinstance(watch.corrections_come(asked), SkipReason)
    file = tmp_path / "2012-10-26.csv"
    file.write_text("symbol,close\nMSFT,1\nIBM,2\nNONE,3\n")
    (request,) = watch.corrections_come(asked)
    assert isinstance(request, RunRequest)
    assert request.params == {"session": "2012-10-26"}
    assert watch.symbols_in(file) == ["IBM", "MSFT"]
    assert isinstance(watch.corrections_come(asked), SkipReason)
    os.utime(file, ns=(0, int(asked.cursor) + 1))
    (again,) = watch.corrections_come(asked)
    assert again.key != request.key
