"""What runs calls of tasks in the bodies of assets is imported with the first call, and not before."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys

from weft.define import tasks
from weft.ports import caller, executor
from weft.worker import execute, late_caller

PARTS = "weft.worker.tasks.nested"
tried = []

@tasks.task(retries=1)
def double(n: int) -> int:
    tried.append(n)
    if len(tried) == 1:
        raise ValueError("luck")
    return 2 * n

given = late_caller.LateCaller(
    executor.Assignment(
        id=1, run="r1", step="a", partition=None, attempt=1, tag="t", code="", outputs=("a",), inputs=()
    )
)
caller.current.set(given)
assert caller.current.get().run_id == "r1"
assert PARTS not in sys.modules, "it was imported before any call"
assert double("4") == 8
assert tried == [4, 4], tried
assert PARTS in sys.modules
"""


def test_it_is_there_from_the_first_call_on() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
