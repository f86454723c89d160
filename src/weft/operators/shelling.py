"""`shell`: a command, as text for bash or as a program with its arguments."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Literal

from weft.define import durations, signals
from weft.model import errors
from weft.operators import defining, processes

Result = Literal["last_line", "text", "lines", "none"]


@defining.operator("shell", templates=("command", "env", "cwd"))
def shell(
    command: str | Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    inherit_env: bool = True,
    cwd: str | None = None,
    timeout: durations.Duration | None = None,
    result: Result = "last_line",
    skip_on_exit_code: int | Sequence[int] | None = 99,
) -> str | list[str] | None:
    """Run a command; its output goes to the log line by line.

    Args:
        command: text, which bash runs (`bash -c`), or a list of a program and its arguments, which nothing interprets.
        env: variables to set, besides this process's own unless `inherit_env` is False.
        inherit_env: whether the command sees this process's environment.
        cwd: the folder that it runs in; this process's unless given.
        timeout: after which it and all that it started are ended.
        result: what is returned of stdout: the last line that is not blank, the whole text, its lines, or nothing.
        skip_on_exit_code: exit codes that mean that the task is skipped.

    Raises:
        ProcessError: it ended with another exit code than 0; the message has the last lines that it wrote.
        TimeoutError: it took too long.
        Skip: it ended with a code of `skip_on_exit_code`.
        UsageError: there is no such program, or an argument is wrong.
    """
    if result not in ("last_line", "text", "lines", "none"):
        raise errors.UsageError(f"shell: result is {result!r}.", remedy="Write last_line, text, lines or none.")
    arguments = ["bash", "-c", command] if isinstance(command, str) else [str(each) for each in command]
    if not arguments or not arguments[-1 if isinstance(command, str) else 0].strip():
        raise errors.UsageError("shell: the command is empty.", remedy='Write command="…".')
    finished = processes.run(
        arguments,
        cwd=cwd,
        env=processes.environment(env, inherit=inherit_env),
        timeout=None if timeout is None else durations.seconds(timeout, what="timeout"),
        keep=result in ("text", "lines"),
    )
    skipping = (skip_on_exit_code,) if isinstance(skip_on_exit_code, int) else tuple(skip_on_exit_code or ())
    if finished.code in skipping and finished.code != 0:
        raise signals.Skip(f"the command ended with exit code {finished.code}")
    if finished.code != 0:
        raise processes.failed(f"`{_short(command)}`", finished)
    match result:
        case "last_line":
            return finished.last_line
        case "text":
            return finished.text
        case "lines":
            return finished.text.split("\n") if finished.text else []
    return None


def _short(command: str | Sequence[str]) -> str:
    text = command if isinstance(command, str) else shlex.join(command)
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
