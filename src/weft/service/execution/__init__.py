"""Executions: a plan, or a backfill, that a scheduler carries out in as many runs as it takes."""
