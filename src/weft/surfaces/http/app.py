"""The application: what each request passes on its way to a handler, in one place and in this order.

1. Host is ours, the path is one (without what a proxy has put in front), the headers are within limits;
2. the request comes from no page of another site;
3. **somebody** makes it: without a credential nothing is answered but what `routing.OPEN` and the open ones of
   `pages.PAGES` name, matched exactly, be there a route under the path or not; and, outside /api, the files of the
   web UI, which hold no data;
4. the route is there, and whoever asks may use it (role and scope);
5. the body is within limits and of the type that the route declares;
6. in a thread: the handler, once for an idempotency key; the audit log.

So a route needs to do nothing to be closed, and can do nothing to be open.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Mapping
from concurrent import futures
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from weft.model import errors
from weft.service.access import accounts, auditing
from weft.surfaces.http import (
    answering,
    decoding,
    idempotency,
    limits,
    pages,
    problems,
    receiving,
    routing,
    security,
    sub_path,
    ui_files,
)
from weft.surfaces.http import call as calls

THREADS = 16
_LOG = logging.getLogger("weft.http")
_API = ("api", "v1")


@dataclass(kw_only=True)
class App:
    """The ASGI application of one server process."""

    state: calls.State
    table: routing.Table
    modules: tuple[ModuleType, ...] = ()
    """Modules of resources, whose `on_start` and `on_stop` are called."""
    ui: ui_files.Files = field(default_factory=ui_files.Files)
    base_path: str = ""
    """The path under which people reach the server, unless a proxy says another; "" for none."""
    hosts: security.Hosts = field(default_factory=security.Hosts)
    hsts: bool = False
    rate: limits.Rate = field(default_factory=limits.Rate)
    """Of webhooks, whose senders show no credential of weft's."""
    turns: limits.Turns = field(default_factory=lambda: limits.Turns(THREADS))
    pool: futures.ThreadPoolExecutor = field(
        default_factory=lambda: futures.ThreadPoolExecutor(THREADS, thread_name_prefix="http")
    )

    async def __call__(self, scope: dict[str, Any], receive: receiving.Receive, send: receiving.Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":  # there are none: refused before the handshake, whoever asks
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _Request(self, scope, receive, send).serve()

    async def _live(self, receive: receiving.Receive, send: receiving.Send) -> None:
        await receive()
        try:
            for module in self.modules:
                start: Callable[[calls.State], None] | None = getattr(module, "on_start", None)
                if start is not None:
                    start(self.state)
        except Exception as error:
            _LOG.exception("the server cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.state.stopping.set()
        for module in reversed(self.modules):
            stop: Callable[[calls.State], None] | None = getattr(module, "on_stop", None)
            if stop is not None:
                stop(self.state)
        self.pool.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})


