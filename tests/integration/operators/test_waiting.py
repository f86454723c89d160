"""Waits that are called by themselves wait in their place; docker says what is missing."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from pathlib import Path

import pytest
from tests.services import WebServer, free_port

from weft.define import signals
from weft.model import errors
from weft.operators import (
    docker_run,
    wait_for_asset,
    wait_for_delta,
    wait_for_file,
    wait_for_http,
    wait_for_sql,
    wait_until,
    waiting,
)


def test_a_file_that_is_there_is_found_at_once_also_by_pattern_and_size(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("12345")
    (tmp_path / "b.csv").write_text("")
    assert wait_for_file(f"{tmp_path}/a.csv") == [f"{tmp_path}/a.csv"]
    assert wait_for_file(f"{tmp_path}/*.csv", least_size=1) == [f"{tmp_path}/a.csv"]


def test_a_file_that_comes_later_ends_the_wait(tmp_path: Path) -> None:
    timer = threading.Timer(0.2, (tmp_path / "a").touch)
    timer.start()
    assert wait_for_file(str(tmp_path / "a"), interval=0.05, timeout=30) == [str(tmp_path / "a")]
    timer.join()


def test_a_wait_in_vain_is_a_failure_without_a_retry_or_a_skip(tmp_path: Path) -> None:
    with pytest.raises(waiting.WaitTimeoutError, match=r"Waited 0:00:00\.1\d* for the file .*, in vain") as caught:
        wait_for_file(str(tmp_path / "a"), interval=0.05, timeout=0.1)
    assert isinstance(caught.value, signals.Fail)
    with pytest.raises(signals.Skip, match="in vain"):
        wait_for_file(str(tmp_path / "a"), interval=0.05, timeout=0.1, soft_fail=True)


def test_a_server_that_is_not_there_yet_or_not_ready_is_waited_for(web: WebServer) -> None:
    web.answers["/ready"] = [(503, "no"), (200, {"state": "starting"}), (200, {"state": "up"})]
    found = wait_for_http(f"{web.url}/ready", check=lambda answer: answer.json()["state"] == "up", interval=0.01)
    assert found == {"state": "up"}
    with pytest.raises(waiting.WaitTimeoutError):
        wait_for_http(f"http://127.0.0.1:{free_port()}/", interval=0.01, timeout=0.05)


def test_a_row_is_waited_for(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as opened:
        opened.execute("CREATE TABLE t (a int)")

    def insert() -> None:
        with sqlite3.connect(tmp_path / "x.db") as again:
            again.execute("INSERT INTO t VALUES (7)")
        again.close()

    opened.close()
    timer = threading.Timer(0.2, insert)
    timer.start()
    query = {"statement": "SELECT max(a) FROM t WHERE a > :least", "url": f"sqlite:///{tmp_path}/x.db"}
    assert wait_for_sql(**query, parameters={"least": 5}, interval=0.05, timeout=30) == 7
    timer.join()
    with pytest.raises(waiting.WaitTimeoutError):
        wait_for_sql(**query, parameters={"least": 5}, check=lambda value: value > 9, interval=0.01, timeout=0.03)


def test_a_moment_is_waited_for(tmp_path: Path) -> None:
    began = datetime.datetime.now(datetime.UTC)
    wait_until(began + datetime.timedelta(seconds=0.1))
    wait_for_delta("100ms")
    assert datetime.datetime.now(datetime.UTC) - began >= datetime.timedelta(seconds=0.2)
    assert wait_until("2024-01-15T09:30", timezone="Europe/Zurich") == "2024-01-15T09:30:00+01:00"
    assert wait_until("00:00", timezone="UTC").endswith("T00:00:00+00:00")


def test_what_is_no_moment_is_told() -> None:
    with pytest.raises(errors.UsageError, match="'soon' is no moment"):
        wait_until("soon")
    with pytest.raises(errors.UsageError, match="no time zone 'Mars/Base'"):
        wait_until("09:30", timezone="Mars/Base")
    with pytest.raises(errors.UsageError, match="interval"):
        wait_for_file("/x", interval=0)
    with pytest.raises(errors.UsageError, match="wait_for_asset was called where no run is under way"):
        wait_for_asset("prices")


def test_a_docker_that_does_not_answer_or_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.UsageError, match="no docker or podman on PATH"):
        docker_run("busybox", "true")
    program = tmp_path / "docker"
    # what the real program says and does without a daemon
    program.write_text("#!/bin/sh\necho 'docker: Cannot connect to the Docker daemon at unix:///x.' >&2\nexit 125\n")
    program.chmod(0o755)
    with pytest.raises(errors.UsageError, match="The Docker daemon does not answer: docker: Cannot connect"):
        docker_run("busybox", "true")


def test_the_values_of_variables_are_not_among_the_arguments_of_docker(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "docker"
    program.write_text('#!/bin/bash\necho "$@ | $TOKEN"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said = docker_run("busybox", "echo hi", env={"TOKEN": "value"}, volumes={"/a": "/b:ro"}, memory="1g", name="x")
    assert said == (
        "run --rm --init --name x --pull missing --env TOKEN --volume /a:/b:ro --memory 1g "
        "busybox sh -c echo hi | value"
    )
