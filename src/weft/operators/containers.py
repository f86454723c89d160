"""`docker_run`: a command in a container, by the `docker` (or `podman`) program that is found here."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from typing import Literal

from weft.connections import registry
from weft.define import durations, signals
from weft.model import errors
from weft.operators import defining, processes

_DAEMON_FAILED = 125


@defining.operator("docker", templates=("image", "command", "env", "volumes", "name"))
def docker_run(
    image: str,
    command: str | Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    volumes: Mapping[str, str] | None = None,
    working_dir: str | None = None,
    user: str | None = None,
    network: str | None = None,
    memory: str | None = None,
    cpus: float | None = None,
    entrypoint: str | None = None,
    pull: Literal["missing", "always", "never"] = "missing",
    name: str | None = None,
    connection: str | None = None,
    timeout: durations.Duration | None = None,
    result: Literal["last_line", "text", "none"] = "last_line",
    skip_on_exit_code: int | None = 99,
) -> str | None:
    """Run a command in a container that is removed afterwards; its output goes to the log line by line.

    Args:
        image: the image.
        command: what runs in it: a program with its arguments, or text for its shell; the image's own unless given.
        env: variables to set within; their values do not show in the list of processes.
        volumes: folders of this machine by where they are within ("/data:ro" for one that can't be written).
        working_dir: where the command runs.
        user: as whom.
        network: which network it has; "none" for none.
        memory: how much it may use, such as "2g".
        cpus: how many it may use.
        entrypoint: in place of the image's.
        pull: whether the image is fetched.
        name: the container's name; one of its own unless given.
        connection: the name of a connection of kind docker, which says where the daemon is.
        timeout: after which it is ended.
        result: what is returned of its stdout.
        skip_on_exit_code: the exit code that means that the task is skipped.

    Raises:
        ProcessError: it ended with an exit code that is not 0.
        UsageError: there is no docker here, or its daemon does not answer.
        Skip: it ended with `skip_on_exit_code`.
    """
    program = shutil.which("docker") or shutil.which("podman")
    if program is None:
        raise errors.UsageError("There is no docker or podman on PATH.", remedy="Install one, or set PATH.")
    base = [program, *_daemon(connection)]
    called = name or f"weft-{uuid.uuid4().hex[:12]}"
    arguments = [*base, "run", "--rm", "--init", "--name", called, "--pull", pull]
    for variable in env or {}:
        arguments += ["--env", variable]  # the value comes from the environment of the program
    for outside, within in (volumes or {}).items():
        arguments += ["--volume", f"{outside}:{within}"]
    for option, value in (
        ("--workdir", working_dir), ("--user", user), ("--network", network), ("--memory", memory), ("--cpus", cpus),
        ("--entrypoint", entrypoint),
    ):  # fmt: skip
        if value is not None:
            arguments += [option, str(value)]
    words = ["sh", "-c", command] if isinstance(command, str) and command else list(command)
    try:
        finished = processes.run(
            [*arguments, image, *words],
            env=processes.environment(env),
            timeout=None if timeout is None else durations.seconds(timeout, what="timeout"),
            keep=result == "text",
        )
    except BaseException:
        # the program may have been killed before it could end the container
        subprocess.run([*base, "rm", "--force", called], capture_output=True, timeout=30, check=False)  # noqa: S603
        raise
    if finished.code == 0:
        return {"last_line": finished.last_line, "text": finished.text}.get(result)
    if finished.code == skip_on_exit_code:
        raise signals.Skip(f"the container ended with exit code {finished.code}")
    tail = " ".join(finished.tail)
    if finished.code == _DAEMON_FAILED and ("daemon" in tail or "connect" in tail):
        raise errors.UsageError(
            f"The Docker daemon does not answer: {tail[-300:]}",
            remedy="Start it, or give connection= of kind docker, or set DOCKER_HOST.",
        )
    raise processes.failed(f"The container of {image}", finished)


def _daemon(connection: str | None) -> list[str]:
    if connection is None:
        return []
    found = registry.get(connection)
    if found.type != "docker":
        raise errors.UsageError(
            f"The connection {connection!r} is of the kind {found.type!r}.", remedy="Use one of the kind docker."
        )
    if found.host:
        return ["--host", f"tcp://{found.host}:{found.port or 2375}"]
    return ["--host", f"unix:///{found.database.lstrip('/')}"] if found.database else []
