"""The HTTP server: what it may be bound to, and its life on uvicorn.

On loopback it needs no account: the token of the first start is enough. Bound elsewhere it refuses to start unless
somebody can log in and nothing travels in the clear.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.codehost import server_settings
from weft.model import errors
from weft.service.access import local_token
from weft.service.server import server_place
from weft.surfaces.http import app as apps
from weft.surfaces.http import authentication, security, ui_files
from weft.surfaces.http import call as calls
from weft.surfaces.http import table as tables

if TYPE_CHECKING:
    from weft.service.server.serving import Serving

PORT = 8321
_HEADERS_AT_MOST = 32 * 1024  # bytes of a request's line and headers
_STOP_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Where and how the server listens.

    `names` are further names by which it is called. `behind_proxy` says that a proxy in front does TLS; its addresses
    are `proxies`. `certificate` and `key` are files for TLS of its own. `url` is where people reach the server, if that
    is another place; its name is one of the server's. `base_path` is the path in front of weft's own, "" for none.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    names: tuple[str, ...] = ()
    behind_proxy: bool = False
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    certificate: Path | None = None
    key: Path | None = None
    url: str = ""
    base_path: str = ""

    @property
    def tls(self) -> bool:
        """Whether the server itself does TLS."""
        return self.certificate is not None

    @property
    def hosts(self) -> security.Hosts:
        """The names by which it is called."""
        loopback = security.is_loopback(self.host)
        own = self.host.lower() if not security.is_address(self.host) or ":" not in self.host else f"[{self.host}]"
        told = urllib.parse.urlsplit(self.url).netloc
        names = {*security.LOOPBACK_NAMES, own, *(each.lower() for each in self.names)}
        names |= {name} if (name := security.name_of(told)) else set()
        return security.Hosts(names=frozenset(names), addresses=not loopback)


def bind_of(settings: Mapping[str, Any], **given: Any) -> Bind:
    """What the table `[server]` of a project's settings says (checked as the project was read).

    What a command line gives (`host`, `port`, `hosts`, `behind_proxy`, …; None: not given) goes before it.

    Raises:
        UsageError: weft cannot be served under the path that a command line gives.
    """
    known = {**settings, **{name: value for name, value in given.items() if value is not None}}
    where = {name: known[name] for name in ("url", "base_path") if name in known}
    if (wrong := server_settings.problem(where)) is not None:
        raise errors.UsageError(wrong, remedy="--base-path goes before what weft.toml says.")
    usual = Bind()
    return Bind(
        host=known.get("host", usual.host),
        port=known.get("port", usual.port),
        names=tuple(known.get("hosts", ())),
        behind_proxy=known.get("behind_proxy", False),
        proxies=tuple(known.get("proxies", usual.proxies)),
        certificate=Path(known["certificate"]) if "certificate" in known else None,
        key=Path(known["key"]) if "key" in known else None,
        url=server_settings.public_url(known),
        base_path=server_settings.base_path(known),
    )


def check(bind: Bind, serving: Serving) -> None:
    """Refuse what would be open to others: a bind elsewhere than loopback without accounts, or in the clear.

    Raises:
        UsageError: it may not start so; says how it may.
    """
    if security.is_loopback(bind.host):
        return
    with serving.ledger() as ledger:
        has_admin = any(each.role == "admin" and not each.disabled for each in ledger.accounts())
    missing: list[str] = []
    if not has_admin:
        missing.append("an account that can log in: `weft accounts add NAME --role admin`")
    if not bind.tls and not bind.behind_proxy:
        missing.append(
            "encryption: `certificate` and `key` in the table [server] of weft.toml, or --behind-proxy where a proxy "
            "in front does TLS"
        )
    if missing:
        raise errors.UsageError(
            f"The server cannot be bound to {bind.host}, where others reach it, as it is.",
            remedy=f"It needs {'; and '.join(missing)}. Without, it listens on 127.0.0.1 alone.",
        )


@dataclass(kw_only=True)
class Running:
    """A server that is ready."""

    host: str
    port: int
    url: str
    door: authentication.Door
    state: calls.State
    _stop: Callable[[], None] = field(repr=False)
    shown_url: str = ""
    """The same with the path that it is served under."""
    public_url: str = ""
    """Where people reach it, if that is another place."""

    def link(self) -> str:
        """A new URL that logs a browser in as the one who has the server's token: once, within five minutes."""
        return f"{self.public_url or self.shown_url}/?token={self.door.links.new()}"

    def stop(self) -> None:
        """End the server; any thread may."""
        self._stop()


