"""Results of checks are paged along an index, in order, also of chosen partitions and of those that failed."""

from __future__ import annotations

from pathlib import Path

from weft.model import events, stored
from weft.stores import sqlite

KEYS = [f"k{number:03}" for number in range(600)]


def filled(path: Path) -> sqlite.SqliteLedger:
    ledger = sqlite.SqliteLedger(path)
    value = stored.StoredValue(format="none", data_version="t:1")
    ledger.append(
        [
            events.StepSucceeded(
                run="r1",
                step="a",
                partition=key,
                outputs=(
                    events.Materialization(
                        asset="a",
                        value=value,
                        checks=tuple(
                            events.CheckResult(name=name, passed=number % 7 != 0 or name == "rows")
                            for name in ("nulls", "rows")
                        ),
                    ),
                ),
            )
            for number, key in enumerate(KEYS)
        ]
    )
    return ledger


def walked(ledger: sqlite.SqliteLedger, keys: list[str] | None, *, failed: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while page := ledger.check_page("a", keys, limit=37, after=found[-1] if found else None, failed=failed):
        assert len(page) <= 37
        found += [(row.key, row.name) for row in page]
    return found


def test_pages_together_are_all_results_once_and_in_order(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.db")
    every = [(row.key, row.name) for row in ledger.checks("a")]
    assert len(every) == 1200
    assert walked(ledger, None, failed=False) == every
    failed = [(row.key, row.name) for row in ledger.checks("a") if not row.passed]
    assert walked(ledger, None, failed=True) == failed != []
    chosen = KEYS[550:] + KEYS[:520]
    assert walked(ledger, chosen, failed=True) == [each for each in failed if each[0] in chosen]
    ledger.close()


def test_the_newest_versions_and_failed_checks_are_found_by_an_index(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.db")
    steps = [
        row[3]
        for statement in (
            "SELECT id FROM version v WHERE asset = 'a' AND v.state <> 'removed' AND id < 9 ORDER BY id DESC LIMIT 5",
            "SELECT name FROM check_result WHERE asset = 'a' AND passed = 0 ORDER BY key, name LIMIT 5",
        )
        for row in ledger._connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert not any("TEMP B-TREE" in each for each in steps), steps
    assert any("version_by_age" in each for each in steps), steps
    assert any("check_result_failed" in each for each in steps), steps
    ledger.close()
