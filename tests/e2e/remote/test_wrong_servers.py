"""What the command line says of servers that are gone, are none of weft's, or refuse it."""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.cli.conftest import Project
from tests.integration.http import servers


class Page(http.server.BaseHTTPRequestHandler):
    """Answers everything with one page."""

    status, kind, body = 200, "text/html", b"<html>Welcome</html>"
    asked: list[tuple[str, str]] = []  # noqa: RUF012 - one for all requests

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        if self.status == 302:
            self.send_header("Location", "https://elsewhere.example.com/login")
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name that is overridden
        pass


@contextlib.contextmanager
def page(
    status: int = 200, kind: str = "text/html", body: bytes = b"<html>Welcome</html>"
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server of one page: its address, and what it was asked for with which token."""
    asked: list[tuple[str, str]] = []
    handler = type("Page", (Page,), {"status": status, "kind": kind, "body": body, "asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("WEFT_SERVER", "WEFT_PROFILE", "WEFT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    folder = tmp_path / "here"
    folder.mkdir()
    made = Project(folder)
    made.define("@asset\ndef here() -> int:\n    return 1\n")
    return made


def test_a_server_that_is_not_there_is_named_with_what_to_check(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = project.weft("--server", url, "status")
    assert result.code == 1
    assert f"The server {url} cannot be reached: Connection refused" in result.err
    assert "weft dev" in result.err


@pytest.mark.parametrize(
    "url", ["ftp://host", "http://", "http://host:99999", "http://u:p@host", "http://h/?a=1", "a b"]
)
def test_an_address_that_is_none_is_refused(project, url):
    result = project.weft("--server", url, "status")
    assert result.code == 2
    assert "--server" in result.err


@pytest.mark.parametrize(
    ("status", "kind", "body", "told"),
    [
        (200, "text/html", b"<html>", "answered with text/html where weft's answers with JSON"),
        (404, "text/html", b"<html>", "answered 404 Not Found"),
        (502, "text/html", b"", "answered 502 Bad Gateway"),
        (302, "text/html", b"", "answered 302 Found, to https://elsewhere.example.com/login"),
        (404, "application/json", b'{"detail": "Not Found"}', "answered 404 Not Found"),
        (200, "application/json", b'{"nothing": 1}', "gave an answer that this weft cannot read"),
        (200, "application/json", b"[", "gave an answer that this weft cannot read"),
    ],
)
def test_what_is_no_server_of_wefts_is_told_as_that(project, status, kind, body, told):
    with page(status, kind, body) as (url, _):
        result = project.weft("--server", url, "status")
    assert (result.code, result.out) == (1, "")
    assert told in result.err
    assert "Traceback" not in result.err


def test_an_older_server_that_has_no_such_route_is_told_as_that(project):
    body = b'{"title": "Not Found", "status": 404, "code": "no-route", "detail": "There is nothing under this path."}'
    with page(404, "application/problem+json", body) as (url, _):
        result = project.weft("--server", url, "status")
    assert result.code == 1
    assert "does not know what this weft asks of it" in result.err
    assert "the same version of weft" in result.err


def test_an_address_may_lack_its_scheme_end_with_a_slash_and_have_a_path(project):
    with page() as (url, asked):
        result = project.weft("--server", f"{url.removeprefix('http://')}/team/weft/", "runs")
    assert f"The server {url}/team/weft answered with" in result.err
    assert [each.partition("?")[0] for each, _ in asked] == ["/team/weft/api/v1/runs"]


def test_no_token_of_the_project_here_goes_to_a_server_elsewhere(project, monkeypatch):
    from weft.surfaces.cli import remote

    (project.folder / ".weft").mkdir()
    (project.folder / ".weft" / "token").write_text("secret")
    monkeypatch.chdir(project.folder)
    assert remote._token_here("https://weft.example.com") is None
    assert remote._token_here("http://127.0.0.1.example.com:8321") is None
    with page() as (url, asked):
        project.weft("--server", url, "runs")
    assert [token for _, token in asked] == ["Bearer secret"]


def test_what_works_on_the_project_alone_is_refused_for_a_server(project):
    for arguments in (("init",), ("dev",), ("completion", "bash")):
        result = project.weft("--server", "http://127.0.0.1:1", *arguments)
        assert result.code == 2
        assert f"`weft {arguments[0]}` works on the project here, not on a server." in result.err
    for arguments in (("worker", "start"),):
        result = project.weft("--server", "http://127.0.0.1:1", *arguments)
        assert result.code == 2
        assert "works on the project here, not on a server (http://127.0.0.1:1)" in result.err


def test_a_token_that_leaves_this_machine_unencrypted_is_warned_of(project, monkeypatch):
    monkeypatch.setenv("WEFT_TOKEN", "secret")
    assert "the token, and any secret given, goes to http://weft.invalid:1 unencrypted" in (
        project.weft("--server", "http://weft.invalid:1", "runs").err
    )
    for url in ("https://weft.invalid:1", "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"):
        assert "unencrypted" not in project.weft("--server", url, "runs").err


def test_options_that_say_how_this_machine_runs_something_are_refused_for_a_server(project):
    for arguments in (
        ("apply", "--yes", "--executor", "inline"),
        ("apply", "--yes", "--set", "a.b=c"),
        ("materialize", "here", "--jobs", "2"),
        ("run", "any", "--no-wait"),
        ("plan", "-o", "plan.json"),
        ("plan", "--refresh"),
        ("accept", "here", "--reason", "why", "--by", "ann"),
    ):
        result = project.weft("--server", "http://127.0.0.1:1", *arguments)
        assert result.code == 2, result
        assert "with a server" in result.err or "not on a server" in result.err


def test_nothing_of_the_project_here_is_read_or_changed_for_a_server(project):
    (project.folder / "defs.py").write_text("this is no Python")
    with page() as (url, _):
        for command in (("status",), ("ls",), ("apply", "--yes"), ("run", "any"), ("runs",), ("queue",)):
            assert "answered with text/html" in project.weft("--server", url, *command).err
    assert not (project.folder / ".weft" / "ledger.db").exists()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.Server]:
    (tmp_path / "there").mkdir()
    with servers.running(tmp_path / "there") as running:
        yield running


def test_without_a_token_or_with_a_wrong_one_it_is_said_how_to_give_one(project, server, monkeypatch):
    result = project.weft("--server", server.url, "runs")
    assert result.code == 1
    assert "WEFT_TOKEN" in result.err
    monkeypatch.setenv("WEFT_TOKEN", "weft_wrong")
    result = project.weft("--server", server.url, "runs")
    assert result.code == 1
    assert "`weft profile add`" in result.err


def test_a_profile_has_the_address_and_the_token(project, server, monkeypatch):
    assert project.weft("profile", "add", "there", "--url", f"{server.url}/", "--token", server.token).code == 0
    project.ok("--profile", "there", "work-pool", "create", "nightly")
    monkeypatch.setenv("WEFT_PROFILE", "there")
    assert "nightly" in project.ok("work-pool", "ls").out
    assert (Path(os.environ["XDG_CONFIG_HOME"]) / "weft" / "profiles.toml").stat().st_mode & 0o077 == 0
    assert server.token not in project.ok("profile", "ls").out


def test_who_may_not_is_told_so(project, server, monkeypatch):
    monkeypatch.setenv("WEFT_TOKEN", server.token)
    secret = project.ok("--server", server.url, "tokens", "create", "ci", "--role", "viewer").out.strip()
    monkeypatch.setenv("WEFT_TOKEN", secret)
    assert "There is no work pool" in project.ok("--server", server.url, "work-pool", "ls").out
    result = project.weft("--server", server.url, "cancel", "last")
    assert result.code == 2  # there is no run
    result = project.weft("--server", server.url, "work-pool", "create", "nightly")
    assert result.code == 1
    assert "may not do this" in result.err


def test_a_change_through_a_server_is_noted_there_and_not_here(project, server, monkeypatch):
    monkeypatch.setenv("WEFT_TOKEN", server.token)
    project.ok("--server", server.url, "work-pool", "create", "nightly", "--slots", "2")
    assert "work-pool:nightly" in project.ok("--server", server.url, "audit").out
    assert not (project.folder / ".weft" / "ledger.db").exists()