class _Request:
    """One request on its way."""

    def __init__(self, app: App, scope: dict[str, Any], receive: receiving.Receive, send: receiving.Send) -> None:
        self.app = app
        self.scope = scope
        self.receive = receive
        self.transmit = send
        self.method: str = scope["method"]
        self.head = self.method == "HEAD"
        self.headers: Mapping[str, str] = {}
        self.template = ""
        self.base = ""
        self.begun = False
        self.principal = accounts.NOBODY
        self.credential: tuple[str, bool] = ("", False)

    async def serve(self) -> None:
        """Answer it, whatever happens."""
        started = time.perf_counter()
        status = 499
        try:
            try:
                answer = await self._answer()
                status = answer.status
                await self._send(answer)
            except receiving.ClientGone:
                return
            except Exception as error:  # the edge: whatever went wrong is told as a problem
                if self.begun:
                    _LOG.error("an answer broke off", exc_info=error)
                    raise
                answer = answering.of_problem(*problems.of(error))
                status = answer.status
                await self._send(answer)
        finally:
            for observer in self.app.state.observers:
                observer(self.method, self.template, status, time.perf_counter() - started)

    async def _send(self, answer: answering.Ready) -> None:
        if isinstance(answer.content, calls.Stream):
            await receiving.send_stream(
                answer,
                self.receive,
                self._transmit,
                state=self.app.state,
                who=self.principal,
                may_still=self._may_still,
                head=self.head,
                hsts=self.app.hsts,
            )
            return
        await receiving.send(answer, self._transmit, head=self.head, hsts=self.app.hsts, pool=self.app.pool)

    async def _may_still(self) -> bool:
        """Whether the one who opened a stream is still who it was, with the same rights."""
        secret, by_cookie = self.credential
        try:
            return await self._principal(secret, datetime.now(UTC), by_cookie=by_cookie) == self.principal
        except problems.Refused:
            return False
        except errors.LedgerError:  # it is busy: asked again in a moment
            return True

    async def _transmit(self, message: receiving.Message) -> None:
        self.begun = True
        await self.transmit(message)

    async def _in_thread(self, function: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.app.pool, function)

    # --- the way of a request ---

    async def _answer(self) -> answering.Ready:
        self.headers = receiving.headers_of(self.scope["headers"])
        host = security.check_host(self.app.hosts, self.headers)
        self.base = sub_path.base_of(self.scope, self.app.base_path)
        raw_path = self.scope.get("raw_path") or self.scope["path"].encode()
        raw_path = sub_path.within(raw_path, self.base, self.app.base_path)
        segments = security.segments(raw_path)
        now = datetime.now(UTC)
        if segments[:2] != _API:
            return await self._page(segments, host, now)
        found = self.app.table.find(segments[2:])
        route, path = found.get("GET" if self.head else self.method, (None, {}))
        webhook = route is not None and route.open_webhook
        secret, by_cookie = self.app.state.door.credential_of(self.headers)
        if not webhook:
            security.check_source(self.method, host, self.headers, by_cookie=by_cookie)
        if route is not None and route.open:
            if route.open_webhook:
                self.app.rate.take(self._address())
            principal = accounts.NOBODY
        else:
            principal = await self._principal(secret, now, by_cookie=by_cookie)
        if route is None:
            return self._no_route(found)
        self.template = route.template
        if not route.open and not principal.may(route.scope, route.role):
            raise problems.Refused(
                403,
                "forbidden",
                f"{principal.name!r} may not do this: it asks for the role {route.role} and the scope {route.scope}.",
                remedy="Ask an administrator, or use a token with the scope.",
            )
        self.principal, self.credential = principal, (secret, by_cookie)
        raw = await self._body(route)
        call = calls.Call(
            state=self.app.state,
            route=route,
            principal=principal,
            headers=self.headers,
            path=path,
            address=self._address(),
            origin=f"{self.scope.get('scheme', 'http')}://{host}",
            base=self.base,
            now=now,
        )
        async with self.app.turns.turn(principal):
            answer: answering.Ready = await self._in_thread(functools.partial(self._handle, call, raw))
        return answer

    async def _principal(self, secret: str, now: datetime, *, by_cookie: bool) -> accounts.Principal:
        door = self.app.state.door
        if secret and not by_cookie and door.is_own(secret):
            return door.local()
        if not secret:
            return door.principal(secret, now, by_cookie=by_cookie)
        found: accounts.Principal = await self._in_thread(
            functools.partial(door.principal, secret, now, by_cookie=by_cookie)
        )
        return found

    def _no_route(self, found: Mapping[str, object]) -> answering.Ready:
        if not found:
            raise security.nothing_there()
        methods = {*found, "OPTIONS"} | ({"HEAD"} if "GET" in found else set())
        allow = ", ".join(sorted(methods))
        if self.method == "OPTIONS":
            return answering.Ready(status=204, headers={"allow": allow})
        raise problems.Refused(
            405,
            "method",
            f"{problems.told(self.method)} is not possible here.",
            remedy=f"Possible: {allow}.",
            headers={"allow": allow},
        )

    async def _body(self, route: routing.Route) -> bytes:
        if self.method in security.SAFE_METHODS:
            return b""
        raw = await receiving.body(self.receive, self.headers)
        if route.body is bytes or not raw:
            return raw
        if not decoding.is_json(self.headers.get("content-type", "")):
            raise problems.Refused(
                415,
                "content-type",
                f"The body is {problems.told(self.headers.get('content-type') or 'of no declared type')}.",
                remedy="Send JSON, with `Content-Type: application/json`.",
            )
        return raw

    def _address(self) -> str:
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    async def _page(self, segments: tuple[str, ...], host: str, now: datetime) -> answering.Ready:
        """What is for people: the web UI, open to everybody, since it holds no data; and pages, most of them closed.

        Open ones are matched exactly. The others ask for somebody, as the API does, be there a page or not.
        """
        secret, by_cookie = self.app.state.door.credential_of(self.headers)
        if self.method not in security.SAFE_METHODS:
            security.check_source(self.method, host, self.headers, by_cookie=by_cookie)
        reads = self.method in ("GET", "HEAD")
        asked = pages.Asked(
            app=self.app,
            base=self.base,
            segments=segments,
            query=self.scope.get("query_string", b""),
            address=self._address(),
            headers=self.headers,
            now=now,
        )
        page = pages.PAGES.get(segments)
        built = self.app.ui.current() if segments[:1] != _API[:1] else None
        code = pages.code_in(asked.query) if self.method == "GET" and (built or segments == ()) else ""
        if reads and (built is not None or (page is not None and page.open)):
            self.template = "/" if segments[:1] != (ui_files.STATIC,) else f"/{ui_files.STATIC}/{{file}}"
            if built is not None and not code:
                return await self._made_in_thread(functools.partial(pages.ui, asked, built))
            try:
                principal = await self._principal(secret, now, by_cookie=by_cookie)
            except problems.Refused:
                principal = accounts.NOBODY
            if code:
                return await self._made_in_thread(functools.partial(pages.come_in, asked, principal, code))
        else:
            principal = await self._principal(secret, now, by_cookie=by_cookie)
        if page is None and built is None:
            raise security.nothing_there()
        if not reads or page is None:
            return self._no_route({"GET": page})
        self.template = f"/{'/'.join(segments)}"
        if not page.open and not principal.may(page.scope, "viewer"):
            raise problems.Refused(403, "forbidden", f"{principal.name!r} may not see this page.")
        return await self._made_in_thread(functools.partial(page.answer, asked, principal))

    async def _made_in_thread(self, function: Callable[[], answering.Ready]) -> answering.Ready:
        answer: answering.Ready = await self._in_thread(function)
        return answer

    # --- in a thread ---

    def _handle(self, call: calls.Call, raw: bytes) -> answering.Ready:
        route = call.route
        given: dict[str, Any] = dict(call.path)
        query = self.scope.get("query_string", b"")
        decoded = decoding.query(route.query, query)
        if route.query is not None:
            given["query"] = decoded
        if route.body is bytes:
            given["body"] = raw
        elif route.body is not None:
            given["body"] = decoding.body(route.body, raw)
        elif raw not in (b"", b"{}"):
            raise problems.Refused(400, "no-body", "This takes no body.", remedy="Send none.")
        make = functools.partial(self._made, call, given)
        if route.idempotent:
            target = b" ".join((self.method.encode(), self.scope.get("raw_path") or b"", query, raw))
            answer = idempotency.once(call, target, make)
        else:
            answer = make()
        return answering.compressed(answer, self.headers.get("accept-encoding", ""))

    def _made(self, call: calls.Call, given: Mapping[str, Any]) -> answering.Ready:
        route = call.route
        try:
            answer = answering.ready(route, route.handler(call, **given), call)
        except calls.NotModified as unchanged:
            return answering.not_modified(unchanged.etag)
        if not route.safe and route.audited and answer.status < 400:
            self._audit(call, given.get("body"), answer)
        return answer

    def _audit(self, call: calls.Call, body: object, answer: answering.Ready) -> None:
        import msgspec

        route = call.route
        detail: dict[str, Any] = dict(answer.detail or {})
        if answer.detail is None and route.audit_body and isinstance(body, msgspec.Struct):
            detail = {name: value for name, value in msgspec.to_builtins(body).items() if value is not None}
        target = answer.target or "/".join(f"{name}:{value}" for name, value in call.path.items())
        try:
            with call.ledger() as ledger:
                auditing.note(ledger, call.actor, route.scope, target, detail)
        except Exception:  # it has been done: the client must not take it for failed and do it again
            _LOG.exception("a change could not be noted in the audit log: %s %s", route.scope, target)
