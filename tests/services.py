"""Real services for tests, each started here on loopback and gone with the test: S3, PostgreSQL, SFTP, SMTP, HTTP, dbt.

A service that can't be had on a machine skips the test, and says why.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

_POSTGRES_FOLDERS = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")


def free_port() -> int:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


# --- S3 ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ObjectStore:
    """An S3 server. `uri` is a connection, `options` what fsspec takes."""

    endpoint: str

    @property
    def uri(self) -> str:
        return f"s3://key:secret-of-the-store@?endpoint_url={self.endpoint}&region_name=us-east-1"

    @property
    def options(self) -> dict[str, Any]:
        return {"key": "key", "secret": "secret-of-the-store", "endpoint_url": self.endpoint}

    def files(self) -> Any:
        import fsspec

        return fsspec.filesystem("s3", **self.options)


@contextlib.contextmanager
def s3_server() -> Iterator[ObjectStore]:
    """A moto server in a process of its own, empty."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as process:
        try:
            wait_for_port(port, process)
            yield ObjectStore(f"http://127.0.0.1:{port}")
        finally:
            process.kill()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL cluster in a folder of its own; gives the URI of an empty database."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("there is no PostgreSQL on this machine")
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="weft-postgres-"))
    try:
        if user is not None:
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        data, port = folder / "data", free_port()
        options: dict[str, Any] = {"user": user, "cwd": folder, "env": {**os.environ, "LC_ALL": "C"}}
        setup = [str(binaries / "initdb"), "-D", str(data), "-U", "weft", "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(setup, check=True, capture_output=True, **options)
        settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off")
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        for each in settings:
            command += ["-c", each]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as process:
            try:
                _wait_until_ready(binaries, port, process)
                yield f"postgres://weft:secret-of-postgres@127.0.0.1:{port}/postgres"
            finally:
                process.terminate()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_binaries() -> Path | None:
    for folder in _POSTGRES_FOLDERS:
        found = sorted(Path(folder).glob("**/bin/initdb"))
        if found:
            return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    pytest.skip("there is no user that PostgreSQL could run as")


def _wait_until_ready(binaries: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    ask = [str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ask, capture_output=True, check=False).returncode != 0:
        assert process.poll() is None, "PostgreSQL ended"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, timeout: float = 60.0) -> None:
    """Wait until something listens; ends when the process does."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on {port}"
        if process is None:
            continue
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


# --- SFTP -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileServer:
    """An SFTP server on a folder. `uri` is a connection, `known_hosts` a line with its key."""

    port: int
    folder: Path
    known_hosts: str

    @property
    def uri(self) -> str:
        return f"sftp://me:secret-of-sftp@127.0.0.1:{self.port}"


@contextlib.contextmanager
def sftp_server(folder: Path) -> Iterator[FileServer]:
    """paramiko's server, which shows `folder` as its root."""
    paramiko = pytest.importorskip("paramiko")
    key = paramiko.ECDSAKey.generate()
    stopped = threading.Event()
    sessions: list[Any] = []

    class Login(paramiko.ServerInterface):
        def check_auth_password(self, username: str, password: str) -> int:
            known = (username, password) == ("me", "secret-of-sftp")
            return int(paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED)

        def check_channel_request(self, kind: str, chanid: int) -> int:
            return int(paramiko.OPEN_SUCCEEDED)

    def serve(listener: socket.socket) -> None:
        while not stopped.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            session = paramiko.Transport(client)
            session.add_server_key(key)
            session.set_subsystem_handler("sftp", paramiko.SFTPServer, _folder_served(paramiko), folder)
            sessions.append(session)
            with contextlib.suppress(EOFError, paramiko.SSHException):  # one that only knocked
                session.start_server(server=Login(), event=threading.Event())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield FileServer(port, folder, f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
        finally:
            stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in sessions:
                each.close()


def _folder_served(paramiko: Any) -> type:
    """What the SFTP server does with a folder's files."""

    def told(act: Any) -> Any:
        try:
            return act()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def done(act: Any) -> int:
        found = told(act)
        return int(found) if isinstance(found, int) else int(paramiko.SFTP_OK)

    class Folder(paramiko.SFTPServerInterface):
        def __init__(self, server: Any, folder: Path) -> None:
            super().__init__(server)
            self._folder = folder

        def _path(self, path: str) -> Path:
            return self._folder / self.canonicalize(path).lstrip("/")

        def list_folder(self, path: str) -> Any:
            def listed() -> list[Any]:
                return [
                    paramiko.SFTPAttributes.from_stat(each.stat(), each.name) for each in self._path(path).iterdir()
                ]

            return told(listed)

        def stat(self, path: str) -> Any:
            return told(lambda: paramiko.SFTPAttributes.from_stat(self._path(path).stat()))

        lstat = stat

        def open(self, path: str, flags: int, attr: Any) -> Any:
            def opened() -> Any:
                mode = "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb"
                descriptor = os.open(self._path(path), flags, 0o644)
                handle = paramiko.SFTPHandle(flags)
                handle.readfile = handle.writefile = os.fdopen(descriptor, mode)
                return handle

            return told(opened)

        def remove(self, path: str) -> int:
            return done(lambda: self._path(path).unlink())

        def rename(self, old: str, new: str) -> int:
            return done(lambda: self._path(old).rename(self._path(new)))

        posix_rename = rename

        def mkdir(self, path: str, attr: Any) -> int:
            return done(lambda: self._path(path).mkdir())

        def rmdir(self, path: str) -> int:
            return done(lambda: self._path(path).rmdir())

    return Folder


# --- mail -------------------------------------------------------------------------------------------------------------


@dataclass
class MailServer:
    """An SMTP server that keeps what it takes."""

    port: int
    messages: list[Any] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?sender=weft@example.org"


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    controllers = pytest.importorskip("aiosmtpd.controller")
    import email

    kept = MailServer(free_port())

    class Keeper:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            kept.messages.append(email.message_from_bytes(envelope.content))
            kept.recipients.append(list(envelope.rcpt_tos))
            return "250 kept"

    controller = controllers.Controller(Keeper(), hostname="127.0.0.1", port=kept.port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


# --- HTTP -------------------------------------------------------------------------------------------------------------


class WebServer(ThreadingHTTPServer):
    """Answers from `answers` by path: (status, what becomes JSON, or text), each time the next of a list."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[dict[str, Any]] = []
        self.redirects: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WebServer

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        asked = {
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.rfile.read(size),
        }
        self.server.asked.append(asked)
        elsewhere = self.server.redirects.get(self.path.partition("?")[0])
        if elsewhere is not None:
            self.send_response(302)
            self.send_header("Location", elsewhere)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        several = self.server.answers.get(self.path.partition("?")[0]) or [(404, "nothing here")]
        status, content = several.pop(0) if len(several) > 1 else several[0]
        encoded = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(encoded)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _answer

    def log_message(self, *arguments: object) -> None:
        """The tests' output stays readable."""


@contextlib.contextmanager
def web_server() -> Iterator[WebServer]:
    with WebServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


# --- programs ---------------------------------------------------------------------------------------------------------


def needs_java() -> None:
    """Skip where there is no Java, or no Spark."""
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("there is no Java on this machine")


def dbt_program() -> str:
    """The dbt of this machine, with the adapter of DuckDB; skips where there is none."""
    from weft.model import errors
    from weft.operators import dbt_command

    try:
        found = dbt_command.find()
    except errors.UsageError:
        pytest.skip("there is no dbt on this machine")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    if "duckdb" not in told:
        pytest.skip("dbt has no adapter of DuckDB")
    return found


# --- fixtures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectStore]:
    with s3_server() as store:
        yield store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as uri:
        yield uri


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[FileServer]:
    folder = tmp_path / "served"
    folder.mkdir()
    with sftp_server(folder) as server:
        yield server


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server
