"""What a newcomer does with `weft dev` in the first hour, by CLI and HTTP alone."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import subprocess
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from dev_server import WEFT, dev, project, until, weft

DAY_BY_DAY = """
from datetime import datetime, timedelta
from weft import dag, task

@task
def work(day: str) -> str:
    return day

@dag(schedule="@daily", start_date=datetime(2023, 1, 1), catchup=False, max_active_runs=8)
def daily():
    work("{{ ds }}")
"""

TICKING = """
from datetime import timedelta
from weft import dag, task

@task
def tick() -> int:
    return 1

@dag(schedule=timedelta(seconds=1), start_date=SINCE, catchup=False, max_active_runs=50)
def ticking():
    tick()
"""


def ticking() -> str:
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=1)
    return TICKING.replace("SINCE", repr(since.isoformat(timespec="seconds")))


def ended(event: dict[str, Any]) -> bool:
    return event["type"] == "RunFinished"


def test_a_first_start_is_closed_but_for_its_health(tmp_path: Path) -> None:
    weft(tmp_path, "init", "shop")
    folder = tmp_path / "shop"
    with dev(folder) as server:
        assert httpx.get(f"{server.url}/api/v1/health").json()["status"] == "ok"
        assert httpx.get(f"{server.url}/api/v1/runs").status_code == 401
        assert (folder / ".weft" / "token").stat().st_mode & 0o777 == 0o600
        server.wait_for(lambda event: event["type"] == "LocationLoaded")
        assert {each["key"] for each in server.get("/assets")["items"]} == {"orders", "revenue", "report"}


def test_an_edit_is_taken_up(tmp_path: Path) -> None:
    weft(tmp_path, "init", "shop")
    folder = tmp_path / "shop"
    with dev(folder) as server:
        server.wait_for(lambda event: event["type"] == "LocationLoaded")
        file = folder / "definitions.py"
        source = file.read_text()
        file.write_text(source + "\n\n@asset\ndef added(report: dict[str, object]) -> int:\n    return len(report)\n")
        server.wait_for(lambda event: event["type"] == "LocationLoaded", 2)
        assert "added" in {each["key"] for each in server.get("/assets")["items"]}
        file.write_text(source + "\nthis is no Python\n")
        server.wait_for(lambda event: event["type"] == "LocationFailed")
        assert "added" in {each["key"] for each in server.get("/assets")["items"]}  # the last good version stays
        location = server.get("/locations")["items"][0]
        assert "definitions.py" in json.dumps(location["problems"])


def test_a_plan_is_made_applied_and_green(tmp_path: Path) -> None:
    weft(tmp_path, "init", "shop")
    with dev(tmp_path / "shop") as server:
        server.wait_for(lambda event: event["type"] == "LocationLoaded")
        plan = server.post("/plans", {})
        applied = server.post(f"/plans/{plan['id']}/apply", {})
        server.wait_for(lambda event: event["type"] == "ExecutionFinished")
        assert server.get(f"/executions/{applied['id']}")["outcome"] == "succeeded"
        assert {each["status"] for each in server.get("/assets")["items"]} == {"fresh"}
        assert weft(tmp_path / "shop", "status")


def test_a_run_is_triggered_as_soon_as_it_is_ready_and_read(tmp_path: Path) -> None:
    with dev(project(tmp_path, DAY_BY_DAY)) as server:
        run = server.post("/pipelines/daily/runs", {"partition": "2024-02-29"})
        server.wait_for(lambda event: ended(event) and event["run"] == run["id"])
        assert server.get(f"/runs/{run['id']}")["outcome"] == "succeeded"
        assert [each["id"] for each in server.get("/runs", pipeline="daily")["items"]][:1] == [run["id"]]


def test_a_schedule_fires_and_a_second_scheduler_makes_no_tick_twice(tmp_path: Path) -> None:
    with dev(project(tmp_path, ticking())) as server:
        second = subprocess.Popen([*WEFT, "scheduler"], cwd=tmp_path, stdout=subprocess.DEVNULL)
        try:
            runs = server.wait_for(lambda event: event["type"] == "RunCreated", 6)
            ticks = server.wait_for(lambda event: event["type"] == "TickDecided", 6)
        finally:
            second.terminate()
            assert second.wait(60) == 0
        partitions = Counter(each["partition"] for each in (server.get(f"/runs/{run['run']}") for run in runs))
        assert set(partitions.values()) == {1}
        assert len({json.dumps(each, sort_keys=True) for each in ticks}) == len(ticks)
        history = server.get("/automations/schedule:ticking/decisions")["items"]
        due = Counter(each["tick"] for each in history)
        assert set(due.values()) == {1}
    weft(tmp_path, "ledger", "verify")


def test_a_sensor_fires_once_for_each_key(tmp_path: Path) -> None:
    source = '''
from pathlib import Path
from weft import RunRequest, SkipReason, dag, sensor, task

@task
def read(name: str) -> str:
    return name

@dag(params={"name": ""})
def reading():
    read("{{ params.name }}")

@sensor(target="reading", every="1s")
def inbox(context):
    """Start a run for each file that comes in."""
    names = sorted(each.name for each in Path("inbox").glob("*.csv"))
    if not names:
        return SkipReason("the inbox is empty")
    return [RunRequest(key=name, params={"name": name}) for name in names]
'''
    folder = project(tmp_path, source)
    (folder / "inbox").mkdir()
    with dev(folder) as server:
        skipped = server.wait_for(lambda event: event["type"] == "TickDecided")
        assert "empty" in json.dumps(skipped)
        (folder / "inbox" / "a.csv").touch()
        server.wait_for(lambda event: event["type"] == "RunFinished")
        (folder / "inbox" / "b.csv").touch()
        server.wait_for(lambda event: event["type"] == "RunFinished", 2)
        runs = server.get("/runs", pipeline="reading")["items"]
        assert [each["outcome"] for each in runs] == ["succeeded", "succeeded"]


class _Receiver(http.server.BaseHTTPRequestHandler):
    received: list[tuple[dict[str, str], bytes]]
    news: threading.Condition

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.news:
            self.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.news.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed."""


