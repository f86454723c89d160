from __future__ import annotations

import contextlib
import http.server
import json
import threading

import pytest

from weft import wiring
from weft.model import alerting as model
from weft.service.alerting import loop as alerting
from weft.service.server import locations
from weft.testing.clock import FakeClock


class Receiver:
    """A server on this machine that keeps what it is sent, and answers as it is told."""

    def __init__(self):
        self.requests = []
        self.status = 204
        self.arrived = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    receiver.requests.append((dict(self.headers), body))
                    receiver.arrived.notify_all()
                self.send_response(receiver.status)
                if receiver.status in (301, 302):
                    self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def messages(self):
        return [json.loads(body) for _, body in self.requests]

    def wait_for(self, count, seconds=60):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, seconds), self.messages


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def rule(*on, name="all", **given):
    return model.Rule(name=name, on=frozenset(on), **given)


class Watched:
    """A project whose definitions are recorded as a server has them, and alerting for it."""

    def __init__(self, project):
        self.project = project
        self.file = project.folder / "definitions.py"
        self.clock = FakeClock()
        self.sent = []
        self.refusing = None
        self._serving = None
        self._cleanup = contextlib.ExitStack()

    def define(self, source):
        self.project.define(source)
        with contextlib.closing(self.world()) as world:
            locations.record_loaded(world, "main", source="definitions.py", root=world.root)
            world.ledger.close()

    def world(self):
        world = wiring.open_world(wiring.Place(start=self.project.folder, file=str(self.file)))
        world.close = lambda: None
        return world

    @property
    def serving(self):
        if self._serving is None:
            self._serving = wiring.open_serving(wiring.Place(start=self.project.folder, file=str(self.file)))
            self._cleanup.callback(self._serving.close)
        return self._serving

    def ledger(self):
        found = self.serving.open_ledger()
        self._cleanup.callback(found.close)
        return found

    def close(self):
        self._cleanup.close()

    def alerting(self, *rules, channels=None, **given):
        channels = channels if channels is not None else [self.channel("ops")]
        settings = model.Settings(rules=rules, channels={each.name: each for each in channels}, **given)
        made = alerting.Alerting(self.serving, settings, send=self._send)
        made.turn()
        return made

    def channel(self, name, **given):
        return model.Channel(name=name, **{"kind": "webhook", "address": "https://example.org/hook", **given})

    def _send(self, channel, message, timestamp):
        if self.refusing is not None:
            raise self.refusing
        self.sent.append((channel.name, message))

    @property
    def told(self):
        return [(message.about, message.title) for _, message in self.sent]


@pytest.fixture
def watched(weft_project):
    made = Watched(weft_project)
    yield made
    made.close()
