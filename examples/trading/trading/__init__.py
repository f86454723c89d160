"""Daily prices of five US stocks: from a vendor's rows to a monthly report. `assets` is the place to start."""