def test_a_policy_goes_late_and_a_signed_webhook_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = type("Handler", (_Receiver,), {"received": [], "news": threading.Condition()})
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    monkeypatch.setenv("HOOK_SECRET", "a secret of thirty-two characters")
    settings = f"""
[alerts.channels.hook]
webhook = "http://127.0.0.1:{receiver.server_port}/hook"
secret = "${{HOOK_SECRET}}"
allow_loopback = true

[[alerts.rules]]
name = "late"
on = ["late"]
severity = "critical"
channels = ["hook"]
"""
    source = """
from weft import FreshnessPolicy, asset

@asset(freshness=FreshnessPolicy(max_lag="2s"), owners=["team:trading"])
def prices() -> int:
    return 1
"""
    folder = project(tmp_path, source, settings)
    try:
        with dev(folder) as server:
            server.wait_for(lambda event: event["type"] == "LocationLoaded")
            weft(folder, "materialize", "prices")
            with handler.news:
                assert handler.news.wait_for(lambda: handler.received, 60)
            server.wait_for(lambda event: event["type"] == "IncidentOpened")
            incidents = server.get("/incidents")["items"]
            assert [each["root"] for each in incidents] == ["asset:prices"]
        headers, body = handler.received[0]
        assert b"prices" in body
        signed = f"{headers['x-weft-timestamp']}.".encode() + body
        expected = hmac.new(b"a secret of thirty-two characters", signed, hashlib.sha256).hexdigest()
        assert expected in headers["x-weft-signature"]
    finally:
        receiver.shutdown()
        receiver.server_close()


@pytest.mark.slow
def test_a_backfill_of_a_year_goes_on_after_everything_was_killed(tmp_path: Path) -> None:
    folder = project(tmp_path, DAY_BY_DAY)
    with dev(folder) as server:
        server.wait_for(lambda event: event["type"] == "LocationLoaded")
        printed = weft(folder, "backfill", "daily", "2024-01-01..2024-12-31", "--detach")
        assert "366" in printed
        server.wait_for(lambda event: ended(event), 40)
        server.kill_all()
    with dev(folder) as server:
        server.wait_for(lambda event: event["type"] == "ExecutionFinished")
        execution = server.get("/executions")["items"][0]
        assert execution["outcome"] == "succeeded"
        runs = []
        cursor = None
        while True:
            page = server.get("/runs", pipeline="daily", limit=500, **({"cursor": cursor} if cursor else {}))
            runs += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert Counter(each["partition"] for each in runs).most_common(1)[0][1] == 1
        assert len(runs) == 366
    weft(folder, "ledger", "verify")


def test_a_broken_location_leaves_the_others_running(tmp_path: Path) -> None:
    project(tmp_path / "sound", DAY_BY_DAY)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "definitions.py").write_text("import no_such_module\n")
    (tmp_path / "weft.toml").write_text(
        '[locations.sound]\nroot = "sound"\ndefinitions = "definitions.py"\n'
        '[locations.broken]\nroot = "broken"\ndefinitions = "definitions.py"\n'
    )
    (tmp_path / "sound" / "weft.toml").unlink()
    with dev(tmp_path) as server:
        server.wait_for(lambda event: event["type"] == "LocationFailed")
        server.wait_for(lambda event: event["type"] == "LocationLoaded")
        run = server.post("/pipelines/daily/runs", {"partition": "2024-01-01"})
        server.wait_for(lambda event: ended(event) and event["run"] == run["id"])
        (tmp_path / "broken" / "definitions.py").write_text(ticking())
        server.wait_for(lambda event: event["type"] == "LocationLoaded", 2)
        until(lambda: len(server.get("/pipelines")["items"]) == 2, "the mended location is not there")
