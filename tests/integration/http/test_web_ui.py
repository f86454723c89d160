"""The web UI is served: its page at every path that is not the API's, its files, and the way in."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.integration.http import servers, test_every_route

from weft.surfaces.http import ui_files

INDEX = """<!doctype html><html lang="en"><head lang="en"><meta charset="utf-8"><title>weft</title>
<script type="module" src="./static/index-Ab12.js"></script></head><body><div id="root"></div></body></html>"""
SCRIPT = "console.log(1);\n" * 500
PAGES = ("/", "/now", "/assets/trading/daily_metrics", "/assets/x.js", "/runs/8f2c/", "/assets/a%20b%2Fc?q=1")


def build(folder: Path) -> Path:
    """Make what a build of the UI leaves."""
    static = folder / ui_files.STATIC
    static.mkdir(parents=True)
    (static / "index-Ab12.js").write_text(SCRIPT)
    (static / "index-Ab12.js.gz").write_bytes(gzip.compress(SCRIPT.encode(), 9))
    (static / "inter-Cd34.woff2").write_bytes(b"wOF2")
    (static / "loose-Ef56.css").write_text("a{color:red}\n" * 300)
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / ".stamp").write_text("1")
    (folder / "index.html").write_text(INDEX)
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    ui = build(tmp_path_factory.mktemp("built"))
    (ui / "static" / "passwd.txt").symlink_to("/etc/passwd")
    with servers.running(tmp_path_factory.mktemp("with-ui"), ui=ui) as found:
        yield found


def get(running: servers.Server, path: str, **headers: str) -> httpx.Response:
    """Ask as nobody; the path is sent as it is."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with running.client(None, headers={"accept-encoding": "identity", **given}) as client:
        return client.get(httpx.URL(running.url).copy_with(raw_path=path.encode()))


