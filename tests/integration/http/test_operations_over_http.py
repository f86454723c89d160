"""What workers do beside runs, asked for over HTTP: a real server, and real hosts of its code locations."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.service.access import accounts
from weft.service.pipeline import pipelines
from weft.service.queue import queueing
from weft.surfaces.processes import supervisor as supervisors

pytestmark = pytest.mark.slow

DEFINITIONS = """
import time
from pathlib import Path
from weft import *

HERE = Path(__file__).parent

@asset
def numbers() -> list:
    return [1, 2, 3]

@asset_check(asset=numbers, blocking=True)
def positive(numbers) -> bool:
    return not (HERE / "negative").exists()

@asset_check(asset=numbers)
def few(numbers) -> bool:
    return len(numbers) < 3

@asset
def unchecked() -> int:
    return 1

@task
def work(name: str) -> str:
    return name

@dag(params={"name": ""})
def working():
    work("x")

@sensor(target=working, every=3600, paused=True, timeout=600)
def files(context):
    if (HERE / "slow").exists():
        (HERE / "began").write_text("x")
        time.sleep(300)
    if (HERE / "broken").exists():
        raise ValueError("no such folder")
    context.cursor = (context.cursor or "") + "2"
    yield RunRequest(key="a", params={"name": "a"})
"""
OTHER = """
from weft import *

@asset
def others() -> int:
    return 1

@asset_check(asset=others)
def fine(others) -> bool:
    return True
