"""Connections over HTTP: their secrets go in, and never out by any way."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from tests.integration.http import servers

from weft import wiring
from weft.connections import places, registry
from weft.service.access import accounts
from weft.service.server import locations

SECRET = "zV9-correct-horse"
URI = f"postgres://weft:{SECRET}@db.internal:5433/trading?sslmode=require"


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[servers.Server]:
    pytest.importorskip("cryptography")
    monkeypatch.delenv("WEFT_HOME", raising=False)
    with servers.running(tmp_path) as running:
        yield running


@pytest.fixture
def client(server) -> Iterator[httpx.Client]:
    with server.client(timeout=60) as made:
        yield made


def stored(server: servers.Server):
    return places.Place(server.home.parent / "weft.toml", server.home)


def test_what_is_put_is_what_bodies_get_and_comes_back_masked(server, client):
    answer = client.put("/api/v1/connections/warehouse", json={"uri": URI, "description": "the warehouse"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["type"], told["host"], told["port"], told["database"]) == ("postgres", "db.internal", 5433, "trading")
    assert (told["login"], told["password"], told["source"]) == ("weft", "***", "the store connections.json")
    assert registry.get("warehouse", place=stored(server)).password == SECRET
    assert client.get("/api/v1/connections/warehouse").json() == told
    assert client.get("/api/v1/connections").json()["items"] == [
        {
            "name": "warehouse",
            "type": "postgres",
            "source": "the store connections.json",
            "error": "",
            "tried_at": None,
            "passed": None,
        }
    ]


def test_a_secret_comes_out_nowhere_neither_of_answers_nor_of_files_nor_of_the_audit_log(server, client):
    seen = [
        client.put("/api/v1/connections/a", json={"uri": URI}, headers={"idempotency-key": "one"}),
        client.put("/api/v1/connections/b", json={"type": "http", "host": "h", "extra": {"token": SECRET}}),
        client.put("/api/v1/connections/c", json={"type": "http", "passwrod": SECRET}),
        client.put("/api/v1/connections/c", json={"type": "http", "password": [SECRET]}),
        client.put("/api/v1/connections/c", json={"uri": f"nothing://x:{SECRET}@h"}),
        client.put("/api/v1/connections/c", json={"uri": f"postgres://x:{SECRET}@h:port/"}),
        client.put("/api/v1/connections/c", json={"uri": SECRET}),
        client.get("/api/v1/connections/a"),
        client.get("/api/v1/connections/b"),
        client.get("/api/v1/connections"),
        client.post("/api/v1/connections/a/test", json={"timeout": 0.2}),
        client.get("/api/v1/audit"),
        client.get("/api/v1/ledger/events"),
    ]
    assert [each.status_code for each in seen] == [200, 200, 422, 422, 422, 422, 422, 200, 200, 200, 200, 200, 200]
    for each in seen:
        assert SECRET not in each.text, each.request.url
    audit = client.get("/api/v1/audit").text
    assert "connection:a" in audit
    assert "connections.change" in audit
    files = [each for each in server.home.rglob("*") if each.is_file()]
    assert files
    for each in files:
        assert SECRET.encode() not in each.read_bytes(), each


def test_replacing_a_connection_keeps_no_secret_of_the_one_before(client, server):
    client.put("/api/v1/connections/warehouse", json={"uri": URI})
    answer = client.put("/api/v1/connections/warehouse", json={"type": "postgres", "host": "evil.example"})
    assert answer.json()["password"] == ""
    assert registry.get("warehouse", place=stored(server)).password == ""


def test_what_was_shown_masked_is_not_taken_for_a_secret(client):
    answer = client.put("/api/v1/connections/a", json={"type": "postgres", "host": "h", "password": "***"})
    assert answer.status_code == 422
    assert "stands for one that is not shown" in answer.json()["detail"]
    assert client.get("/api/v1/connections/a").status_code == 404


def test_a_connection_of_the_environment_is_shown_and_cannot_be_removed(client, monkeypatch):
    monkeypatch.setenv("WEFT_CONN_LAKE", f"s3://key:{SECRET}@bucket")
    told = client.put("/api/v1/connections/lake", json={"type": "http", "host": "h"}).json()
    assert (told["type"], told["source"]) == ("s3", "the variable WEFT_CONN_LAKE")
    assert client.delete("/api/v1/connections/lake").status_code == 204, "that of the store"
    answer = client.delete("/api/v1/connections/lake")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "WEFT_CONN_LAKE" in answer.json()["detail"]


def test_what_is_removed_is_gone_and_what_is_not_there_is_404(client):
    client.put("/api/v1/connections/a", json={"type": "http", "host": "h"})
    assert client.delete("/api/v1/connections/a").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test")):
        answer = client.request(method, f"/api/v1/connections/a{path}", json={} if method == "POST" else None)
        assert answer.status_code == 404, (method, path)


def test_trying_one_really_connects(client, tmp_path):
    pytest.importorskip("sqlalchemy")
    sqlite3.connect(tmp_path / "there.db").close()
    client.put("/api/v1/connections/there", json={"type": "sqlite", "database": str(tmp_path / "there.db")})
    client.put("/api/v1/connections/gone", json={"type": "sqlite", "database": str(tmp_path / "gone.db")})
    there = client.post("/api/v1/connections/there/test", json={}).json()
    gone = client.post("/api/v1/connections/gone/test", json={}).json()
    assert (there["name"], there["type"], there["passed"]) == ("there", "sqlite", True), there
    assert not gone["passed"]
    assert not (tmp_path / "gone.db").exists()


def test_the_last_trial_is_remembered_until_the_connection_is_another(client, tmp_path):
    pytest.importorskip("sqlalchemy")
    client.put("/api/v1/connections/gone", json={"type": "sqlite", "database": str(tmp_path / "gone.db")})
    assert client.get("/api/v1/connections/gone").json()["last_trial"] is None
    told = client.post("/api/v1/connections/gone/test", json={}).json()
    last = client.get("/api/v1/connections/gone").json()["last_trial"]
    assert (last["passed"], last["message"], last["by"]) == (False, told["message"], "me")
    assert not last["changed_since"]
    [listed] = client.get("/api/v1/connections").json()["items"]
    assert (listed["passed"], listed["tried_at"]) == (False, last["at"])
    client.put("/api/v1/connections/gone", json={"type": "sqlite", "database": str(tmp_path / "other.db")})
    assert client.get("/api/v1/connections/gone").json()["last_trial"]["changed_since"]


USERS = """
from weft import asset, connections, dag, operators, task

