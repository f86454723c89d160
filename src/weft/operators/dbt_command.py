"""Running dbt: the program of whatever Python has it, and what it says that it did."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.define import durations
from weft.model import errors
from weft.operators import defining, locking, processes

EXECUTABLE_VARIABLE = "DBT_EXECUTABLE"
_BAD = frozenset({"error", "fail", "runtime error"})


class DbtError(processes.ProcessError):
    """dbt failed; the message has what it says of each model or test that did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeResult:
    """What dbt says of one node: its id ("model.shop.orders"), status, seconds, message, and rows where it tells."""

    id: str
    status: str
    seconds: float
    message: str
    rows: int | None

    @property
    def failed(self) -> bool:
        """Whether it went wrong; a test that only warns did not."""
        return self.status in _BAD


@defining.operator("dbt", templates=("command", "select", "exclude", "variables", "project_dir", "target"))
def dbt_run(
    project_dir: str,
    *,
    command: str | Sequence[str] = "build",
    select: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    variables: Mapping[str, Any] | None = None,
    profiles_dir: str | None = None,
    target: str | None = None,
    full_refresh: bool = False,
    executable: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: durations.Duration | None = None,
) -> dict[str, Any]:
    """Run dbt on a project and return what became of its nodes.

    Args:
        project_dir: the folder of dbt_project.yml.
        command: "build", "run", "test" …, or words such as ["run", "--threads", "2"].
        select: what to run, in dbt's own syntax.
        exclude: what not to.
        variables: values for its variables.
        profiles_dir: the folder of profiles.yml; the project's own if it has one.
        target: which target of the profile.
        full_refresh: whether incremental models are built anew.
        executable: the dbt program; the one in DBT_EXECUTABLE, beside this Python, or on PATH unless given.
        env: variables to set.
        timeout: after which it is ended.

    Returns:
        `results`: for each node its status, seconds and rows; `counts`: how many there are of each status.

    Raises:
        DbtError: a node failed, or dbt itself did.
        UsageError: there is no dbt, or no project.
    """
    words = command.split() if isinstance(command, str) else list(command)
    if select:
        words += ["--select", *([select] if isinstance(select, str) else select)]
    if exclude:
        words += ["--exclude", *([exclude] if isinstance(exclude, str) else exclude)]
    if variables:
        words += ["--vars", json.dumps(dict(variables))]
    if full_refresh:
        words.append("--full-refresh")
    found = invoke(
        words, project_dir=project_dir, profiles_dir=profiles_dir, target=target, executable=executable, env=env,
        timeout=timeout,
    )  # fmt: skip
    counts: dict[str, int] = {}
    for each in found:
        counts[each.status] = counts.get(each.status, 0) + 1
    results = {each.id: {"status": each.status, "seconds": each.seconds, "rows": each.rows} for each in found}
    defining.record({"dbt": counts})
    return {"results": results, "counts": counts}


def invoke(
    words: Sequence[str],
    *,
    project_dir: str | Path,
    profiles_dir: str | Path | None = None,
    target: str | None = None,
    executable: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: durations.Duration | None = None,
    say: Callable[[str], None] = defining.say,
) -> list[NodeResult]:
    """Run dbt with these words and return what it says of each node; one run of a project at a time.

    `say` is told what it writes, line by line.

    Raises:
        DbtError, UsageError: as `dbt_run`.
    """
    project = Path(project_dir).absolute()  # it is the folder that dbt runs in
    if not (project / "dbt_project.yml").is_file():
        raise errors.UsageError(
            f"{str(project)!r} is no dbt project: it has no dbt_project.yml.", remedy="Give the folder that has it."
        )
    profiles = Path(profiles_dir).absolute() if profiles_dir is not None else project
    options = ["--project-dir", str(project)]
    if profiles_dir is not None or (profiles / "profiles.yml").is_file():
        options += ["--profiles-dir", str(profiles)]
    if target is not None:
        options += ["--target", target]
    program = find(executable)
    (project / "target").mkdir(exist_ok=True)
    # two runs in one project would overwrite each other's target folder
    with locking.alone(project / "target" / ".weft.lock"):
        written = project / "target" / "run_results.json"
        before = _stamp(written)
        finished = processes.run(
            [program, "--no-use-colors", words[0], *options, *words[1:]],
            cwd=project,
            env=processes.environment({"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **(env or {})}),
            timeout=None if timeout is None else durations.seconds(timeout, what="timeout"),
            say=say,
        )
        found = _results(written) if _stamp(written) != before else []
    if finished.code != 0:
        bad = [f"{each.id}: {each.message}" for each in found if each.failed]
        told = "\n".join(bad) if bad else "\n".join(finished.tail)
        raise DbtError(f"dbt {words[0]} ended with exit code {finished.code}:\n{told}", code=finished.code)
    return found


def find(executable: str | None = None) -> str:
    """The dbt program.

    Raises:
        UsageError: there is none.
    """
    if executable is not None:
        return executable
    given = os.environ.get(EXECUTABLE_VARIABLE)
    beside = Path(sys.executable).parent / "dbt"
    found = given or (str(beside) if beside.is_file() else shutil.which("dbt"))
    if found is None:
        raise errors.UsageError(
            "There is no dbt: neither in DBT_EXECUTABLE, nor with this Python, nor on PATH.",
            remedy="Install dbt-core and the adapter of the database, into an environment of their own if they clash "
            "with others, and set DBT_EXECUTABLE to its dbt.",
        )
    return found


def _results(path: Path) -> list[NodeResult]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return [
        NodeResult(
            id=str(each["unique_id"]),
            status=str(each["status"]),
            seconds=float(each.get("execution_time") or 0.0),
            message=str(each.get("message") or ""),
            rows=_rows(each.get("adapter_response") or {}),
        )
        for each in document.get("results", ())
    ]


def _rows(response: Mapping[str, Any]) -> int | None:
    found = response.get("rows_affected")
    return int(found) if isinstance(found, int) and found >= 0 else None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_mtime_ns, facts.st_ino
