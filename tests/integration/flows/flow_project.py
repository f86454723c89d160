"""A script with flows, run as processes of their own by the tests of resuming and of worker processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from weft import flow, task

HERE = Path(__file__).parent


def _note(text: str) -> None:
    with (HERE / "notes.txt").open("a") as file:
        file.write(text + "\n")


@task
def extract(number: int) -> list[int]:
    """One call that leaves a note each time that its body runs."""
    _note(f"extract {number}")
    return [number]


@task
def transform(values: list[int]) -> int:
    _note(f"transform {values}")
    return sum(values)


@task
def die(when: str) -> str:
    """Kill the process unless a file says that it is not to."""
    _note(f"die {when}")
    if not (HERE / "alive").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return when


@flow
def inner(number: int) -> int:
    found = transform(extract(number))
    die("inside")
    return found


@flow
def mortal(start: int) -> list[int]:
    found = extract(start)
    parts = transform.map([found, [10], [20]]).result()
    deep = inner(7)
    return [*parts, deep]


@task
def count(number: int) -> int:
    """Leave a note, and kill the process where the file `kill` says so: before or after the note."""
    kill = HERE / "kill"
    when = kill.read_text().split() if kill.exists() else []
    if when and int(when[0]) == number:
        kill.unlink()
        if when[1] == "after":
            _note(f"count {number}")
        os.kill(os.getpid(), signal.SIGKILL)
    _note(f"count {number}")
    return number


@flow
def counting(to: int) -> int:
    found = [count(number) for number in range(to)]
    beside = count.map([to, to + 1])
    return sum(found) + sum(beside.result()) + count.submit(to + 2, wait_for=beside).result()


@task
def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


@flow(executor="process", max_workers=2)
def squares(count: int) -> list[int]:
    found = square.map(list(range(count))).result()
    assert os.getpid() not in {pid for _, pid in found}
    return [each for each, _ in found]


@task(executor="process", retries=1, retry_delay=0)
def fragile(name: str) -> str:
    """End the worker process the first time."""
    mark = HERE / f"{name}.died"
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return name


@task(executor="process")
def wrong(number: int) -> None:
    raise ValueError(f"wrong {number}")


@flow
def failures() -> list[str]:
    found = [fragile("a"), *fragile.map(["b"]).result()]
    try:
        wrong(3)
    except ValueError as error:
        found.append(str(error))
    return found


@flow
def long() -> None:
    _note("long began")
    try:
        time.sleep(60)
    finally:
        _note("long ended")


if __name__ == "__main__":
    print(globals()[sys.argv[1]](*map(int, sys.argv[2:])))