def make_app(serving: Serving, bind: Bind, *, port: int, local_name: str = "", ui: Path = ui_files.FOLDER) -> apps.App:
    """The application, with the server's token, made now if this is the first start; `ui` is where its web UI is.

    Raises:
        UsageError: the token can be read by others.
    """
    from weft.service.access import accounts

    door = authentication.Door(
        serving=serving,
        token=local_token.ensure(serving.home),
        local_name=local_name or accounts.LOCAL,
        cookie=f"weft_session_{port}",
        secure=bind.tls or bind.behind_proxy,
    )
    state = calls.State(serving=serving, door=door)
    return apps.App(
        state=state,
        table=tables.table(),
        modules=tables.modules(),
        ui=ui_files.Files(ui),
        base_path=bind.base_path,
        hosts=bind.hosts,
        hsts=bind.tls or bind.behind_proxy,
    )


def serve(
    serving: Serving,
    bind: Bind,
    *,
    local_name: str = "",
    ui: Path = ui_files.FOLDER,
    on_ready: Callable[[Running], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve until the process is told to end (SIGINT, SIGTERM, in the main thread), or `stop` is set.

    Args:
        serving: what to serve.
        bind: where and how.
        local_name: what the one is called who has the server's own token.
        ui: the folder with the web UI as it was built.
        on_ready: called once requests are answered, with the real port.
        stop: ends the server when set; looked at every tenth of a second.

    Raises:
        UsageError: the address is in use, or the server may not be bound to it so.
    """
    check(bind, serving)
    with _listening(bind) as listener:
        port: int = listener.getsockname()[1]
        app = make_app(serving, bind, port=port, local_name=local_name, ui=ui)
        asyncio.run(_run(app, bind, listener, port, on_ready, stop))


async def _run(
    app: apps.App,
    bind: Bind,
    listener: socket.socket,
    port: int,
    on_ready: Callable[[Running], None] | None,
    stop: threading.Event | None,
) -> None:
    import uvicorn

    from weft.surfaces.http import connections, sub_path

    served: Any = app
    config = uvicorn.Config(
        sub_path.BehindProxy(served, list(bind.proxies)) if bind.behind_proxy else served,
        http=connections.Bounded,  # and not what else may be installed, which has other limits
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=False,  # done above
        h11_max_incomplete_event_size=_HEADERS_AT_MOST,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_STOP_SECONDS,
        backlog=256,
        ssl_certfile=str(bind.certificate) if bind.certificate else None,
        ssl_keyfile=str(bind.key) if bind.key else None,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()

    def end() -> None:
        app.state.stopping.set()
        server.should_exit = True

    with _signals(loop, end):
        serving = asyncio.ensure_future(server._serve([listener]))
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(0.002)
            if not serving.done():
                running = _running(app, bind, port, lambda: _stop_soon(loop, end))
                server_place.write(app.state.serving.home, running.url)
                if on_ready is not None:
                    on_ready(running)
            while stop is not None and not stop.is_set() and not serving.done():
                await asyncio.sleep(0.1)
            if stop is not None:
                end()
        finally:
            await serving
            server_place.remove(app.state.serving.home)
    if not server.started:
        raise errors.LedgerError("The server could not start.", remedy="Its log says why.")


def _running(app: apps.App, bind: Bind, port: int, stop: Callable[[], None]) -> Running:
    shown = f"[{bind.host}]" if ":" in bind.host else bind.host
    shown = "127.0.0.1" if shown in ("0.0.0.0", "[::]") else shown  # noqa: S104 - told, not bound
    url = f"{'https' if bind.tls else 'http'}://{shown}:{port}"
    return Running(
        host=bind.host,
        port=port,
        url=url,
        door=app.state.door,
        state=app.state,
        _stop=stop,
        shown_url=url + bind.base_path,
        public_url=bind.url,
    )


def _stop_soon(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """End a server from another thread; nothing happens if it has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(end)


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> Iterator[None]:
    """End on SIGINT and SIGTERM, where this is the main thread; streams end at once, requests first finish."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.getsignal(each) for each in taken}
    for each in taken:
        loop.add_signal_handler(each, end)
    try:
        yield
    finally:
        for each in taken:
            loop.remove_signal_handler(each)
            signal.signal(each, before[each])


@contextlib.contextmanager
def _listening(bind: Bind) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
    # with the protocol named, asyncio sets TCP_NODELAY on what it accepts: else each answer waits 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((bind.host, bind.port))
            listener.listen(256)
        except OSError as error:
            raise _cannot_listen(bind, error) from error
        yield listener
    finally:
        listener.close()


def _cannot_listen(bind: Bind, error: OSError) -> errors.UsageError:
    where = f"{bind.host}:{bind.port}"
    if error.errno == errno.EADDRINUSE:
        return errors.UsageError(
            f"Something listens on {where} already.",
            remedy="If it is weft, use that one; else give another port: --port 8322, or --port 0 for any.",
        )
    if error.errno == errno.EACCES:
        return errors.UsageError(f"This user may not listen on {where}.", remedy="Take a port from 1024 on.")
    return errors.UsageError(
        f"The server cannot listen on {where}: {error.strerror or error}.",
        remedy="--host takes an address of this machine.",
    )
