"""`weft connections test` really connects; its command line shows no secret."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.services import MailServer, ObjectStore, WebServer, free_port

from weft.connections import probing
from weft.connections.connection import Connection
from weft.surfaces.cli import program


def test_each_kind_is_really_reached(
    postgres: str, s3: ObjectStore, mails: MailServer, web: WebServer, tmp_path: Path
) -> None:
    web.answers["/"] = [(200, "hello")]
    Connection.parse("x", "sqlite://")
    (tmp_path / "x.db").touch()
    for uri, answer in (
        (postgres, "postgresql .* answers"), (s3.uri, "entries in the root"), (mails.uri, "takes mail"),
        (web.url, "answers 200"), (f"sqlite:///{tmp_path}/x.db", "sqlite .* answers"), ("duckdb://", "DuckDB"),
        (f"generic://127.0.0.1:{mails.port}", "accepts connections"),
    ):  # fmt: skip
        import re

        found = probing.test(Connection.parse("x", uri))
        assert found.passed, found
        assert re.search(answer, found.message), found


@pytest.mark.parametrize(
    "uri",
    ["postgres://me:hidden-away@127.0.0.1:{port}/x", "http://me:hidden-away@127.0.0.1:{port}",
     "smtp://127.0.0.1:{port}", "generic://127.0.0.1:{port}", "s3://key:hidden-away@?endpoint_url=http://127.0.0.1:{port}",
     "sqlite:///no/such/file.db", "docker:///no/such/socket", "generic://"],
)  # fmt: skip
def test_what_can_not_be_reached_is_told_without_secrets(uri: str) -> None:
    found = probing.test(Connection.parse("x", uri.format(port=free_port())), timeout=2)
    assert not found.passed
    assert found.message
    assert "hidden-away" not in found.message


def weft(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    import sys

    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = program.run(["connections", *arguments])
    finally:
        sys.stdin = before
    return code, out.getvalue(), err.getvalue()


def test_the_command_line_adds_shows_tests_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebServer
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEFT_HOME", raising=False)
    web.answers["/"] = [(200, "hello")]
    port = str(web.server_address[1])
    said = [weft("add", "api", f"http://me@127.0.0.1:{port}", "--ask", stdin="hidden-away\n")]
    said += [weft("add", "lake", "--type", "s3", "--login", "k", "--extra", "endpoint_url=http://127.0.0.1:1")]
    said += [weft("list"), weft("list", "--json"), weft("show", "api"), weft("show", "api", "--json")]
    said += [weft("test", "api"), weft("test", "api", "--json")]
    for code, out, err in said:
        assert code == 0, (out, err)
        assert "hidden-away" not in out + err
    assert "http://me:***@127.0.0.1" in said[0][1]
    assert [each["name"] for each in json.loads(said[3][1])] == ["api", "lake"]
    assert json.loads(said[5][1])["password"] == "***"
    assert json.loads(said[7][1])[0]["passed"] is True
    assert any("Authorization" in each["headers"] for each in web.asked)
    assert weft("remove", "api")[0] == 0
    code, _, err = weft("show", "api")
    assert code == 2
    assert "There is no connection 'api'" in err
    code, _, err = weft("add", "x")
    assert code == 2
    assert "not given" in err


def test_the_command_line_exits_with_1_where_one_can_not_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEFT_CONN_GONE", f"generic://127.0.0.1:{free_port()}")
    code, out, _ = weft("test", "gone", "--timeout", "2")
    assert code == 1
    assert "! gone" in out


def test_one_that_can_not_be_read_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: WebServer
) -> None:
    monkeypatch.chdir(tmp_path)
    web.answers["/"] = [(200, "hello")]
    monkeypatch.setenv("WEFT_CONN_BROKEN", "postgres:hidden-away")
    monkeypatch.setenv("WEFT_CONN_WELL", web.url)
    code, out, _ = weft("test")
    assert code == 1
    assert "! broken" in out
    assert "✓ well" in out
    assert "hidden-away" not in out
    assert weft("test", "broken")[0] == 2


@pytest.mark.parametrize("kind", ["postgres", "http", "smtp", "s3", "sftp", "mysql"])
def test_a_server_that_says_nothing_is_given_up_in_time(kind: str) -> None:
    import socket
    import time

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        uri = f"s3://k:s@?endpoint_url=http://127.0.0.1:{port}" if kind == "s3" else f"{kind}://me:x@127.0.0.1:{port}"
        if kind == "mysql":
            pytest.importorskip("pymysql")
        started = time.monotonic()
        assert not probing.test(Connection.parse("x", uri), timeout=1).passed
    assert time.monotonic() - started < 30


def test_adding_says_what_goes_before_the_store_and_an_empty_answer_saves_nothing(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('definitions = "d.py"\n[connections.wh]\nuri = "sqlite:///a.db"\n')
    (tmp_path / "d.py").write_text("")

    def add(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "weft", "connections", "add", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, input="")

    told = add("wh", "sqlite:///b.db")
    assert "still that of [connections.wh] in weft.toml, which goes before the store" in told.stdout
    refused = add("crm", "http://bob@example.org", "--ask")
    assert refused.returncode == 2
    assert "--ask was answered with nothing" in refused.stderr


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_testing_a_database_whose_file_is_missing_fails_and_does_not_make_it(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    probe = probing.test(Connection.build("books", {"type": kind, "database": str(file)}))
    assert (probe.passed, f"there is no file {file}" in probe.message) == (False, True)
    assert not file.exists()
