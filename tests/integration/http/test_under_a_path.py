"""weft under a path: by a setting or by what a proxy says, whether or not the proxy takes the path off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.integration.http import servers, test_every_route, test_web_ui

from weft.codehost import server_settings
from weft.model import errors
from weft.service.alerting import settings as alert_settings
from weft.surfaces.http import routing, server, table

BASE = "/tools/weft"
FORWARDED = {"x-forwarded-prefix": "/other/path/"}
ROUTES = table.table().routes


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    ui = test_web_ui.build(tmp_path_factory.mktemp("built"))
    bind = server.Bind(port=0, base_path=BASE)
    with servers.running(tmp_path_factory.mktemp("under-a-path"), ui=ui, bind=bind) as found:
        yield found


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    ui = test_web_ui.build(tmp_path_factory.mktemp("built-too"))
    bind = server.Bind(port=0, base_path=BASE, behind_proxy=True)
    with servers.running(tmp_path_factory.mktemp("proxied"), ui=ui, bind=bind) as found:
        yield found


def status(client: httpx.Client, route: routing.Route, path: str) -> int:
    """What asking a route answers; streams are not waited for."""
    with client.stream(route.method, path) as answer:
        return answer.status_code


@pytest.mark.parametrize("route", ROUTES, ids=test_every_route.named)
def test_each_route_is_there_with_the_path_and_without_it(running: servers.Server, route: routing.Route) -> None:
    path = test_every_route.at(route)
    with running.client(None) as nobody, running.client() as client:
        assert status(nobody, route, BASE + path) == status(nobody, route, path)
        if route.safe:
            assert status(client, route, BASE + path) == status(client, route, path)
        elif not route.open:
            assert status(nobody, route, BASE + path) == 401


@pytest.mark.parametrize("front", ["", BASE])
@pytest.mark.parametrize("path", test_web_ui.PAGES)
def test_the_page_names_the_path_whether_a_proxy_takes_it_off_or_not(
    running: servers.Server, path: str, front: str
) -> None:
    answer = test_web_ui.get(running, front + path)
    assert answer.status_code == 200
    assert f'<base href="{BASE}/">' in answer.text
    assert test_web_ui.get(running, f"{front}/static/index-Ab12.js").text == test_web_ui.SCRIPT
    assert test_web_ui.get(running, f"{front}/static/nothing.js").status_code == 404


def test_the_path_itself_is_the_first_page_and_one_like_it_is_another(running: servers.Server) -> None:
    assert test_web_ui.get(running, BASE).status_code == 200
    assert test_web_ui.get(running, f"{BASE}/api").status_code == 401
    assert test_web_ui.get(running, f"{BASE}x/api/v1/me").headers["content-type"].startswith("text/html")
    assert test_web_ui.get(running, f"{BASE}/%2e%2e/api/v1/me").status_code == 404


def test_the_link_the_cookie_and_what_is_created_have_the_path(running: servers.Server) -> None:
    link = running.running.link()
    assert link.startswith(f"{running.url}{BASE}/?token=")
    with running.client(None) as client:
        first = client.get(link)
        assert (first.status_code, first.headers["location"]) == (303, f"{BASE}/")
        assert f"; Path={BASE};" in first.headers["set-cookie"]
        assert client.get(f"{BASE}/api/v1/me").json()["kind"] == "session"
        assert client.get("/api/v1/me").status_code == 401  # not under the path: the browser keeps the cookie back
        own = {"origin": running.url}
        made = client.post(f"{BASE}/api/v1/session/links", headers=own)
        assert made.json()["url"].startswith(f"{running.url}{BASE}/?token=")
        assert made.headers["location"] == f"{BASE}/api/v1/me"
        assert client.get(f"{BASE}/api/v1/openapi.json").json()["servers"] == [{"url": BASE}]
        page = client.get(f"{BASE}/api/docs").text
        assert f'<base href="{BASE}/">' in page
        assert 'href="/' not in page.replace(f'<base href="{BASE}/">', "")
        out = client.delete(f"{BASE}/api/v1/session", headers=own)
        assert f"; Path={BASE};" in out.headers["set-cookie"]
        assert client.get(f"{BASE}/api/v1/me").status_code == 401


def test_a_link_from_another_site_leads_in_under_the_path(running: servers.Server) -> None:
    with running.client(None) as client:
        answer = client.get(running.running.link() + "&q=%22%3E", headers={"sec-fetch-site": "cross-site"})
        assert f'content="0;url={BASE}/?q=%22%3E"' in answer.text


def test_a_trusted_proxy_says_the_path(proxied: servers.Server) -> None:
    assert '<base href="/other/path/">' in test_web_ui.get(proxied, "/now", **FORWARDED).text
    assert '<base href="/other/path/">' in test_web_ui.get(proxied, "/other/path/now", **FORWARDED).text
    assert f'<base href="{BASE}/">' in test_web_ui.get(proxied, "/now").text
    with proxied.client(headers=FORWARDED) as client:
        assert client.get("/api/v1/me").status_code == 200
        assert client.get("/other/path/api/v1/me").status_code == 200
        assert client.get("/nowhere/api/v1/me").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("told", ["//evil.example", "/a/../b", '/"><script>', "/api/x", "/a, /b", "x", "/%41"])
def test_what_cannot_be_a_path_is_refused_of_a_proxy(proxied: servers.Server, told: str) -> None:
    answer = test_web_ui.get(proxied, "/now", x_forwarded_prefix=told)
    assert (answer.status_code, answer.json()["code"]) == (400, "prefix")


def test_what_anybody_else_says_of_a_path_counts_for_nothing(running: servers.Server, tmp_path: Path) -> None:
    assert f'<base href="{BASE}/">' in test_web_ui.get(running, "/now", **FORWARDED).text
    ui = test_web_ui.build(tmp_path / "ui")
    bind = server.Bind(port=0, behind_proxy=True, proxies=("10.9.9.9",))
    with servers.running(tmp_path / "project", ui=ui, bind=bind) as found:
        assert '<base href="/">' in test_web_ui.get(found, "/now", **FORWARDED).text


@pytest.mark.parametrize("path", ["weft", "/", "/weft/", "/api", "/api/x", "/static", "/a//b", "/a/../b", "/a b", 3])
def test_a_setting_that_is_no_path_is_refused(path: object) -> None:
    assert "server.base_path is" in (server_settings.problem({"base_path": path}) or "")
    if isinstance(path, str):
        with pytest.raises(errors.UsageError, match=r"server\.base_path is"):
            server.bind_of({}, base_path=path)


@pytest.mark.parametrize(
    ("settings", "base", "url"),
    [
        ({}, "", ""),
        ({"base_path": "/w"}, "/w", ""),
        ({"url": "https://x.example"}, "", "https://x.example"),
        ({"url": "https://x.example/w/"}, "/w", "https://x.example/w"),
        ({"url": "https://x.example", "base_path": "/w"}, "/w", "https://x.example/w"),
        ({"url": "https://x.example/w", "base_path": "/w"}, "/w", "https://x.example/w"),
    ],
)
def test_the_url_and_the_path_complete_each_other(settings: dict[str, str], base: str, url: str) -> None:
    assert server_settings.problem(settings) is None
    bind = server.bind_of(settings)
    assert (bind.base_path, bind.url) == (base, url)
    assert alert_settings.read({"server": settings}).url == url


def test_a_url_whose_path_is_another_is_refused() -> None:
    told = server_settings.problem({"url": "https://x.example/a", "base_path": "/b"}) or ""
    assert "leave one out" in told
    assert "server.url has the path" in (server_settings.problem({"url": "https://x.example/api"}) or "")
