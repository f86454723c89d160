"""Every route, by every method, as everybody: what the table declares is what comes out.

A new route is covered by itself. The numbers E1 to E18 are those of the security defaults that docs/security.md lists.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.integration.http import servers

from weft.ports import accounts as ports
from weft.service.access import accounts
from weft.surfaces.http import pages, routing, table

ROLES = ports.ROLES
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "QUERY")
PREFIX = "/api/v1"


class World:
    """One server with an account and a token for each role."""

    def __init__(self, server: servers.Server) -> None:
        self.server = server
        now = datetime.now(UTC)
        self.tokens: dict[str, str] = {}
        with server.serving.ledger() as ledger:
            for role in ROLES:
                accounts.add(ledger, now, role, servers.PASSWORD, role, actor=servers.TESTER)
                owner = accounts.Principal(name=role, role=role, kind="local", account=role)
                _, self.tokens[role] = accounts.create_token(ledger, now, role, owner=owner, actor=servers.TESTER)
            local = accounts.Principal(name="me", role="admin", kind="local")
            past = now - timedelta(days=2)
            _, self.expired = accounts.create_token(
                ledger, past, "old", owner=local, expires_in=timedelta(days=1), actor=servers.TESTER
            )
            view, self.revoked = accounts.create_token(ledger, now, "gone", owner=local, actor=servers.TESTER)
            accounts.revoke_token(ledger, now, view.id, local, actor=servers.TESTER)
            _, self.bound = accounts.create_token(
                ledger, now, "bound", owner=local, scopes=("nothing.at-all",), actor=servers.TESTER
            )
        self.client = server.client(None)

    def ask(self, method: str, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        """Send a request; the answer's body is not waited for, so that streams are no obstacle."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        request = self.client.build_request(method, path, headers=given)
        answer = self.client.send(request, stream=True)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.close()
        else:
            answer.read()
        return answer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with servers.running(tmp_path_factory.mktemp("everybody")) as server:
        made = World(server)
        yield made
        made.client.close()


def at(route: routing.Route) -> str:
    """A path of the route, of something that is not there."""
    return PREFIX + "/".join("nothing-there" if each.startswith("{") else each for each in ("", *route.parts))


PATHS = sorted({at(route) for route in table.table().routes})
CLOSED = [route for route in table.table().routes if not route.open]
STATIC = ["/" + "/".join(segments) for segments in pages.PAGES]


def named(route: routing.Route) -> str:
    return f"{route.method} {route.path}"


def test_e3_what_is_open_is_health_logging_in_webhooks_and_the_first_page() -> None:
    open_routes = {
        (route.method, route.path) for route in table.table().routes if route.open and not route.open_webhook
    }
    webhooks = {route.path for route in table.table().routes if route.open_webhook}
    assert open_routes <= {("GET", "/health"), ("POST", "/session")}
    assert webhooks <= {"/webhooks/{name}/deliveries"}
    assert [segments for segments, page in pages.PAGES.items() if page.open] == [()]


def test_e3_a_route_without_a_scope_cannot_be_declared() -> None:
    routes = routing.Routes(tag="test")
    for scope in ("", "everything", "a.b.c", "Runs.read"):
        with pytest.raises(ValueError, match="scope"):
            routes.get("/test", scope=scope, answer=dict, summary="")(lambda call: {})


@pytest.mark.parametrize("path", [*PATHS, *STATIC, "/api/v1/nothing", "/api", "/assets/x.js", "/api/v1"])
def test_e3_nobody_gets_anything_by_any_method(world: World, path: str) -> None:
    found = table.table().find(tuple(path.removeprefix(PREFIX).split("/")[1:])) if path.startswith(PREFIX) else {}
    for method in METHODS:
        route = found.get("GET" if method == "HEAD" else method)
        if route is not None and route[0].open:
            continue
        assert world.ask(method, path).status_code == 401, (method, path)


@pytest.mark.parametrize("credential", ["wrong", "expired", "revoked", "empty", "basic", "other"])
def test_e5_a_credential_that_does_not_count_is_as_none(world: World, credential: str) -> None:
    token = {"wrong": "weft_0000000000_wrong", "expired": world.expired, "revoked": world.revoked, "other": "x"}
    header = {"empty": "Bearer", "basic": "Basic YTpi"}.get(credential) or f"Bearer {token[credential]}"
    for route in CLOSED:
        assert world.ask(route.method, at(route), authorization=header).status_code == 401, named(route)


@pytest.mark.parametrize("route", CLOSED, ids=named)
def test_e3_each_role_may_what_the_table_says_and_no_more(world: World, route: routing.Route) -> None:
    for role in ROLES:
        if route.path.startswith("/session") and route.method == "DELETE":
            continue
        answer = world.ask(route.method, at(route), world.tokens[role])
        enough = ROLES.index(role) >= ROLES.index(route.role)
        if enough:
            assert answer.status_code != 401, (role, named(route))
            told = answer.json()["detail"] if answer.status_code == 403 else ""
            assert "asks for the role" not in told, (role, named(route))
            assert answer.status_code < 500 or answer.status_code in (501, 503), (role, named(route), answer.text)
        else:
            assert answer.status_code == 403, (role, named(route))
            assert answer.json()["code"] == "forbidden"


