"""What the peers take for the same, as it was measured once (`peers.json`): for information, beside weft's own."""

from __future__ import annotations

import json
from pathlib import Path

import measuring

_ROWS = json.loads((Path(__file__).parent / "peers.json").read_text())["rows"]


def lines(subject: str, workload: str) -> list[measuring.Line]:
    """The peers' figures for a workload: milliseconds an item, or a whole start from the shell."""
    found = []
    for row in _ROWS:
        if row["workload"] == workload:
            items = row["items"] or 1
            each = [seconds / items * 1e3 for seconds in row["seconds"]]
            wide = workload == "wide"
            found.append(
                measuring.Line(
                    subject=subject,
                    name=f"  {row['peer']} {row['version']}: {row['what']}",
                    unit="tasks/s" if wide else "ms",
                    samples=[1e3 / value for value in each] if wide else each,
                    note="measured earlier",
                )
            )
    return found
