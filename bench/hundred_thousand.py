"""A plan of 100,000 steps: how long from the shell until its first body runs, and the driver's memory by then."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import measuring

COUNT = 100_000
SOURCE = f"""
import time
from pathlib import Path
from weft import Context, StaticPartitions, asset

@asset(partitions=StaticPartitions([f"p{{each:06d}}" for each in range({COUNT})]))
def wide(context: Context) -> int:
    if context.partition_key == "p000000":
        moment = time.monotonic()
        waiting = Path(__file__).with_name("first.tmp")
        waiting.write_text(str(moment))
        waiting.rename(Path(__file__).with_name("first"))
        time.sleep(600)
    return 1
"""


def measure(how: measuring.How) -> list[measuring.Line]:
    """The first body writes down when it ran, and waits; the driver's peak memory is read, the process ended."""
    lines = []
    with measuring.project(SOURCE) as folder:
        measuring.shell(folder, "ls")
        for executor in ("process", "inline"):
            samples = [_first_body(folder, executor) for _ in range(how.runs)]
            lines += [
                measuring.Line(
                    subject="hundred_thousand",
                    name=f"100,000 steps: first body running, {executor}",
                    unit="ms",
                    samples=[seconds * 1e3 for seconds, _ in samples],
                    at_most=2_000,
                    note="from the start of the process",
                ),
                measuring.Line(
                    subject="hundred_thousand",
                    name=f"  peak memory of the driver by then, {executor}",
                    unit="MB",
                    samples=[megabytes for _, megabytes in samples],
                    at_most=200,
                ),
            ]
    return lines


def _first_body(folder: Path, executor: str) -> tuple[float, float]:
    measuring.forget(folder)
    first = folder / "first"
    first.unlink(missing_ok=True)
    begun = time.monotonic()
    process = subprocess.Popen(
        [*measuring.WEFT, "apply", "--yes", "--executor", executor, "--jobs", "2"],
        cwd=folder,
        env=measuring.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not first.exists():
            if process.poll() is not None or time.monotonic() - begun > 120:
                raise RuntimeError("weft apply ended before its first body ran")
            time.sleep(0.005)
        status = Path(f"/proc/{process.pid}/status").read_text()
        return float(first.read_text()) - begun, int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
    finally:
        process.kill()
        process.wait()
