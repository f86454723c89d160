"""Attacks that cost a server more than their sender: time, memory, threads, connections. Named by docs/security.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from tests.integration.http import servers

from weft.define.automations.webhooks import STRIPE
from weft.model import automations, events
from weft.service.access import accounts
from weft.service.automation import webhooks
from weft.service.run import log_lines
from weft.surfaces.http import answering, connections, decoding, idempotency, limits, receiving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.running(tmp_path_factory.mktemp("attacked")) as found:
        yield found


def test_e14_no_header_of_a_delivery_costs_more_than_its_length() -> None:
    webhook = automations.Webhook(
        name="orders", target=automations.Target(pipeline="adding"), secret="env:X", signature=STRIPE
    )
    began = time.process_time()
    for header in ("t=1" + " " * 200_000 + "x,v1=00", "," * 200_000, "t=" + "1" * 200_000, "v1=" + "0" * 200_000):
        with pytest.raises(webhooks.SignatureError):
            webhooks.check_signature(webhook, {STRIPE.header.lower(): header}, b"", datetime.now(UTC), "secret")
    assert time.process_time() - began < 10  # milliseconds; what costs a square of the length takes minutes


@pytest.mark.parametrize("text", ['"' + '\\"' * 500_000, '"' * 1_000_000, "\\" * 1_000_000, '"\\', "[{" * 500_000])
def test_e14_no_body_costs_more_than_its_length(text: str) -> None:
    began = time.process_time()
    decoding.depth(b"[" * 65 + text.encode())
    assert time.process_time() - began < 10  # milliseconds; what costs a square of the length takes minutes


def test_strings_count_for_nothing_in_the_depth_of_json() -> None:
    for raw, depth in ((b'[["[[[", "\\"[["]]', 2), (b'{"a": "\\\\"}', 1), (b'["[[', 1), (b"[]{}", 1), (b'"[["', 0)):
        assert decoding.depth(raw) == depth, raw


def test_e14_one_account_cannot_take_all_streams(running: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "STREAMS_EACH", 2)
    running.add_account("greedy", "viewer")
    with contextlib.ExitStack() as opened:
        client = opened.enter_context(running.client(None))
        servers.log_in(client, "greedy")
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
    assert running.answer(begun) == b""


def test_e14_a_second_request_that_never_ends_is_hung_up_on(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    whole = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    answer = running.answer(whole + b"GET /api/v1/he")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1") == 1


def test_e14_a_stream_outlives_the_patience_for_heads(running: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    with running.client() as client, client.stream("GET", "/api/v1/events") as stream:
        lines = stream.iter_raw()
        assert next(lines)
        assert running.answer(b"GET / HT") == b""  # which takes as long as that, and so twice
        assert running.answer(b"GET / HT") == b""
        running.add_account("outlived", "viewer")
        assert b"ChangeMade" in next(lines)


def test_e14_connections_over_the_bound_are_closed_at_once(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most", lambda: 8)
    with contextlib.ExitStack() as opened:
        held = [opened.enter_context(running.connect()) for _ in range(12)]
        closed = 0
        for each in held[-4:]:
            with contextlib.suppress(ConnectionError):
                assert each.recv(1) == b""
            closed += 1
        assert closed == 4
    deadline = time.monotonic() + servers.PATIENCE
    while time.monotonic() < deadline:  # once the others have gone, there is room
        with contextlib.suppress(httpx.TransportError), running.client() as client:
            if client.get("/api/v1/health").status_code == 200:
                return
    raise AssertionError("the server takes no connection any more")


def test_e14_a_head_that_is_too_long_is_refused_though_it_comes_at_once(running: servers.Server) -> None:
    head = b"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: " + b"y" * 50_000 + b"\r\n\r\n"
    assert running.answer(head).split(b" ")[1] in (b"400", b"431")


def test_e14_a_page_of_a_log_has_a_bounded_number_of_lines(running: servers.Server) -> None:
    run = running.add_run("blank-lines")
    (running.home / "logs" / run).mkdir(parents=True)
    (running.home / "logs" / run / "w.log").write_bytes(b"\n" * 500_000)
    with running.serving.ledger() as ledger:
        segment = events.LogSegment(file=f"{run}/w.log", start=0, end=500_000)
        failed = events.AttemptFailed(run=run, step="a", error=events.Error(kind="E", message="m"), log=segment)
        ledger.append([failed])
    with running.client() as client:
        log = client.get(f"/api/v1/runs/{run}/logs").json()["items"][0]["log"]
        page = client.get(f"/api/v1/runs/{run}/logs/{log}?limit=1048576").json()
        assert len(page["lines"]) <= log_lines.MOST_LINES
        assert page["next"] == len(page["lines"])
        whole = client.get(f"/api/v1/runs/{run}/attempts").json()["items"]
        assert len(whole[0]["text"]) <= 500_000


def test_e14_who_asks_for_much_leaves_threads_to_others() -> None:
    async def watched() -> tuple[int, int]:
        turns = limits.Turns(4)
        greedy = accounts.Principal(name="a", role="viewer", kind="session", account="a")
        other = accounts.Principal(name="b", role="viewer", kind="session", account="b")
        go, began = asyncio.Event(), 0

        async def ask(who: accounts.Principal) -> None:
            nonlocal began
            async with turns.turn(who):
                began += 1
                await go.wait()

        asked = [asyncio.ensure_future(ask(greedy)) for _ in range(10)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        alone = began
        asked.append(asyncio.ensure_future(ask(other)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        both = began
        go.set()
        await asyncio.gather(*asked)
        assert began == 11
        assert not turns._known
        return alone, both

    assert asyncio.run(watched()) == (2, 3)


def test_e14_a_message_tells_back_a_bounded_part_of_what_was_sent(running: servers.Server) -> None:
    from weft.surfaces.http import problems

    assert len(problems.made(422, "usage", "x" * 900_000, remedy="y" * 900_000).detail) < 6000
    assert len(problems.made(422, "usage", "x", remedy="y" * 900_000).remedy) < 6000


def test_a_large_answer_is_kept_small_and_given_again_as_it_was(tmp_path: Path) -> None:
    with servers.running(tmp_path) as found:
        text = json.dumps({"x": "y" * 200_000}).encode()
        headers = {"idempotency-key": "large"}
        call = SimpleNamespace(
            headers=headers,
            principal=accounts.Principal(name="me", role="admin", kind="local"),
            now=datetime.now(UTC),
            ledger=found.serving.ledger,
        )
        made = answering.Ready(status=201, headers={"content-type": "application/json"}, content=text)
        for _ in range(2):
            answer = idempotency.once(call, b"request", lambda: made)  # type: ignore[arg-type]
            assert answer.content == text
        assert answer.headers == {"content-type": "application/json", "idempotency-replayed": "true"}
        with found.serving.ledger() as ledger:
            kept = ledger.kept_answer("local:me:", "large")
            assert kept is not None
            assert len(kept.body) < 2000


def test_e14_answers_that_nobody_reads_do_not_stay(running: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: queue.Queue[int] = queue.Queue()
    lose = connections.Bounded.connection_lost

    def connection_lost(self: connections.Bounded, exc: Exception | None) -> None:
        ended.put(self.transport.get_extra_info("peername")[1])
        lose(self, exc)

    monkeypatch.setattr(connections.Bounded, "connection_lost", connection_lost)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    ask = f"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {running.token}\r\n\r\n"
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(servers.PATIENCE)
    raw.connect(("127.0.0.1", running.running.port))
    try:
        raw.sendall(ask.encode() * 200)
        while ended.get(timeout=servers.PATIENCE) != raw.getsockname()[1]:
            pass
        answers = 0
        with contextlib.suppress(ConnectionError):
            while part := raw.recv(1 << 20):
                answers += part.count(b"HTTP/1.1 200")
        assert answers < 200
    finally:
        raw.close()


def test_e14_an_answer_that_is_read_slowly_comes_whole(
    running: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    (running.home / "logs" / "slow").mkdir(parents=True, exist_ok=True)
    (running.home / "logs" / "slow" / "w.log").write_bytes(b"x" * 12_000_000)
    run = running.add_run("slow")
    with running.serving.ledger() as ledger:
        segment = events.LogSegment(file="slow/w.log", start=0, end=12_000_000)
        ledger.append([events.AttemptFailed(run=run, step="a", log=segment)])
    with running.client() as client:
        log = client.get(f"/api/v1/runs/{run}/logs").json()["items"][0]["log"]
        size = 0
        with client.stream("GET", f"/api/v1/runs/{run}/logs/{log}/text") as answer:
            for part in answer.iter_raw(500_000):
                size += len(part)
                time.sleep(0.1)  # a slow reader: it takes longer in all than it may do nothing
        assert size == 12_000_000


@pytest.mark.parametrize("text", ['"' + '\\"' * 14_000 + '"', "a" + " " * 28_000 + "b", ";" * 28_000, "=" * 28_000])
def test_e14_no_cookie_costs_more_than_its_length(running: servers.Server, text: str) -> None:
    began = time.process_time()
    for _ in range(20):
        assert running.running.door.credential_of({"cookie": f"other=1; {text}; x=y"}) == ("", False)
    assert time.process_time() - began < 10
