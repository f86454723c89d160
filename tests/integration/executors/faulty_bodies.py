"""Bodies that do what bodies must not; a partition key names the pipe by which one tells that it has begun."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weft.define import bodies
from weft.executors import process, settings
from weft.model import graph
from weft.storage import typed
from weft.testing import executor_conformance as conformance


def tell(context, text: str) -> None:
    Path(context.partition_key).write_text(text)


def segfaults(context):
    print("last words", flush=True)
    os.write(2, b"from the descriptor\n")
    ctypes.string_at(0)


def leaves(context):
    os._exit(3)


def leaves_as_if_well(context):
    os._exit(0)


def kills_itself(context):
    os.kill(os.getpid(), signal.SIGKILL)


def closes_all_descriptors(context):
    os.closerange(3, 4096)
    return 1


def tells_pid_and_waits(context):
    tell(context, str(os.getpid()))
    threading.Event().wait()


def hangs_in_c(context):
    """Lock a lock twice below Python's signal handling, holding the interpreter: only a kill ends this."""
    lock = ctypes.create_string_buffer(256)
    held = ctypes.PyDLL(None)
    held.pthread_mutex_lock(lock)
    held.pthread_mutex_lock(lock)


def hangs_in_c_telling(context):
    tell(context, str(os.getpid()))
    hangs_in_c(context)


def swallows_cancellation(context):
    while True:
        try:
            threading.Event().wait()
        except BaseException:
            continue


def starts_children_and_waits(context):
    """Start a child in the group, one in a session of its own, and a fork; tell all ids with one's own."""
    near = subprocess.Popen(["sleep", "1000"])
    far = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    forked = os.fork()
    if forked == 0:
        signal.pause()
    tell(context, f"{os.getpid()} {near.pid} {far.pid} {forked}")
    threading.Event().wait()


def starts_a_child_and_crashes(context):
    near = subprocess.Popen(["sleep", "1000"])
    tell(context, str(near.pid))
    os._exit(9)


def forks_and_returns(context):
    return 1 if os.fork() else 2


def prints_much(context):
    """Print 100 MB in lines."""
    line = "x" * 9_999
    for _ in range(10_000):
        print(line)


def writes_much(context):
    """Write 100 MB to descriptor 1, past Python."""
    block = b"y" * 1_000_000
    for _ in range(100):
        os.write(1, block)


def tells_secret(context):
    secret = "hunter2-hunter2"
    print("python", secret)
    os.write(1, b"descriptor hunter2-hun")
    os.write(1, b"ter2\n")
    subprocess.run(["echo", "child", secret], check=True)
    raise ValueError(f"cannot log in with {secret}")


def talks_below_python(context):
    os.write(1, b"descriptor\n")
    subprocess.run(["sh", "-c", "echo child; echo child error >&2"], check=True)


def reads_stdin(context):
    return sys.stdin.read()


def quick(context):
    return context.partition_key


def tells_its_pid(context):
    return os.getpid()


_BODIES = [
    segfaults, leaves, leaves_as_if_well, kills_itself, closes_all_descriptors, tells_pid_and_waits, hangs_in_c,
    hangs_in_c_telling, swallows_cancellation, starts_children_and_waits, starts_a_child_and_crashes, forks_and_returns,
    prints_much, writes_much, tells_secret, talks_below_python, reads_stdin, quick, tells_its_pid,
]  # fmt: skip


def definitions(root: str) -> bodies.BuiltDefinitions:
    made = {
        each.__name__: bodies.StepBody(
            key=each.__name__, function=each, parameters=bodies.Parameters(context="context")
        )
        for each in _BODIES
    }
    return bodies.BuiltDefinitions(
        graph=graph.Graph(
            assets={name: graph.Asset(key=name, step=name) for name in made},
            steps={name: graph.Step(key=name, outputs=(name,), code=f"c1:{name}") for name in made},
        ),
        bodies=made,
        io_managers={"default": typed.TypedStorage(root, durable=False)},
    )


def broken_definitions() -> bodies.BuiltDefinitions:
    raise RuntimeError("the source is gone")


def make(folder: Path, **options) -> process.ProcessExecutor:
    root = str(folder / "values")
    loader = settings.Loader(reference="faulty_bodies:definitions", arguments={"root": root})
    given = {"jobs": 2, "loader": loader, "logs_folder": folder / "logs", "grace": 0.2, **options}
    return process.ProcessExecutor(definitions(root), **given)


@contextmanager
def started(folder: Path, **options) -> Iterator[process.ProcessExecutor]:
    running = make(folder, **options)
    running.start()
    try:
        yield running
    finally:
        running.close()


def text_of(folder: Path, log) -> str:
    return (folder / "logs" / log.file).read_bytes()[log.start : log.end].decode()


drive, assignment = conformance.drive, conformance.assignment
