"""What a run left behind whose driver died."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from weft.testing.project import TemporaryProject

SOURCE = """
    import os, signal

    days = DailyPartitions(start_date="2024-01-01", end_date="2024-01-05")

    @asset(partitions=days)
    def raw(context) -> int:
        if "DIE" in os.environ and context.partition_key == "2024-01-03":
            os.kill(os.getpid(), signal.SIGKILL)
        return 1
"""


def test_what_a_dead_run_held_is_missing_and_not_running(tmp_path: Path) -> None:
    project = TemporaryProject(tmp_path)
    project.define(SOURCE)
    command = [sys.executable, "-m", "weft", "-f", "definitions.py", "apply", "--yes", "--executor", "inline"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "DIE": "1"}, capture_output=True, check=False)
    assert done.returncode < 0
    planned = project.plan()
    assert planned.running == []
    assert [step.status for step in planned.steps] == ["missing"]