"""
SETTINGS = '[locations.main]\ndefinitions = "shop.py"\n[locations.second]\ndefinitions = "other.py"\n'


class Site:
    """A server with its hosts."""

    def __init__(self, server: servers.Server, client: httpx.Client, root: Path) -> None:
        self.server, self.client, self.root = server, client, root

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1{path}", json={"wait": 30, **body})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def until_finished(self, run: str) -> dict[str, Any]:
        end = time.monotonic() + 60
        while (found := self.client.get(f"/api/v1/runs/{run}").json())["phase"] != "finished":
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return dict(found)


@contextlib.contextmanager
def hosted(folder: Path) -> Iterator[Site]:
    (folder / "shop.py").write_text(DEFINITIONS)
    (folder / "other.py").write_text(OTHER)
    (folder / "weft.toml").write_text(SETTINGS)
    with servers.running(folder) as server:
        lines: list[str] = []
        supervisor = supervisors.Supervisor(
            wiring.Place(start=folder), server.serving, supervisors.Options(watch=False), tell=lines.append
        )
        supervisor.start()
        try:
            assert supervisor.wait_until_settled(30), lines
            with server.client(timeout=60) as client:
                yield Site(server, client, folder)
        finally:
            supervisor.stop(0.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("operations")
    with hosted(folder) as made:
        yield made


def run_here(folder: Path, file: str, command: str, selection: str) -> None:
    agreed = ["--yes"] if command == "apply" else []
    arguments = [sys.executable, "-m", "weft", "-f", file, command, selection, *agreed]
    subprocess.run(arguments, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(site: Site) -> Site:
    """With data: made as a command line does it, in a process of its own."""
    run_here(site.root, "shop.py", "apply", "numbers")
    run_here(site.root, "other.py", "apply", "others")
    return site


def test_checks_run_alone_by_a_worker_of_each_location(made):
    found = made.post("/checks")["items"]
    assert {each["location"] for each in found} == {"main", "second"}
    assert [each["outcome"] for each in found] == ["succeeded", "succeeded"]
    main = next(each for each in found if each["location"] == "main")["answer"]
    assert (main["checks"], main["passed"], main["left_out"]) == (2, 1, 0)
    assert [(each["check"], each["passed"]) for each in main["items"]] == [("few", False), ("positive", True)]


def test_what_a_check_finds_when_it_is_run_anew_is_what_counts(made):
    def state() -> list[bool]:
        (found,) = made.post("/checks", selection="numbers")["items"]
        return [each["passed"] for each in found["answer"]["items"] if each["check"] == "positive"]

    (made.root / "negative").write_text("x")
    assert state() == [False]
    assert made.client.get("/api/v1/assets/numbers").json()["status"] != "fresh"
    (made.root / "negative").unlink()
    assert state() == [True]
    assert made.client.get("/api/v1/assets/numbers").json()["status"] == "fresh"


def test_checks_of_what_has_none_are_refused_and_nothing_is_asked_for(made):
    before = len(made.client.get("/api/v1/operations").json()["items"])
    answer = made.client.post("/api/v1/checks", json={"selection": "unchecked"})
    assert (answer.status_code, "has checks" in answer.json()["detail"]) == (422, True)
    assert len(made.client.get("/api/v1/operations").json()["items"]) == before


def test_a_sensor_is_tried_and_nothing_is_started_or_kept(site):
    before = site.client.get("/api/v1/runs").json()["items"]
    found = site.post("/automations/sensor:files/test", cursor="1")
    assert (found["state"], found["outcome"], found["location"]) == ("finished", "succeeded", "main"), found
    assert found["answer"]["cursor"] == "12"
    assert [(each["key"], each["decided"]) for each in found["answer"]["requests"]] == [("a", False)]
    assert site.client.get("/api/v1/runs").json()["items"] == before
    assert site.client.get("/api/v1/automations/sensor:files").json()["last_tick"] is None


def test_what_a_sensor_raises_is_in_the_answer(site):
    (site.root / "broken").write_text("x")
    try:
        found = site.post("/automations/sensor:files/test")
    finally:
        (site.root / "broken").unlink()
    assert "no such folder" in found["answer"]["error"]


def test_only_a_sensor_can_be_tried(site):
    assert site.client.post("/api/v1/automations/sensor:nothing/test", json={}).status_code == 404


def test_what_is_cancelled_is_killed_and_keeps_no_answer(site):
    (site.root / "slow").write_text("x")
    try:
        asked = site.post("/automations/sensor:files/test", wait=0)
        assert asked["state"] in ("waiting", "running")
        end = time.monotonic() + 60
        while not (site.root / "began").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        done = site.client.post(f"/api/v1/operations/{asked['id']}/cancel").json()
        assert (done["state"], done["outcome"]) == ("finished", "cancelled")
        assert site.client.post(f"/api/v1/operations/{asked['id']}/cancel").status_code == 409
    finally:
        (site.root / "slow").unlink()
    again = site.post("/automations/sensor:files/test")
    assert again["outcome"] == "succeeded", "the worker is free again"


def test_gc_tells_what_would_go_and_removes_only_when_told_to_each_location_its_own(made):
    for _ in range(2):
        run_here(made.root, "shop.py", "materialize", "numbers")
        run_here(made.root, "other.py", "materialize", "others")
    found = made.post("/gc", keep=1)["items"]
    assert all(each["outcome"] == "succeeded" and each["answer"]["dry_run"] for each in found), found
    real = made.post("/gc", keep=1, dry_run=False)["items"]
    for asked in (found, real):
        gone = {each["location"]: [one["asset"] for one in each["answer"]["removed"]] for each in asked}
        assert gone == {"main": ["numbers"], "second": ["others"]}
        assert not any(each["answer"]["problems"] for each in asked)
    assert not any(each["answer"]["removed"] for each in made.post("/gc", keep=1)["items"])


def test_the_ledger_is_verified_and_the_installation_looked_over_by_a_worker(site):
    verified = site.post("/ledger/verify")
    assert (verified["outcome"], verified["answer"]["passed"]) == ("succeeded", True), verified
    assert verified["answer"]["events"] > 0
    looked = site.post("/doctor", location="second")
    assert looked["location"] == "second"
    assert {"weft", "python", "ledger", "definitions"} <= {each["subject"] for each in looked["answer"]["findings"]}


def test_what_only_an_administrator_may_ask_only_one_sees(site):
    verified = site.post("/ledger/verify")
    with site.server.serving.ledger() as ledger:
        owner = accounts.Principal(name="me", role="operator", kind="local")
        _, token = accounts.create_token(ledger, datetime.now(UTC), "op", owner=owner, actor=servers.TESTER)
    with site.server.client(token) as client:
        assert client.get(f"/api/v1/operations/{verified['id']}").status_code == 403
        kinds = {each["kind"] for each in client.get("/api/v1/operations").json()["items"]}
        assert not kinds & {"verify", "gc", "doctor"}
        assert client.post("/api/v1/gc", json={}).status_code == 403


def test_a_run_of_a_command_line_whose_process_died_is_handed_to_a_worker(site):
    with site.server.serving.world("me") as world, world.ledger.transaction() as transaction:
        event = queueing.created(world, transaction, pipelines.Wanted(pipeline="working"), at_once=True)
        transaction.append([event])
    answer = site.client.post(f"/api/v1/runs/{event.run}/resume", json={})
    assert answer.status_code == 200, answer.text
    assert site.until_finished(event.run)["outcome"] == "succeeded"
    assert site.client.post(f"/api/v1/runs/{event.run}/resume", json={}).status_code in (409, 422)


def test_without_a_worker_it_says_what_it_waits_for(tmp_path):
    with servers.running(tmp_path) as server, server.client() as client:
        found = client.post("/api/v1/ledger/verify", json={"wait": 0.2}).json()
        assert found["state"] == "waiting"
        assert "no worker" in found["waits_for"]
        assert client.get(f"/api/v1/operations/{found['id']}?wait=0.1").json()["state"] == "waiting"
        assert client.get("/api/v1/operations/nothing").status_code == 404
        assert client.post("/api/v1/doctor", json={"location": "nowhere"}).status_code == 422