@pytest.mark.parametrize("path", PAGES)
def test_every_path_that_is_not_the_apis_has_the_page_for_everybody(running: servers.Server, path: str) -> None:
    answer = get(running, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert '<head lang="en"><base href="/">' in answer.text
    assert "set-cookie" not in answer.headers
    with running.client(None) as client:
        head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_e13_the_pages_policy_lets_its_own_files_run_and_styles_with_a_nonce_that_is_never_the_same(
    running: servers.Server,
) -> None:
    nonces = set()
    for _ in range(3):
        answer = get(running, "/now")
        (nonce,) = re.findall(r'<meta property="csp-nonce" nonce="([\w-]{20,})">', answer.text)
        policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["style-src"] == f"'self' 'nonce-{nonce}'"
        assert policy["frame-ancestors"] == "'none'"
        nonces.add(nonce)
    assert len(nonces) == 3


def test_a_file_with_a_lasting_name_is_kept_for_a_year_and_comes_packed(running: servers.Server) -> None:
    plain = get(running, "/static/index-Ab12.js")
    packed = get(running, "/static/index-Ab12.js", accept_encoding="br, gzip")
    for answer in (plain, packed):
        assert answer.status_code == 200
        assert answer.text == SCRIPT
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "accept-encoding"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 200 < int(plain.headers["content-length"])
    assert packed.headers["etag"] != plain.headers["etag"]
    again = get(running, "/static/index-Ab12.js", if_none_match=plain.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert get(running, "/static/inter-Cd34.woff2").headers["content-type"] == "font/woff2"


def test_a_file_that_was_not_packed_beforehand_is_packed_as_it_is_sent(running: servers.Server) -> None:
    answer = get(running, "/static/loose-Ef56.css", accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == "a{color:red}\n" * 300
    again = get(running, "/static/loose-Ef56.css", accept_encoding="gzip", if_none_match=answer.headers["etag"])
    assert again.status_code == 304


def test_a_file_beside_the_page_may_change_under_its_name(running: servers.Server) -> None:
    answer = get(running, "/favicon.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/static/index-Zz99.js", "/static", "/static/", "/static/%2e%2e/.stamp",
        "/static/..%2f..%2fetc%2fpasswd", "/static/%2fetc%2fpasswd", "/static/passwd.txt", "/static//index-Ab12.js",
        "/static/index-Ab12.js.gz", "/static/.%00", "/..%2f.stamp", "/static\\..\\.stamp%00",
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_ui_is_not_there(running: servers.Server, path: str) -> None:
    answer = get(running, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_hidden_files_are_never_served(running: servers.Server) -> None:
    assert get(running, "/.stamp").text.startswith("<!doctype html>")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api", "/api/", "/api/v2/runs"])
def test_the_api_stays_closed_and_speaks_json(running: servers.Server, path: str) -> None:
    assert get(running, path).status_code == (404 if path == "/api/" else 401)
    with running.client() as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_page_takes_nothing(running: servers.Server, method: str) -> None:
    with running.client(None) as nobody, running.client() as client:
        assert nobody.request(method, "/now").status_code == 401
        answer = client.request(method, "/now")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert client.request(method, "/now", headers={"origin": "http://evil.example"}).status_code == 403


def plain(page: str) -> str:
    """A page without what is never the same."""
    return re.sub(r'nonce="[^"]+"', "", page)


@pytest.mark.parametrize("path", test_every_route.SPELLINGS)
def test_e3_a_spelling_of_a_path_gets_the_page_that_all_get_or_nothing(running: servers.Server, path: str) -> None:
    page = plain(get(running, "/").text)
    for method in ("GET", "HEAD", "POST", "DELETE"):
        with running.client(None) as nobody:
            answer = nobody.request(method, httpx.URL(running.url).copy_with(raw_path=path.encode()))
        if method in ("GET", "HEAD") and answer.status_code == 200:
            assert plain(answer.text) == (page if method == "GET" else ""), path
        else:
            assert answer.status_code in (400, 401, 404), (method, path)


def test_a_foreign_host_gets_no_page(running: servers.Server) -> None:
    for path in ("/", "/now", "/static/index-Ab12.js"):
        assert get(running, path, host="evil.example").status_code == 403


@pytest.mark.parametrize("path", ["/", "/runs/8f2c", "/assets/a%2Fb", "/assets/%5C%5Cevil.example"])
def test_e2_a_link_leads_in_on_any_page_and_to_that_page_without_the_code(running: servers.Server, path: str) -> None:
    code = running.running.door.links.new()
    with running.client(None) as client:
        head = client.head(f"{path}?token={code}")
        assert "set-cookie" not in head.headers
        answer = client.get(f"{path}?tab=log&token={code}&q=a+b")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?tab=log&q=a+b")
        assert answer.headers["cache-control"] == "no-store"
        assert client.get("/api/v1/me").json()["kind"] == "session"
        again = client.get(f"{path}?token={code}")
        assert (again.status_code, again.headers["location"]) == (303, path)
    spent = get(running, f"{path}?token={code}")
    joined = "&" if "?" in path else "?"
    assert (spent.status_code, spent.headers["location"]) == (303, f"{path}{joined}link=refused")
    assert "set-cookie" not in spent.headers


def test_what_a_browser_of_the_ui_does_is_let_through_by_the_cookie(running: servers.Server) -> None:
    with running.client(None) as client:
        client.get(running.running.link())
        own = {"sec-fetch-site": "same-origin"}
        with client.stream("GET", "/api/v1/events", headers=own) as events:
            assert events.status_code == 200
            assert events.headers["content-type"].startswith("text/event-stream")
        made = client.post("/api/v1/tokens", json={"name": "ui"}, headers={**own, "origin": running.url})
        assert made.status_code == 201
        put = client.put("/api/v1/pools/web", json={"slots": 2}, headers={**own, "origin": running.url})
        assert put.status_code not in (401, 403, 405), put.text
        gone = client.delete(f"/api/v1/tokens/{made.json()['token']['id']}", headers={**own, "origin": running.url})
        assert gone.status_code == 204


def test_the_page_says_whether_one_can_log_in_by_name(tmp_path: Path) -> None:
    with servers.running(tmp_path / "project", ui=build(tmp_path / "ui")) as found:
        assert '<meta name="weft-log-in" content="link">' in get(found, "/").text
        with found.client() as client:
            client.post("/api/v1/accounts", json={"name": "ana", "password": servers.PASSWORD, "role": "admin"})
        assert '<meta name="weft-log-in" content="password">' in get(found, "/").text


def test_a_new_build_is_served_without_a_restart(tmp_path: Path) -> None:
    ui = tmp_path / "ui"
    with servers.running(tmp_path / "project", ui=ui) as found:
        with found.client() as client:
            assert "make ui" in client.get("/").text
        build(ui)
        assert 'id="root"' in get(found, "/").text
        (ui / "static" / "index-New1.js").write_text("2")
        os.utime(ui / "static", ns=(1, 1))
        assert get(found, "/static/index-New1.js").text == "2"
        (ui / "index.html").unlink()
        with found.client() as client:
            assert "make ui" in client.get("/").text