def test_e5_a_token_with_scopes_may_nothing_else_whatever_its_role(world: World) -> None:
    for route in CLOSED:
        assert world.ask(route.method, at(route), world.bound).status_code == 403, named(route)


@pytest.mark.parametrize("path", [*PATHS, *STATIC])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "evil.example:80", "", "127.0.0.1,x"]
)
def test_e4_a_foreign_host_gets_nothing_not_even_health(world: World, path: str, host: str) -> None:
    for method in ("GET", "POST"):
        assert world.ask(method, path, world.server.token, host=host).status_code in (400, 403), (method, path, host)


@pytest.mark.parametrize("path", [*PATHS, *STATIC])
def test_e4_a_page_elsewhere_changes_nothing_whatever_the_credential(world: World, path: str) -> None:
    foreign: list[dict[str, str]] = [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": world.server.url, "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
    ]
    hooks = {at(route) for route in table.table().routes if route.open_webhook}
    for method, headers in itertools.product(UNSAFE, foreign):
        if path in hooks and method == "POST":
            continue
        answer = world.ask(method, path, world.server.token, **headers)
        assert answer.status_code == 403, (method, path, headers)
        assert answer.json()["code"] == "origin"


@pytest.mark.parametrize("path", PATHS)
def test_e4_no_answer_lets_another_site_read_it(world: World, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = world.ask(
            method, path, world.server.token, origin="http://evil.example", access_control_request_method="POST"
        )
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", [*PATHS, *STATIC, "/api/v1/nothing"])
def test_e13_each_answer_carries_the_headers_that_keep_a_browser_safe(world: World, path: str) -> None:
    for token in (None, world.server.token):
        answer = world.ask("GET", path, token)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors" in policy
        assert "unsafe-inline" not in policy or "sandbox" in policy
        assert "server" not in answer.headers


SPELLINGS = (
    "/api/v1/health/", "/api/v1//health", "//api/v1/health", "/api/v1/Health", "/API/v1/health", "/api/v1/runs/health",
    "/api/v1/health/x", "/api/v1/xhealth", "/api/v1/me/health", "/api/v1/me;health", "/api/v1/me%2Fhealth",
    "/api/v1/%68ealth/..", "/api/v1/health/../me", "/api/v1/health/%2e%2e/me", "/api/v1/health/.%2e/me",
    "/api/v1/health%2f..%2fme", "/api/v1/health%00", "/api/v1/me?x=/api/v1/health", "/api/v1/me%3f/api/v1/health",
    "/api/v1/health%5c..%5cme", "/x/../api/v1/me", "/%2e/api/v1/me", "/api/v1/session/../accounts", "/api/v2/health",
    "/health", "/api/v1/assets/../../../../etc/passwd", "/api/v1/runs/..%2f..%2fetc%2fpasswd", "/api/v1/me/",
    "/api/v1/%c0%ae%c0%ae/me", "/api/v1/health\\..\\me",
)  # fmt: skip


@pytest.mark.parametrize("path", SPELLINGS)
def test_e3_no_spelling_of_a_path_gets_round_the_door(world: World, path: str) -> None:
    raw = httpx.URL(world.server.url).copy_with(raw_path=path.encode())
    for method in ("GET", "HEAD", "POST", "DELETE"):
        answer = world.client.request(method, raw)
        assert answer.status_code in (400, 401, 404), (method, path, answer.status_code)
        assert "passwd" not in answer.text or answer.status_code >= 400


@pytest.mark.parametrize("path", [*PATHS, *STATIC])
def test_whatever_is_answered_by_an_error_is_a_problem_that_says_what_to_do(world: World, path: str) -> None:
    for method in METHODS:
        answer = world.ask(method, path, world.server.token if path != "/api/v1/session" else None)
        if answer.status_code < 400 or method == "HEAD" or answer.headers["content-type"].startswith("text/html"):
            continue
        if path.endswith("/ready") and answer.status_code == 503:
            continue  # it tells what is not ready
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert told["status"] == answer.status_code
        assert told["code"]
        assert told["detail"]
        if answer.status_code == 405:
            assert method not in answer.headers["allow"].split(", ")


def test_head_and_options_say_what_get_would(world: World) -> None:
    token = world.server.token
    got, head = world.ask("GET", "/api/v1/me", token), world.ask("HEAD", "/api/v1/me", token)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    options = world.ask("OPTIONS", "/api/v1/tokens", token)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_a_websocket_is_refused(world: World) -> None:
    answer = world.ask(
        "GET", "/api/v1/events", upgrade="websocket", connection="upgrade", sec_websocket_key="eA==",
        sec_websocket_version="13",
    )  # fmt: skip
    assert answer.status_code == 401
