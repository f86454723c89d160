"""Attacks on who may what, and on what users' code wrote, with the source at hand. Named by docs/security.md."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tomllib
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.integration.http import servers

import weft
from weft.model import events, stored
from weft.service.access import accounts
from weft.service.server import server_place
from weft.storage import json_values
from weft.stores import sqlite
from weft.surfaces.http import receiving, table

SUSPICIOUS = ("x' OR '1'='1", '" OR 1=1 --', "%' UNION SELECT name, password FROM account --", "\x00", "*" * 90)


_SERVER = ("surfaces", "service", "planner", "engine", "ledger", "stores", "alerts", "ports", "model")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.running(tmp_path_factory.mktemp("attacked")) as found:
        yield found


def _artifact(found: servers.Server, key: str, value: stored.StoredValue, run: str) -> int:
    with found.serving.ledger() as ledger:
        ledger.append([events.ArtifactMade(run=run, key=key, kind="table", value=value)])
        return int(ledger.artifacts(run=run, key=key)[0].id)


def _imports(folder: str) -> Iterator[tuple[Path, str]]:
    source = Path(weft.__file__).parent / folder
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, each.name) for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module


def test_e4_a_body_with_two_lengths_ends_the_connection(running: servers.Server) -> None:
    common = f"Host: 127.0.0.1\r\nAuthorization: Bearer {running.token}\r\n"
    smuggled = f"GET /api/v1/me HTTP/1.1\r\n{common}\r\n"
    first = f"POST /api/v1/tokens HTTP/1.1\r\n{common}Content-Type: application/json\r\nContent-Length: 5\r\n"
    answer = running.answer(f"{first}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}".encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("end", ["revoke", "disable", "shrink", "password"])
def test_e5_a_stream_ends_with_the_credential_that_opened_it(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(receiving, "ASK_AGAIN_SECONDS", 0.05)
    name = f"streamer-{end}"
    running.add_account(name, "operator")
    with running.client(None) as browser, running.client() as admin:
        servers.log_in(browser, name)
        made = browser.post("/api/v1/tokens", json={"name": "t"}, headers={"origin": running.url}).json()
        client = browser if end == "password" else running.client(made["secret"])
        with client.stream("GET", "/api/v1/events") as stream:
            chunks = stream.iter_raw()
            assert next(chunks)
            match end:
                case "revoke":
                    admin.delete(f"/api/v1/tokens/{made['token']['id']}")
                case "disable":
                    admin.patch(f"/api/v1/accounts/{name}", json={"disabled": True})
                case "shrink":
                    admin.patch(f"/api/v1/accounts/{name}", json={"role": "viewer"})
                case _:
                    admin.patch(f"/api/v1/accounts/{name}", json={"password": servers.PASSWORD + "!"})
            with contextlib.suppress(httpx.RemoteProtocolError):
                assert b"".join(chunks) == b""
        client.close()


@pytest.mark.parametrize("change", [{"password": servers.PASSWORD}, {"disabled": True}, {"role": "viewer"}])
def test_e5_a_link_made_before_an_account_changed_leads_nowhere(
    running: servers.Server, change: dict[str, object]
) -> None:
    name = f"linked-{next(iter(change))}"
    running.add_account(name, "operator")
    with running.client(None) as stolen, running.client() as admin, running.client(None) as browser:
        servers.log_in(stolen, name)
        url = stolen.post("/api/v1/session/links", headers={"origin": running.url}).json()["url"]
        assert admin.patch(f"/api/v1/accounts/{name}", json=change).status_code == 200
        assert browser.get(url).status_code == 401
        assert browser.get("/api/v1/me").status_code == 401


def test_e5_a_token_sees_and_ends_no_other_token(running: servers.Server) -> None:
    with running.client() as admin:
        strong = admin.post("/api/v1/tokens", json={"name": "strong"}).json()
        weak = admin.post("/api/v1/tokens", json={"name": "weak", "role": "viewer"}).json()
        with running.client(weak["secret"]) as program:
            assert [each["id"] for each in program.get("/api/v1/tokens").json()] == [weak["token"]["id"]]
            assert program.delete(f"/api/v1/tokens/{strong['token']['id']}").status_code == 404
            with running.client(strong["secret"]) as other:
                assert other.get("/api/v1/me").status_code == 200
            assert program.delete(f"/api/v1/tokens/{weak['token']['id']}").status_code == 204
            assert program.get("/api/v1/me").status_code == 401


def test_e7_an_artifact_is_read_by_its_number_though_another_is_called_by_it(running: servers.Server) -> None:
    run = running.add_run("numbers")
    wanted = _artifact(running, "wanted", stored.StoredValue(format="text", data_version="s1:1", inline=b"wanted"), run)
    pickled = stored.StoredValue(format="pickle", data_version="p1:1", uri="secret.pickle")
    _artifact(running, str(wanted), pickled, run)
    with running.client() as client:
        assert client.get(f"/api/v1/artifacts/{wanted}/content").text == "wanted"


def test_e10_no_artifact_leads_out_of_the_storage(running: servers.Server, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    storage = running.home / "storage"
    storage.mkdir(exist_ok=True)
    (storage / "link.txt").symlink_to(tmp_path / "outside.txt")
    run = running.add_run("escaping")
    with running.client() as client:
        for number, uri in enumerate((
            str(tmp_path / "outside.txt"), "../token", "link.txt", "x/../../token", "file:///etc/passwd", "",
        )):  # fmt: skip
            value = stored.StoredValue(format="text", data_version="s1:1", uri=uri)
            found = _artifact(running, f"escaping-{number}", value, run)
            answer = client.get(f"/api/v1/artifacts/{found}/content")
            assert answer.status_code >= 400, uri
            assert "outside" not in answer.text.replace("outside.txt", ""), uri
            assert running.token not in answer.text


def test_e8_looking_at_a_value_imports_nothing_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ah_planted.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    text = msgspec.json.encode({"$record": ["ah_planted:Thing", {"a": {"$tuple": [1, {"$numpy": ["int8", 2]}]}}]})
    assert json_values.decode_plain(text) == {"a": (1, 2)}
    assert "ah_planted" not in sys.modules


def test_e8_a_result_of_a_users_class_is_shown_by_its_fields(running: servers.Server) -> None:
    from weft.service.run import run_details

    inline = msgspec.json.encode({"$record": ["ah_planted:Thing", {"a": 1}]})
    assert run_details.plain(stored.StoredValue(format="json", data_version="j1:1", inline=inline)) == {"a": 1}


def test_e11_nobody_is_told_which_webhooks_there_are(running: servers.Server) -> None:
    with running.client(None) as client:
        answer = client.post("/api/v1/webhooks/order/deliveries", content=b"{}")
        assert answer.status_code == 404
        assert answer.json()["remedy"] == "Look at the address."


def test_e5_a_token_lasts_no_longer_than_it_says(running: servers.Server) -> None:
    with running.serving.ledger() as ledger:
        owner = accounts.Principal(name="me", role="admin", kind="local")
        now = datetime.now(UTC)
        _, secret = accounts.create_token(
            ledger, now, "short", owner=owner, expires_in=timedelta(seconds=1), actor=servers.TESTER
        )
        assert accounts.by_token(ledger, now + timedelta(seconds=0.9), secret) is not None
        assert accounts.by_token(ledger, now + timedelta(seconds=1), secret) is None


def test_e9_a_secret_of_a_connection_is_nowhere_to_be_read(tmp_path: Path) -> None:
    secret = "s3cr3t-of-the-warehouse"
    with servers.running(tmp_path) as found, found.client() as client:
        body = {"type": "postgres", "host": "db.example", "login": "u", "password": secret, "extra": {"token": secret}}
        put = client.put("/api/v1/connections/warehouse", json=body)
        if put.status_code == 501:
            pytest.skip("needs the extra `secrets`")
        assert put.status_code in (200, 201), put.text
        assert secret not in put.text
        for route in table.table().routes:
            if route.method == "GET" and not route.stream and set(route.parameters) <= {"name"}:
                path = "/api/v1" + route.path.replace("{name}", "warehouse").replace("{name:path}", "warehouse")
                assert secret not in client.get(path).text, path
        changed = client.get("/api/v1/ledger/events?types=ChangeMade").text
        assert "connections.change" in changed
        for file in found.home.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("text", SUSPICIOUS)
def test_e12_what_is_asked_for_is_never_part_of_a_statement(running: servers.Server, text: str) -> None:
    with running.serving.ledger() as ledger:
        if ledger.account("keeper") is None:
            running.add_account("keeper", "viewer")
    with running.client() as client:
        for route in table.table().routes:
            if route.method != "GET" or route.stream:
                continue
            path = "/api/v1/" + "/".join(
                urllib.parse.quote(text, safe="") if each.startswith("{") else each for each in route.parts
            )
            fields = msgspec.structs.fields(route.query) if route.query is not None else ()
            for query in ({}, *({each.encode_name: text} for each in fields)):
                answer = client.get(path, params=query)
                assert answer.status_code not in (500, 503) or path.endswith("/ready"), (path, query)
                assert "argon2" not in answer.text, (path, query)
        assert client.get("/api/v1/accounts/keeper").status_code == 200


def test_e16_the_ledger_is_for_its_owner_alone_whatever_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ledger = sqlite.SqliteLedger(tmp_path / "ledger.db")
    ledger.append([events.RunCreated(run="a", execution="a")])
    for each in tmp_path.glob("ledger.db*"):
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each.name
    ledger.close()


def test_e2_the_token_is_given_to_this_users_own_programs_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert server_place.may_have_token(tmp_path, port)
        monkeypatch.setattr(os, "getuid", lambda: 4_711)
        assert not server_place.may_have_token(tmp_path, port)
    monkeypatch.undo()
    assert not server_place.may_have_token(tmp_path, port)


def test_e2_a_server_that_died_is_not_taken_for_a_process_that_got_its_number(tmp_path: Path) -> None:
    server_place.write(tmp_path, "http://127.0.0.1:1")
    assert server_place.read(tmp_path) is not None
    note = json.loads((tmp_path / "server.json").read_bytes())
    owner = json.loads(note["owner"])
    note["owner"] = json.dumps({**owner, "started": owner["started"] - 1})
    (tmp_path / "server.json").write_text(json.dumps(note), encoding="utf-8")
    assert server_place.read(tmp_path) is None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_e13_in_chromium_pages_work_and_break_no_policy(running: servers.Server, tmp_path: Path) -> None:
    run = running.add_run("painted")
    evil = "# hi\n<script>document.title='owned'</script>\n[a](javascript:alert(1)) ![b](http://x.example/y.png)"
    kind = {"media_type": msgspec.Raw(b'"text/markdown"')}
    value = stored.StoredValue(format="text", data_version="s1:1", inline=evil.encode(), metadata=kind)
    painted = _artifact(running, "painted", value, run)

    def shown(url: str) -> tuple[str, str]:
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
             "--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom", url],
            capture_output=True, text=True, timeout=90, check=True,
        )  # fmt: skip
        told = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, "\n".join(told)

    page, told = shown(running.running.link())
    assert "&quot;status&quot;: &quot;ok&quot;" in page or '"status": "ok"' in page  # so its script ran
    assert told == ""
    page, told = shown(f"{running.url}/api/docs")
    assert "POST" in page
    assert told == ""
    page, told = shown(f"{running.url}/api/v1/artifacts/{painted}/content")
    assert "<h1>hi</h1>" in page
    assert "owned</title>" not in page
    assert "x.example" not in page
    assert told == ""


def test_e3_a_slash_in_a_segment_names_no_other_route(running: servers.Server) -> None:
    with running.client() as client:
        assert client.get("/api/v1/audit%2Fverify").status_code == 404
        assert client.post("/api/v1/session%2Flinks").status_code == 404


@pytest.mark.parametrize("folder", _SERVER)
def test_e7_what_a_server_is_made_of_reads_no_pickle(folder: str) -> None:
    unsafe = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "weft.storage.pickles"}
    assert [(path.name, name) for path, name in _imports(folder) if name in unsafe] == []


def test_e17_dependencies_are_few() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(project["dependencies"]) <= 16
