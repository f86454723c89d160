"""Real servers for tests: over a real project and its ledger, on a free port of loopback, in a thread of the test."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from weft import wiring
from weft.model import events
from weft.service.access import accounts, auditing
from weft.service.server.serving import Serving
from weft.surfaces.http import server

DEFINITIONS = """
from weft import asset, dag, flow, task

@asset
def numbers() -> list:
    return [1, 2, 3]

@asset
def total(numbers: list) -> int:
    return sum(numbers)

@task
def add(a: int, b: int) -> int:
    return a + b

@flow
def adding(a: int = 1, b: int = 2) -> int:
    return add(a, b)
"""
TESTER = auditing.Actor(by="tester", via="python")
PASSWORD = "correct horse battery"
NO_UI = Path(__file__).parent / "no-ui"
PATIENCE = 60.0
"""Seconds to wait for what comes at once, except where the machine has much else to do."""


@dataclass(kw_only=True)
class Server:
    """A server that runs, and what is needed to speak to it."""

    running: server.Running
    serving: Serving
    home: Path

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return self.running.url

    @property
    def token(self) -> str:
        """Its own token."""
        return self.running.door.token

    def client(self, token: str | None = "own", **options: Any) -> httpx.Client:
        """A client that sends a token (by default the server's own; None: none)."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["authorization"] = f"Bearer {self.token if token == 'own' else token}"
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, **{"timeout": PATIENCE, **options})

    def add_account(self, name: str, role: str = "viewer") -> None:
        """Make an account that has `PASSWORD`."""
        with self.serving.ledger() as ledger:
            accounts.add(ledger, datetime.now(UTC), name, PASSWORD, role, actor=TESTER)

    def add_run(self, run: str) -> str:
        """Make a run that has only begun."""
        with self.serving.ledger() as ledger:
            ledger.append([events.RunCreated(run=run, execution=run)])
        return run

    def connect(self) -> socket.socket:
        """A connection to it on which nothing has been said."""
        return socket.create_connection(("127.0.0.1", self.running.port), timeout=PATIENCE)

    def answer(self, sent: bytes) -> bytes:
        """All that it answers to some bytes, until it closes."""
        with self.connect() as raw:
            raw.sendall(sent)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while part := raw.recv(65536):
                    answer += part
            return answer


def log_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Log in as an account; the client has its cookie then."""
    return client.post("/api/v1/session", json={"name": name, "password": password})


def project(folder: Path, *, settings: str = "", definitions: str = DEFINITIONS) -> wiring.Place:
    """Make a project in a folder."""
    (folder / "shop.py").write_text(definitions, encoding="utf-8")
    (folder / "weft.toml").write_text(f'definitions = "shop.py"\n{settings}', encoding="utf-8")
    return wiring.Place(start=folder)


@contextlib.contextmanager
def running(
    folder: Path, *, bind: server.Bind | None = None, settings: str = "", ui: Path | None = None, **options: Any
) -> Iterator[Server]:
    """A server over a new project in `folder`, until the end of the block; without a web UI unless `ui` has one."""
    folder.mkdir(exist_ok=True)
    place = project(folder, settings=settings) if not (folder / "weft.toml").exists() else wiring.Place(start=folder)
    serving = wiring.open_serving(place)
    ready = threading.Event()
    found: list[server.Running] = []
    failed: list[BaseException] = []

    def note(started: server.Running) -> None:
        found.append(started)
        ready.set()

    def serve() -> None:
        try:
            server.serve(
                serving, bind or server.Bind(port=0), local_name="me", on_ready=note, ui=ui or NO_UI, **options
            )
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        if failed:
            raise failed[0]
        yield Server(running=found[0], serving=serving, home=folder / ".weft")
    finally:
        if found:
            found[0].stop()
        thread.join(PATIENCE)
        serving.close()
    assert not thread.is_alive()
    if failed:
        raise failed[0]
