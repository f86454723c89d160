"""A flow's run that is asked for again and waits in the queue keeps what succeeded."""

from __future__ import annotations

import subprocess
import sys

FLOWS = """
    HERE = Path(__file__).parent

    @task
    def step(n: int) -> int:
        with (HERE / "journal").open("a") as journal:
            journal.write(f"{n}\\n")
        if n == 2 and (HERE / "broken").exists():
            raise ValueError("two")
        return n

    @flow
    def counted(most: int = 2) -> int:
        return sum(step(n) for n in range(1, most + 1))
"""

ASK = """
import sys
from pathlib import Path
from weft import wiring
from weft.service.pipeline import pipelines
from weft.service.queue import queueing

world = wiring.open_world(wiring.Place(start=Path.cwd(), file=None, module=None))
wanted = pipelines.Wanted(pipeline="counted", rerun_of=sys.argv[1], keep=("--from-failed",), pool="default")
print(queueing.request_run(world, wanted).id)
"""


def test_a_queued_rerun_of_a_flow_keeps_what_succeeded(project):
    project.define(FLOWS)
    (project.folder / "broken").touch()
    failed = project.weft("run", "counted", "--pool", "default", "--json")
    assert failed.code == 0
    project.weft("worker", "start", "--pool", "default", "--until-idle")
    (project.folder / "broken").unlink()
    first = failed.json["run"]
    (row,) = project.ok("runs", "--json").json
    assert (row["id"], row["outcome"]) == (first, "failed")
    command = [sys.executable, "-c", ASK, first]
    again = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=True).stdout.strip()
    project.ok("worker", "start", "--pool", "default", "--until-idle")
    detail = project.ok("runs", again, "--json").json
    assert (detail["run"]["outcome"], detail["run"]["rerun_of"]) == ("succeeded", first)
    assert (project.folder / "journal").read_text().split() == ["1", "2", "2"]
