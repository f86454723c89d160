"""365 daily partitions of three assets from a cold shell."""

from __future__ import annotations

import measuring

SOURCE = """
from weft import Context, DailyPartitions, asset

days = DailyPartitions(start_date="2023-01-01", end_date="2024-01-01")

@asset(partitions=days)
def raw(context: Context) -> int:
    return int(context.partition_key[-2:])

@asset(partitions=days)
def processed(raw: int) -> int:
    return raw * 2

@asset(partitions=days)
def metrics(processed: int) -> dict[str, int]:
    return {"value": processed}
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """Whole processes, with the executor that is the default and inline."""
    lines = []
    with measuring.project(SOURCE) as folder:
        measuring.shell(folder, "plan")
        for name, arguments in (("default executor", ()), ("inline", ("--executor", "inline"))):
            samples = []
            for _ in range(how.runs):
                measuring.forget(folder)
                samples.append(measuring.shell(folder, "apply", "--yes", *arguments)[0] * 1e3)
            lines.append(
                measuring.Line(
                    subject="days",
                    name=f"365 daily partitions x 3 assets, cold, {name}",
                    unit="ms",
                    samples=samples,
                    at_most=1_500,
                )
            )
    return lines
