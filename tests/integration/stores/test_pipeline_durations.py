"""How long runs of a pipeline took is read from the pipeline's runs, however many runs of others succeeded."""

from __future__ import annotations

from pathlib import Path

from weft.stores import sqlite


def test_durations_are_sought_among_the_runs_of_the_pipeline(tmp_path: Path) -> None:
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
    connection = ledger._connection
    with connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
            "INSERT INTO run (id, execution, pipeline, definitions, phase, outcome, created, started, finished, steps) "
            "SELECT 'r' || i, '', iif(i = 500, 'unlucky', 'p' || (i % 5)), 'x', 'finished', "
            "iif(i = 500, 'failed', 'succeeded'), i, i, i + 2000000, 1 FROM n"
        )
    connection.execute("ANALYZE")
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    assert ledger.pipeline_durations("unlucky", limit=5) == []
    assert ledger.pipeline_durations("p1", limit=2) == [2.0, 2.0]
    connection.set_trace_callback(None)
    steps = [row[3] for each in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")]
    assert len(steps) >= 2
    assert all("USING INDEX run_by_pipeline (pipeline=?)" in each for each in steps), steps
    ledger.close()
