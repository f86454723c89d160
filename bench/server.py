"""`weft dev`: how soon it is ready, what it costs while idle, and how long a triggered run takes to begin and to end.

A run is triggered through HTTP over one kept connection, as a client does; the body writes the monotonic clock, which
all processes of a machine share, as its first line. A second connection listens to `/events` from before the trigger.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import measuring

SOURCE = """
import time
from weft import dag, task

@task
def stamp(place: str) -> int:
    now = time.monotonic_ns()
    with open(place, "w") as file:
        file.write(str(now))
    return now

@dag(params={"place": ""})
def quick():
    stamp("{{ params.place }}")
"""

READY_SECONDS, IDLE_SECONDS = 30.0, 10.0


def measure(how: measuring.How) -> list[measuring.Line]:
    """One server a run for the start; triggers one after another on the last one."""
    ready, memory, busy = [], [], []
    first: list[float] = []
    heard: list[float] = []
    count = 50 if how.quick else 200
    with measuring.project(SOURCE) as folder:
        for number in range(how.runs):
            shutil.rmtree(folder / ".weft", ignore_errors=True)
            with server(folder) as running:
                ready.append(running.ready * 1e3)
                if number < min(how.runs, 3):
                    time.sleep(2.0)
                    before = cpu_seconds(running.process.pid)
                    time.sleep(IDLE_SECONDS if not how.quick else 4.0)
                    spent = cpu_seconds(running.process.pid) - before
                    busy.append(100 * spent / (IDLE_SECONDS if not how.quick else 4.0))
                    memory.append(memory_mb(running.process.pid))
                if number == how.runs - 1:
                    first, heard = triggered(running, folder, count)

    def line(name: str, unit: str, samples: list[float], most: float | None) -> measuring.Line:
        return measuring.Line(subject="server", name=name, unit=unit, samples=samples, at_most=most)

    return [
        line("weft dev ready, from a cold shell", "ms", ready, 1500),
        line("weft dev idle: memory of all its processes (PSS)", "MB", memory, 150),
        line("weft dev idle: share of a core", "%", busy, 2),
        line(f"trigger by HTTP to the first line of the body, median of {count}", "ms", [statistics.median(first)], 20),
        line("  99th percentile", "ms", [statistics.quantiles(first, n=100)[98]], 80),
        line("trigger to success recorded and heard by SSE, median", "ms", [statistics.median(heard)], 100),
    ]


class Running:
    """A server that is ready, with how many seconds that took."""

    def __init__(self, process: subprocess.Popen[str], port: int, token: str, ready: float) -> None:
        self.process, self.port, self.token, self.ready = process, port, token, ready

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


@contextlib.contextmanager
def server(folder: Path, *arguments: str) -> Iterator[Running]:
    """Run `weft dev` in a folder; ready is when health answers and every location is loaded."""
    begun = time.monotonic()
    errors = (folder / "dev.err").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "weft", "dev", "--port", "0", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=measuring.environment(), bufsize=1,
    )  # fmt: skip
    try:
        port = 0
        assert process.stdout is not None
        for text in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", text)
            if found:
                port = int(found[1])
                break
        if not port:
            errors.seek(0)
            raise RuntimeError(f"weft dev did not start: {errors.read()[-4000:]}")
        threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
        token = (folder / ".weft" / "token").read_text().strip()
        running = Running(process, port, token, 0.0)
        connection = running.connection()
        while time.monotonic() - begun < READY_SECONDS:
            connection.request("GET", "/api/v1/pipelines/quick", headers=running.headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                break
            time.sleep(0.005)
        else:
            raise RuntimeError("weft dev did not become ready")
        running.ready = time.monotonic() - begun
        connection.close()
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        errors.close()


def triggered(running: Running, folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Trigger runs one after another; milliseconds to the first line of each body, and to its success being heard."""
    ended: dict[str, float] = {}
    news = threading.Condition()
    listening = running.connection()
    listening.request(
        "GET", "/api/v1/events?types=RunFinished", headers=running.headers | {"Accept": "text/event-stream"}
    )
    stream = listening.getresponse()

    def listen() -> None:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            for raw in stream:
                if raw.startswith(b"data:") and b"RunFinished" in raw:
                    now = time.monotonic()
                    run = re.search(rb'"run":\s*"([^"]+)"', raw)
                    with news:
                        ended[run[1].decode() if run else ""] = now
                        news.notify_all()

    threading.Thread(target=listen, daemon=True).start()
    connection = running.connection()
    first: list[float] = []
    heard: list[float] = []
    place = folder / "stamp"
    for number in range(count + 10):
        place.unlink(missing_ok=True)
        begun = time.monotonic()
        connection.request(
            "POST", "/api/v1/pipelines/quick/runs",
            json.dumps({"params": {"place": os.fspath(place)}}), running.headers,
        )  # fmt: skip
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 201:
            raise RuntimeError(f"{answer.status}: {body}")
        with news:
            if not news.wait_for(lambda run=body["id"]: run in ended, 30):  # type: ignore[misc]
                raise RuntimeError(f"run {body['id']} did not end")
        if number >= 10:  # the first ones warm everything up
            first.append((int(place.read_text()) / 1e9 - begun) * 1e3)
            heard.append((ended[body["id"]] - begun) * 1e3)
    connection.close()
    return first, heard


def _drain(stream: object) -> None:
    for _ in stream:  # type: ignore[attr-defined]
        pass


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found, waiting = [], [pid]
    children: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (each / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(each.name))
    while waiting:
        current = waiting.pop()
        found.append(current)
        waiting += children.get(current, [])
    return found


def cpu_seconds(pid: int) -> float:
    """Seconds of processor that a process and all below it have used."""
    ticks = 0
    for each in _family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Megabytes that a process and all below it hold, what they share counted once."""
    total = 0
    for each in _family(pid):
        with contextlib.suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024
