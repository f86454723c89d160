"""Limits, problems, ETags, idempotency keys, compression and the life of the server, over real sockets (E14)."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.http import servers

from weft.model import errors
from weft.service.server import server_place
from weft.surfaces.http import call as calls
from weft.surfaces.http import problems, receiving, routing, server, table

ROUTES = routing.Routes(tag="test")
GATE = threading.Event()
MADE: list[str] = []
CLOSED = threading.Event()


class Thing(routing.Body, frozen=True, kw_only=True):
    """A thing."""

    name: str
    size: int = 0
    password: str = ""


class Many(routing.Query, frozen=True, kw_only=True):
    """A query."""

    count: int = 1
    kinds: list[str] = []  # noqa: RUF012 - msgspec copies it


@ROUTES.post("/things", scope="things.create", body=Thing, answer=Thing, status=201, idempotent=True, summary="Make")
def make(call: calls.Call, body: Thing) -> calls.Answer:
    """Make a thing, slowly if it is so called."""
    if body.name == "slow":
        GATE.wait(2 * servers.PATIENCE)
    if body.name == "bad":
        raise errors.UsageError("It is bad.", remedy="Make a good one.")
    MADE.append(body.name)
    return calls.Answer(body, location=f"/things/{body.name}", target=f"thing:{body.name}")


@ROUTES.get("/things", scope="things.read", query=Many, answer=list[str], etag=True, summary="List")
def things(call: calls.Call, query: Many) -> list[str]:
    """Many of them."""
    return ["thing"] * query.count + query.kinds


@ROUTES.get("/things/{name}", scope="things.read", answer=Thing, summary="Show")
def thing(call: calls.Call, name: str) -> Any:
    """One of them, or the error that it is called after."""
    call.unless_changed("v1")
    found: dict[str, Exception] = {
        "none": errors.NotFoundError("There is no thing 'none'.", remedy="Make it."),
        "drift": errors.DriftError("It has drifted."),
        "held": errors.ReservationError("run 8f2c holds it."),
        "ledger": errors.LedgerError("The disk is full."),
        "bug": ZeroDivisionError("secret detail"),
        "usage": errors.UsageError("No."),
    }
    if name in found:
        raise found[name]
    if name == "looked-up":
        with call.looking_up("name", name):
            raise errors.UsageError("There is no such thing.")
    return calls.Answer(Thing(name=name), etag="v1")


@ROUTES.put("/things/{name}", scope="things.change", body=Thing, answer=Thing, summary="Change")
def change(call: calls.Call, name: str, body: Thing) -> Thing:
    """Change one that has not changed meanwhile."""
    call.must_match("v1")
    return body


async def _ticks() -> AsyncIterator[bytes]:
    try:
        while True:
            yield b": tick\n\n"
            await asyncio.sleep(0.01)
    finally:
        CLOSED.set()


@ROUTES.get("/ticks", scope="things.read", stream=True, summary="Tick")
def ticks(call: calls.Call) -> calls.Stream:
    """For ever."""
    return calls.Stream(_ticks())


@ROUTES.get("/file", scope="things.read", raw=("text/html",), summary="A file")
def file(call: calls.Call) -> calls.Raw:
    """In parts."""
    return calls.Raw((part for part in (b"<script>", b"</script>")), "text/html", filename="a b.html")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    patch = pytest.MonkeyPatch()
    whole = server.tables.table()
    patch.setattr(server.tables, "table", lambda: routing.Table([*whole.routes, *ROUTES.all]))
    with servers.running(tmp_path_factory.mktemp("protocol")) as found:
        yield found
    patch.undo()


@pytest.fixture
def client(running: servers.Server) -> Iterator[httpx.Client]:
    with running.client() as made:
        yield made


# --- problems ---


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("none", 404, "not-found"),
        ("looked-up", 404, "not-found"),
        ("drift", 409, "drift"),
        ("held", 409, "reserved"),
        ("ledger", 503, "ledger"),
        ("bug", 500, "unexpected"),
        ("usage", 422, "usage"),
    ],
)
def test_each_error_has_its_status_and_code(client: httpx.Client, name: str, status: int, code: str) -> None:
    answer = client.get(f"/api/v1/things/{name}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_all_that_is_wrong_with_a_body_is_told_at_once(client: httpx.Client) -> None:
    answer = client.post("/api/v1/things", json={"size": "large", "nam": 1})
    assert answer.status_code == 422
    told = {each["field"]: each["problem"] for each in answer.json()["errors"]}
    assert set(told) == {"body.size", "body.nam", "body.name"}
    assert "'name'" in told["body.nam"]


def test_all_that_is_wrong_with_a_query_is_told_at_once(client: httpx.Client) -> None:
    answer = client.get("/api/v1/things?count=x&count=2&size=3")
    assert {each["field"] for each in answer.json()["errors"]} == {"query.count", "query.size"}
    assert client.get("/api/v1/things?kinds=a&kinds=b").json() == ["thing", "a", "b"]
    assert client.get("/api/v1/me?x=1").status_code == 422


@pytest.mark.parametrize(
    "body", [b"{", b'{"name": "\xff"}', b"[]", b'"x"', b"null", b'{"name": "x", "size": 99999999999999999999}',
             b'{"name": "x", "size": 1e999}', b"[" * 5000, b'{"a":' * 5000, b'{"name": "\\ud800"}'],
)  # fmt: skip
def test_what_is_no_such_object_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/api/v1/things", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


# --- limits ---


def test_e14_a_body_over_the_limit_is_refused_before_it_is_read(running: servers.Server, client: httpx.Client) -> None:
    big = b'{"name": "' + b"x" * receiving.BODY_AT_MOST + b'"}'
    answer = client.post("/api/v1/things", content=big, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")

    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    answer = client.post("/api/v1/things", content=parts(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_e14_too_many_or_too_long_headers_are_refused(running: servers.Server, client: httpx.Client) -> None:
    assert client.get("/api/v1/me", headers={f"x-{n}": "y" for n in range(120)}).status_code == 431
    with contextlib.suppress(httpx.TransportError):  # the server may hang up on what it refuses
        assert client.get("/api/v1/me", headers={"x": "y" * 100_000}).status_code in (400, 431)


def test_e14_a_path_over_the_limit_is_refused(client: httpx.Client) -> None:
    assert client.get("/api/v1/" + "x" * 5000).status_code == 414


def test_e14_a_repeated_header_that_says_who_asks_is_refused(running: servers.Server) -> None:
    for name in ("Authorization", "Origin", "Host", "Content-Type"):
        head = f"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {running.token}\r\n"
        with running.connect() as raw:
            raw.sendall(f"{head}{name}: x\r\n{name}: y\r\nConnection: close\r\n\r\n".encode())
            assert raw.recv(100).startswith(b"HTTP/1.1 400"), name


def test_e14_streams_are_bounded(running: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "STREAMS_AT_MOST", 1)
    CLOSED.clear()
    with running.client() as first, running.client() as second, first.stream("GET", "/api/v1/ticks") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        ticking = stream.iter_raw()  # kept: when it goes, the stream is closed
        assert next(ticking)
        with second.stream("GET", "/api/v1/ticks") as refused:
            assert refused.status_code == 503
            assert json.loads(refused.read())["code"] == "too-many-streams"
    assert CLOSED.wait(servers.PATIENCE)


# --- ETags and compression ---


def test_what_the_client_has_is_not_sent_again(client: httpx.Client) -> None:
    for path in ("/api/v1/things?count=3", "/api/v1/things/x", "/api/v1/openapi.json"):
        first = client.get(path)
        etag = first.headers["etag"]
        again = client.get(path, headers={"if-none-match": f'"other", {etag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"].removeprefix("W/") == etag.removeprefix("W/")
        assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_change_of_another_version_is_refused(client: httpx.Client) -> None:
    body = {"name": "x"}
    assert client.put("/api/v1/things/x", json=body, headers={"if-match": '"v0"'}).status_code == 412
    assert client.put("/api/v1/things/x", json=body, headers={"if-match": '"v1"'}).status_code == 200
    assert client.put("/api/v1/things/x", json=body).status_code == 200


def test_long_answers_are_compressed_for_who_takes_it(running: servers.Server) -> None:
    with running.client(headers={"accept-encoding": "gzip"}) as client:
        with client.stream("GET", "/api/v1/things?count=1000") as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(raw)) == ["thing"] * 1000
        assert "content-encoding" not in client.get("/api/v1/things").headers
    with running.client(headers={"accept-encoding": "gzip;q=0, identity"}) as client:
        assert "content-encoding" not in client.get("/api/v1/things?count=1000").headers


def test_e10_a_file_is_an_attachment_that_no_browser_runs(client: httpx.Client) -> None:
    answer = client.get("/api/v1/file")
    assert answer.text == "<script></script>"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.html"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"


# --- idempotency keys ---


def test_the_same_key_makes_one_thing_and_gets_the_same_answer(client: httpx.Client) -> None:
    headers = {"idempotency-key": "once"}
    first = client.post("/api/v1/things", json={"name": "once"}, headers=headers)
    again = client.post("/api/v1/things", json={"name": "once"}, headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert MADE.count("once") == 1


def test_a_key_with_another_request_is_refused(client: httpx.Client) -> None:
    headers = {"idempotency-key": "reused"}
    client.post("/api/v1/things", json={"name": "a"}, headers=headers)
    answer = client.post("/api/v1/things", json={"name": "b"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


def test_a_key_whose_request_is_under_way_is_refused(running: servers.Server) -> None:
    GATE.clear()
    headers = {"idempotency-key": "slow"}

    def send() -> int:
        with running.client() as one:
            return one.post("/api/v1/things", json={"name": "slow"}, headers=headers).status_code

    with futures.ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send) for _ in range(4)]
        deadline = time.monotonic() + servers.PATIENCE
        while sum(each.done() for each in sent) < 3 and time.monotonic() < deadline:
            futures.wait([each for each in sent if not each.done()], timeout=0.1)
        GATE.set()
    assert sorted(each.result() for each in sent) == [201, 409, 409, 409]
    assert MADE.count("slow") == 1


def test_what_was_refused_may_be_corrected_under_its_key(client: httpx.Client) -> None:
    headers = {"idempotency-key": "corrected"}
    assert client.post("/api/v1/things", json={"name": "bad"}, headers=headers).status_code == 422
    assert client.post("/api/v1/things", json={"name": "good"}, headers=headers).status_code == 201


def test_a_key_belongs_to_the_one_who_sends_it(running: servers.Server, client: httpx.Client) -> None:
    other = client.post("/api/v1/tokens", json={"name": "other"}).json()["secret"]
    headers = {"idempotency-key": "whose"}
    client.post("/api/v1/things", json={"name": "mine"}, headers=headers)
    with running.client(other) as second:
        assert second.post("/api/v1/things", json={"name": "theirs"}, headers=headers).json()["name"] == "theirs"


# --- audit ---


def test_e15_a_change_is_noted_without_what_is_secret(client: httpx.Client) -> None:
    client.post("/api/v1/things", json={"name": "noted", "password": "hidden-word"})
    item = client.get("/api/v1/audit?limit=1").json()["items"][0]
    assert (item["action"], item["target"]) == ("things.create", "thing:noted")
    assert "hidden-word" not in json.dumps(item)
    before = item["position"]
    client.post("/api/v1/things", json={"name": "bad"})
    client.get("/api/v1/things")
    assert client.get("/api/v1/audit?limit=1").json()["items"][0]["position"] == before


# --- OpenAPI ---


def test_openapi_tells_every_route_with_its_errors(client: httpx.Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(ids) == len(set(ids))
    for route in (each for each in table.table().routes if each not in ROUTES.all):
        assert route.method.lower() in document["paths"]["/api/v1" + route.template]
    for path in document["paths"].values():
        for operation in path.values():
            assert {"400", "422", "500"} <= set(operation["responses"])
            assert operation["summary"]
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert reference in document["components"]["schemas"]


# --- life ---


def test_a_port_in_use_is_told(running: servers.Server) -> None:
    with pytest.raises(errors.UsageError, match="already"):
        server.serve(running.serving, server.Bind(port=running.running.port))


@pytest.mark.usefixtures("running")  # which adds the routes
def test_stopping_ends_streams_at_once(tmp_path: Path) -> None:
    ended = threading.Event()
    with servers.running(tmp_path) as found:
        place = server_place.read(found.home)
        assert place is not None
        assert (place.url, place.pid) == (found.url, os.getpid())
        began = threading.Event()

        def listen() -> None:
            with found.client() as one, one.stream("GET", "/api/v1/ticks") as stream:
                for _ in stream.iter_raw():
                    began.set()
            ended.set()

        threading.Thread(target=listen, daemon=True).start()
        assert began.wait(servers.PATIENCE)
        found.running.stop()
        assert ended.wait(servers.PATIENCE)  # the stream itself would go on for ever
    assert server_place.read(found.home) is None


def test_a_second_server_of_a_project_leaves_the_note_of_the_first_alone(tmp_path: Path) -> None:
    note = tmp_path / server_place.FILE_NAME
    says_who = (
        "import sys; from pathlib import Path; from weft.service.server import server_place; "
        "server_place.write(Path(sys.argv[1]), 'http://127.0.0.1:1'); print(flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", says_who, str(tmp_path)], **pipes) as first:  # type: ignore[call-overload]
        first.stdout.readline()
        before = note.read_bytes()
        server_place.write(tmp_path, "http://127.0.0.1:2")
        server_place.remove(tmp_path)
        assert note.read_bytes() == before
        first.stdin.close()
    server_place.write(tmp_path, "http://127.0.0.1:2")
    found = server_place.read(tmp_path)
    assert found is not None
    assert found.url == "http://127.0.0.1:2"


def test_a_slow_sender_holds_nobody_up(running: servers.Server, client: httpx.Client) -> None:
    with running.connect() as slow:
        slow.sendall(b"POST /api/v1/things HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n")
        for _ in range(20):
            assert client.get("/api/v1/me").status_code == 200


def test_importing_the_server_is_quick_and_loads_no_definitions() -> None:
    script = (
        "import sys\nfrom weft.surfaces.http import server, table\ntable.table()\n"
        "print([name for name in ('pydantic', 'polars', 'pyarrow', 'pandas', 'apprise', 'jinja2', 'numpy') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_refused_is_told_as_it_is() -> None:
    refused = problems.Refused(418, "teapot", "No.", remedy="Tea.")
    assert problems.of(refused)[0] == problems.made(418, "teapot", "No.", remedy="Tea.")