WAREHOUSE = "warehouse"

def opened():
    return connections.get(WAREHOUSE)

@asset
def prices() -> int:
    opened()
    return 1

@asset
def quiet() -> int:
    return {"warehouse": 1}.get("warehouse", 0)

@task
def load(day: str) -> None:
    operators.sql("select 1", connection="warehouse")

@task
def tell(host: str) -> str:
    return host

@dag(schedule=None)
def nightly():
    load("1")
    tell("{{ conn.warehouse.host }}")
"""


def test_who_uses_a_connection_is_told_from_the_code_and_the_channels(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_CONN_WAREHOUSE", "http://h")
    monkeypatch.setenv("WEFT_CONN_IDLE", "http://h")
    place = servers.project(tmp_path, definitions=USERS, settings='[alerts.channels.desk]\nconnection = "warehouse"\n')
    world = wiring.open_world(place)
    locations.record_loaded(world, "main", source="shop.py", root=tmp_path)
    world.ledger.close()
    with servers.running(tmp_path) as server, server.client() as client:
        for _ in range(2):
            found = client.get("/api/v1/connections/warehouse/uses").json()["items"]
            told = {(each["kind"], each["name"], each["step"], each["function"]) for each in found}
            assert told == {
                ("asset", "prices", "", "shop.opened"),
                ("pipeline", "nightly", "load", "shop.load"),
                ("pipeline", "nightly", "", "shop.nightly"),
                ("channel", "desk", "", ""),
            }
        assert client.get("/api/v1/connections/idle/uses").json()["items"] == []
        assert client.get("/api/v1/connections/nothing/uses").status_code == 404


def test_one_that_never_answers_is_given_up_in_time(client):
    pytest.importorskip("httpx")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client.put("/api/v1/connections/silent", json={"type": "http", "host": "127.0.0.1", "port": port})
        told = client.post("/api/v1/connections/silent/test", json={"timeout": 0.3}).json()
    assert not told["passed"]
    assert told["seconds"] < 60


def test_who_may_only_run_things_changes_no_connection_and_tries_none(server):
    with server.serving.ledger() as ledger:
        owner = accounts.Principal(name="me", role="operator", kind="local")
        _, token = accounts.create_token(ledger, datetime.now(UTC), "op", owner=owner, actor=servers.TESTER)
    with server.client(token) as client:
        assert client.get("/api/v1/connections").status_code == 200
        assert client.get("/api/v1/connections/a").status_code == 403
        assert client.put("/api/v1/connections/a", json={"uri": URI}).status_code == 403
        assert client.post("/api/v1/connections/a/test", json={}).status_code == 403
        assert client.delete("/api/v1/connections/a").status_code == 403


def test_a_channel_is_tried_and_says_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.delenv("HOOK", raising=False)
    settings = '[alerts.channels.team]\nwebhook = "${HOOK}"\n'
    with servers.running(tmp_path, settings=settings) as server, server.client() as client:
        looked = client.get("/api/v1/alerts/check").json()
        assert (looked["passed"], "HOOK" in looked["problem"]) == (False, True)
        monkeypatch.setenv("HOOK", "https://example.org/weft")
        assert client.get("/api/v1/alerts/check").json() == {"passed": True, "problem": "", "remedy": ""}
        monkeypatch.delenv("HOOK")
        told = client.post("/api/v1/alerts/channels/team/test").json()
        assert (told["channel"], told["sent"]) == ("team", False)
        assert "HOOK" in told["message"]
        assert client.post("/api/v1/alerts/channels/nobody/test").status_code == 404
