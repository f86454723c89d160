"""10,000 partitions of one asset from the shell, each value stored; and what it costs to plan them."""

from __future__ import annotations

import json

import measuring

COUNT = 10_000
SOURCE = f"""
from weft import Context, StaticPartitions, asset

@asset(partitions=StaticPartitions([f"p{{each:05d}}" for each in range({COUNT})]))
def wide(context: Context) -> int:
    return int(context.partition_key[1:])
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """Time whole processes: start of Python, loading, planning, running, storing."""
    planning: list[float] = []
    fresh: list[float] = []
    rates: dict[str, list[float]] = {"inline": [], "process": []}
    with measuring.project(SOURCE) as folder:
        measuring.shell(folder, "plan", "--json")
        for _ in range(how.runs):
            for executor in rates:
                measuring.forget(folder)
                seconds, printed = measuring.shell(folder, "plan", "--json")
                assert sum(len(step["partitions"]) for step in json.loads(printed)["steps"]) == COUNT
                planning.append(seconds * 1e3)
                seconds, _ = measuring.shell(folder, "apply", "--yes", "--executor", executor, "--jobs", "2")
                rates[executor].append(COUNT / seconds)
                seconds, printed = measuring.shell(folder, "plan", "--json")
                assert json.loads(printed)["fresh"] == COUNT
                fresh.append(seconds * 1e3)
    subject = "from_the_shell"
    return [
        measuring.Line(
            subject=subject,
            name="plan 10,000 missing partitions, from the shell",
            unit="ms",
            samples=planning,
            at_most=700,
        ),
        measuring.Line(
            subject=subject, name="plan 10,000 fresh partitions, from the shell", unit="ms", samples=fresh, at_most=700
        ),
        measuring.Line(
            subject=subject,
            name="apply 10,000 partitions, inline, from the shell",
            unit="steps/s",
            samples=rates["inline"],
            at_least=4_000,
        ),
        measuring.Line(
            subject=subject,
            name="apply 10,000 partitions, 2 processes, from the shell",
            unit="steps/s",
            samples=rates["process"],
            at_least=2_500,
        ),
    ]
