"""The data vendor: rows of text, as delivered, with corrections that arrive later."""

import csv
from pathlib import Path
from typing import Any

import pydantic

from trading.partitions import SYMBOLS
from weft import Resource

PROJECT = Path(__file__).resolve().parents[1]
Row = dict[str, str]


class Vendor(Resource):
    """Delivers rows: the history of the package `bokeh_sampledata`, and in its place what a correction says.

    A correction is a file `<session>.csv` with the same columns, in the folder `corrections`.
    """

    corrections: Path = PROJECT / "corrections"

    _history: dict[tuple[str, str], list[Row]] = pydantic.PrivateAttr(default_factory=dict)

    def setup(self) -> None:
        """Read the history, once in each process."""
        from bokeh_sampledata import stocks

        for symbol in SYMBOLS:
            columns: dict[str, list[Any]] = getattr(stocks, symbol)
            for values in zip(*columns.values(), strict=True):
                row = {"symbol": symbol, **dict(zip(columns, map(str, values), strict=True))}
                self._history.setdefault((row["date"], symbol), []).append(row)

    def rows(self, session: str, symbol: str) -> list[Row]:
        """Return what the vendor has of a symbol on a session: one row, or none before it was listed."""
        correction = self.corrections / f"{session}.csv"
        if correction.exists():
            with correction.open(newline="") as file:
                corrected = [row for row in csv.DictReader(file) if row["symbol"] == symbol]
            if corrected:
                return corrected
        return self._history.get((session, symbol), [])

    def sessions(self, symbol: str) -> list[str]:
        """Return the sessions of which the vendor's history has a row of a symbol, in their order."""
        return sorted(session for session, of in self._history if of == symbol)
