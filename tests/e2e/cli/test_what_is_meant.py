"""Command lines that ask for something else than their words say: the error names the command that is meant."""

from __future__ import annotations

import pytest


@pytest.fixture
def daily(project):
    project.define("""
        from datetime import datetime

        @asset
        def src():
            return 1

        refresh = job("refresh", selection="*")

        @task
        def t():
            return 1

        @dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 1, 5), catchup=True)
        def nightly():
            t()

        @flow
        def summing(count: int = 3) -> int:
            return count
    """)
    return project


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["run", "nightly", "-p", "2024-01-01..2024-01-03"], "`weft backfill nightly 2024-01-01..2024-01-03`"),
        (["backfill", "nightly", "2024-01-01", "2024-01-03"], "A range is one argument: 2024-01-01..2024-01-31."),
        (["plan", "src", "nightly"], "A selection is one argument: 'this or that'."),
        (["plan", "refresh"], "Select what it selects: job:refresh; or run it: `weft run refresh`."),
        (["run", "summing", "--param", "count=x"], "'count'"),
    ],
)
def test_a_command_line_that_means_another_is_wrong_usage_and_names_it(daily, command, told):
    result = daily.weft(*command)
    assert result.code == 2, result
    assert told in result.err
    assert daily.ok("runs", "--json").json == []
