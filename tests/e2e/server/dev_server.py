"""`weft dev` as a newcomer starts it: a process of its own in a folder, spoken to over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

WEFT = (sys.executable, "-m", "weft")
PATIENCE = 120.0


class Dev:
    """A server that runs, and the events that it told since."""

    def __init__(self, process: subprocess.Popen[str], url: str, folder: Path) -> None:
        self.process, self.url, self.folder = process, url, folder
        self.token = (folder / ".weft" / "token").read_text().strip()
        self.client = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {self.token}"}, timeout=PATIENCE
        )
        self.seen: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._listening = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        assert self._listening.wait(PATIENCE)

    def _listen(self) -> None:
        last = "0"
        with contextlib.suppress(httpx.HTTPError, RuntimeError):  # the server has ended, or the client was closed
            while True:  # who falls behind is hung up on, and goes on from what it saw
                with self.client.stream("GET", f"/events?after={last}", timeout=None) as answer:
                    assert answer.status_code == 200, answer.read()
                    self._listening.set()
                    for line in answer.iter_lines():
                        field, _, value = line.partition(": ")
                        if field == "id":
                            last = value
                        elif field == "data" and "type" in (told := json.loads(value)):
                            with self._changed:
                                self.seen.append(told)
                                self._changed.notify_all()

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], count: int = 1) -> list[dict[str, Any]]:
        """The first events that are wanted, once there are so many."""
        found: list[dict[str, Any]] = []
        looked, end = 0, time.monotonic() + PATIENCE
        with self._changed:
            while True:
                found += [each for each in self.seen[looked:] if wanted(each)]
                looked = len(self.seen)
                if len(found) >= count:
                    return found
                arrived = self._changed.wait(max(end - time.monotonic(), 0.0))
                last = [each["type"] for each in self.seen][-40:]
                assert arrived or looked < len(self.seen), f"{len(found)} of {count} came; seen: {last}"

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        answer = self.client.post(path, json=body if body is not None else {})
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def kill_all(self) -> None:
        """`kill -9` for the server and every process below it at once."""
        for pid in family(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


def family(pid: int) -> list[int]:
    """A process and all below it, the lowest last."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(each.name))
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop(0)
        found.append(current)
        waiting += children.get(current, [])
    return found


@contextlib.contextmanager
def dev(folder: Path, *arguments: str, command: str = "dev") -> Iterator[Dev]:
    """Run `weft dev` in a folder, until the end of the block."""
    with (folder / "dev.err").open("a+") as errors:
        process = subprocess.Popen(
            [*WEFT, command, "--port", "0", *arguments],
            cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        running = None
        try:
            assert process.stdout is not None
            url = ""
            for line in process.stdout:
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
                if found:
                    url = found[0]
                    break
            errors.seek(0)
            assert url, errors.read()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            running = Dev(process, url, folder)
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)
            if running is not None:
                running.client.close()


def weft(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run a command of weft in a folder; returns what it printed."""
    done = subprocess.run(
        [*WEFT, *arguments], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def project(folder: Path, source: str, settings: str = "") -> Path:
    """Make a project of one file of definitions."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "definitions.py").write_text(source)
    (folder / "weft.toml").write_text(f'definitions = "definitions.py"\n{settings}')
    return folder


def until(holds: Callable[[], bool], told: str) -> None:
    """Look again and again for what no event tells."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, told
        time.sleep(0.05)
