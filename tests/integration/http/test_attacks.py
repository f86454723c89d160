"""What an attacker tries, with the source at hand; the numbers are those of the defaults in docs/security.md."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.integration.http import servers

from weft.define.automations.webhooks import STRIPE
from weft.model import automations, events, stored
from weft.service import accounts, webhooks
from weft.storage import json_values
from weft.surfaces.http import connections, decoding, receiving

HOOKS = """
from weft import webhook

orders = webhook("orders", target=adding, secret="AH_ORDERS_SECRET", params={"a": "$.a"}, signature="stripe")
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.running(tmp_path_factory.mktemp("attacked")) as found:
        yield found


def _add(found: servers.Server, name: str, role: str) -> None:
    with found.serving.ledger() as ledger:
        accounts.add(ledger, datetime.now(UTC), name, servers.PASSWORD, role, actor=servers.TESTER)


def _log_in(found: servers.Server, client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/api/v1/session", json={"name": name, "password": servers.PASSWORD})


def _sent(found: servers.Server, data: bytes, *, seconds: float = 5) -> bytes:
    """All that the server answers to some bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", found.running.port), timeout=seconds) as raw:
        raw.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := raw.recv(65536):
                answer += part
        return answer


# --- E14: what costs the server more than its sender ---


def test_e14_no_header_of_a_delivery_costs_more_than_its_length() -> None:
    webhook = automations.Webhook(
        name="orders", target=automations.Target(pipeline="adding"), secret="env:X", signature=STRIPE
    )
    began = time.process_time()
    for header in ("t=1" + " " * 200_000 + "x,v1=00", "," * 200_000, "t=" + "1" * 200_000, "v1=" + "0" * 200_000):
        with pytest.raises(webhooks.SignatureError):
            webhooks.check_signature(webhook, {STRIPE.header.lower(): header}, b"", datetime.now(UTC), "secret")
    assert time.process_time() - began < 2


@pytest.mark.parametrize("text", ['"' + '\\"' * 500_000, '"' * 1_000_000, "\\" * 1_000_000, '"\\', "[{" * 500_000])
def test_e14_no_body_costs_more_than_its_length(text: str) -> None:
    began = time.process_time()
    decoding.depth(b"[" * 65 + text.encode())
    assert time.process_time() - began < 2


def test_strings_count_for_nothing_in_the_depth_of_json() -> None:
    for raw, depth in ((b'[["[[[", "\\"[["]]', 2), (b'{"a": "\\\\"}', 1), (b'["[[', 1), (b"[]{}", 1), (b'"[["', 0)):
        assert decoding.depth(raw) == depth, raw


def test_e14_one_account_cannot_take_all_streams(running: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "STREAMS_EACH", 2)
    _add(running, "greedy", "viewer")
    with contextlib.ExitStack() as opened:
        client = opened.enter_context(running.client(None))
        _log_in(running, client, "greedy")
        for _ in range(2):
            assert opened.enter_context(client.stream("GET", "/api/v1/events")).status_code == 200
        refused = opened.enter_context(client.stream("GET", "/api/v1/events"))
        assert refused.status_code == 503
        assert "for this account" in json.loads(refused.read())["detail"]
        own = opened.enter_context(running.client())
        assert opened.enter_context(own.stream("GET", "/api/v1/events")).status_code == 200


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_e14_who_never_ends_a_request_is_hung_up_on(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    assert _sent(running, begun) == b""


def test_e14_a_second_request_that_never_ends_is_hung_up_on(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    whole = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answer = _sent(running, whole + b"GET /api/v1/he")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1") == 1


def test_e14_a_stream_outlives_the_patience_for_heads(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    with running.client() as client, running.client() as other, client.stream("GET", "/api/v1/events") as stream:
        lines = stream.iter_raw()
        assert next(lines)
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            assert other.get("/api/v1/health").status_code == 200
        other.post("/api/v1/accounts", json={"name": "outlived", "password": servers.PASSWORD})
        assert b"ChangeMade" in next(lines)


def test_e14_connections_over_the_bound_are_closed_at_once(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most", lambda: 8)
    with contextlib.ExitStack() as opened:
        held = [
            opened.enter_context(socket.create_connection(("127.0.0.1", running.running.port), timeout=5))
            for _ in range(12)
        ]
        closed = 0
        for each in held[-4:]:
            with contextlib.suppress(ConnectionError):
                assert each.recv(1) == b""
            closed += 1
        assert closed == 4
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:  # once the others have gone, there is room
        with contextlib.suppress(httpx.TransportError), running.client() as client:
            if client.get("/api/v1/health").status_code == 200:
                return
    raise AssertionError("the server takes no connection any more")


def test_e14_a_head_that_is_too_long_is_refused_though_it_comes_at_once(running: servers.Server) -> None:
    head = b"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: " + b"y" * 50_000 + b"\r\n\r\n"
    assert _sent(running, head).split(b" ")[1] in (b"400", b"431")


def test_e4_a_body_with_two_lengths_ends_the_connection(running: servers.Server) -> None:
    common = f"Host: 127.0.0.1\r\nAuthorization: Bearer {running.token}\r\n"
    smuggled = f"GET /api/v1/me HTTP/1.1\r\n{common}\r\n"
    first = f"POST /api/v1/tokens HTTP/1.1\r\n{common}Content-Type: application/json\r\nContent-Length: 5\r\n"
    answer = _sent(running, f"{first}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}".encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


# --- E5: what goes on after it has been ended ---


@pytest.mark.parametrize("end", ["revoke", "disable", "shrink", "password"])
def test_e5_a_stream_ends_with_the_credential_that_opened_it(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(receiving, "ASK_AGAIN_SECONDS", 0.05)
    name = f"streamer-{end}"
    _add(running, name, "operator")
    with running.client(None) as browser, running.client() as admin:
        _log_in(running, browser, name)
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
    _add(running, name, "operator")
    with running.client(None) as stolen, running.client() as admin, running.client(None) as browser:
        _log_in(running, stolen, name)
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


# --- E7, E8, E10: what users' code wrote ---


def _artifact(found: servers.Server, key: str, value: stored.StoredValue, run: str) -> int:
    with found.serving.ledger() as ledger:
        ledger.append([events.ArtifactMade(run=run, key=key, kind="table", value=value)])
        return int(ledger.artifacts(run=run, key=key)[0].id)


def _run(found: servers.Server, run: str) -> str:
    with found.serving.ledger() as ledger:
        ledger.append([events.RunCreated(run=run, execution=run)])
    return run


def test_e7_an_artifact_is_read_by_its_number_though_another_is_called_by_it(running: servers.Server) -> None:
    run = _run(running, "numbers")
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
    run = _run(running, "escaping")
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
    from weft.service import run_details

    inline = msgspec.json.encode({"$record": ["ah_planted:Thing", {"a": 1}]})
    assert run_details.plain(stored.StoredValue(format="json", data_version="j1:1", inline=inline)) == {"a": 1}


# --- E11: webhooks ---


@pytest.fixture
def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Server]:
    monkeypatch.setenv("AH_ORDERS_SECRET", "shh")
    with servers.running(tmp_path) as found:
        yield found


def test_e11_nobody_is_told_which_webhooks_there_are(hooked: servers.Server) -> None:
    with hooked.client(None) as client:
        answer = client.post("/api/v1/webhooks/order/deliveries", content=b"{}")
        assert answer.status_code == 404
        assert "Did you mean" not in answer.text


def test_e5_a_token_lasts_no_longer_than_it_says(running: servers.Server) -> None:
    with running.serving.ledger() as ledger:
        owner = accounts.Principal(name="me", role="admin", kind="local")
        now = datetime.now(UTC)
        _, secret = accounts.create_token(
            ledger, now, "short", owner=owner, expires_in=timedelta(seconds=1), actor=servers.TESTER
        )
        assert accounts.by_token(ledger, now + timedelta(seconds=0.9), secret) is not None
        assert accounts.by_token(ledger, now + timedelta(seconds=1), secret) is None
