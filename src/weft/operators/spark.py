"""`spark_submit`: an application on Spark, by the `spark-submit` that is found here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from weft.connections import connection as connections
from weft.connections import registry
from weft.define import durations
from weft.model import errors
from weft.operators import defining, processes, transfers

_READ_BY_SPARK = frozenset({"file", "local", "hdfs", "http", "https"})


@defining.operator("spark", templates=("application", "args", "conf", "env", "py_files", "files", "job_name"))
def spark_submit(
    application: str,
    *,
    args: Sequence[Any] = (),
    conf: Mapping[str, Any] | None = None,
    connection: str | None = None,
    master: str | None = None,
    deploy_mode: str | None = None,
    job_name: str | None = None,
    py_files: Sequence[str] = (),
    files: Sequence[str] = (),
    jars: Sequence[str] = (),
    packages: Sequence[str] = (),
    java_class: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: durations.Duration | None = None,
) -> str:
    """Submit an application, wait for its end, and return the last line that it wrote to stdout.

    Args:
        application: a Python file or a jar: a path, or any URL of fsspec, which is fetched first where Spark itself
            does not read it.
        args: its arguments.
        conf: settings of Spark; they are passed in a file that only this user reads, since some are secret.
        connection: the name of a connection: of kind spark, which says the master; or one for the URLs.
        master: where it runs: "local[2]", "yarn", "spark://host:7077" … "local[*]" unless a connection says it.
        deploy_mode: "client" or "cluster".
        job_name: as Spark shows it.
        py_files: Python files that it imports, URLs as above.
        files: files that it reads.
        jars: jars that it needs.
        packages: jars by their Maven coordinates.
        java_class: the class in a jar to run.
        env: variables to set.
        timeout: after which it is ended.

    Raises:
        ProcessError: it failed; the message has the last lines that it wrote.
        UsageError: there is no spark-submit, or no Java.
        TimeoutError: it took too long.
    """
    found = registry.get(connection) if connection is not None else None
    program = _program()
    with tempfile.TemporaryDirectory(prefix="weft-spark-") as folder:
        place = Path(folder)
        arguments = [program, "--master", master or _master(found)]
        settings = {**_settings_of(found), **{name: str(value) for name, value in (conf or {}).items()}}
        if settings:
            properties = place / "spark.properties"
            properties.touch(mode=0o600)
            properties.write_text(
                "".join(f"{name} {_escaped(value)}\n" for name, value in settings.items()), encoding="utf-8"
            )
            arguments += ["--properties-file", str(properties)]
        for option, value in (("--deploy-mode", deploy_mode), ("--name", job_name), ("--class", java_class)):
            if value is not None:
                arguments += [option, value]
        remote = connection if found is not None and found.kind.family == "files" else None
        for option, several in (("--py-files", py_files), ("--files", files), ("--jars", jars)):
            if several:
                arguments += [option, ",".join(_fetched(each, remote, place) for each in several)]
        if packages:
            arguments += ["--packages", ",".join(packages)]
        arguments += [_fetched(application, remote, place), *map(str, args)]
        finished = processes.run(
            arguments,
            env=_environment(env, local=(master or _master(found)).startswith("local")),
            timeout=None if timeout is None else durations.seconds(timeout, what="timeout"),
        )
    if finished.code != 0:
        raise processes.failed(f"Spark's application {application}", finished)
    return finished.last_line


def _program() -> str:
    home = os.environ.get("SPARK_HOME")
    candidates = [Path(home) / "bin" / "spark-submit"] if home else []
    candidates.append(Path(sys.executable).parent / "spark-submit")
    package = importlib.util.find_spec("pyspark")
    if package is not None and package.submodule_search_locations:
        candidates.append(Path(package.submodule_search_locations[0]) / "bin" / "spark-submit")
    for each in candidates:
        if each.is_file():
            return str(each)
    program = shutil.which("spark-submit")
    if program is None:
        raise errors.UsageError(
            "There is no spark-submit: neither in SPARK_HOME, nor with this Python, nor on PATH.",
            remedy="Set SPARK_HOME, or install it with: pip install 'weft[spark]'.",
        )
    return program


def _environment(given: Mapping[str, str] | None, *, local: bool) -> dict[str, str]:
    env = processes.environment(given)
    if shutil.which("java", path=env.get("PATH")) is None and "JAVA_HOME" not in env:
        raise errors.UsageError(
            "Spark needs Java, and there is none here.",
            remedy="Install a Java runtime (17 or newer), or set JAVA_HOME.",
        )
    env.setdefault("PYSPARK_PYTHON", sys.executable)
    env.setdefault("PYSPARK_DRIVER_PYTHON", env["PYSPARK_PYTHON"])
    if local:
        env.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return env


def _master(found: connections.Connection | None) -> str:
    if found is None or found.type != "spark":
        return "local[*]"
    given = found.extra.get("master")
    if given:
        return str(given)
    return f"spark://{found.host}:{found.effective_port}" if found.host else "local[*]"


def _settings_of(found: connections.Connection | None) -> dict[str, str]:
    """The settings in a Spark connection: its `extra`, whose names begin with `spark.`."""
    if found is None or found.type != "spark":
        return {}
    return {name: str(value) for name, value in found.extra.items() if name.startswith("spark.")}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _fetched(url: str, connection: str | None, folder: Path) -> str:
    """The file's path here, or its URL where Spark reads that itself."""
    protocol = url.partition("://")[0] if "://" in url else "file"
    if protocol in _READ_BY_SPARK:
        path = url.removeprefix("file://") if protocol == "file" else url
        if protocol == "file" and not Path(path).exists():
            raise FileNotFoundError(f"There is no file {path}.")
        return path
    side = transfers.side(url, connection, "application", explicit=False)
    target = folder / url.rstrip("/").rpartition("/")[2]
    side.filesystem.get_file(side.path, str(target))
    return str(target)
