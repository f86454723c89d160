"""A server that the command line speaks to in place of the project here: `--server URL`, or `--profile NAME`.

Answers are the same views that a command prints of the project here, so what is printed is the same.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import time
import urllib.parse
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import click
import msgspec

from weft.model import errors

View = TypeVar("View")
_TIMEOUT_SECONDS = 60.0
_LARGEST = 256 << 20
_PAGE = 500
_KEPT = "kept server"
_RETRY_SECONDS = 0.3
_NOT_WEFT = "Is it a server of weft's, and the address its own? `curl URL/api/v1/health` tells."
_PATIENCE_SECONDS = 5.0
"""How long a stream that broke off is asked for again."""
_WRONG = (400, 404, 409, 410, 412, 422)
"""Answers that say that the request is wrong, as a UsageError does of a command."""
_KINDS: Mapping[str, type[errors.WeftError]] = {
    each.code: each
    for each in (
        errors.UsageError,
        errors.NotFoundError,
        errors.ConflictError,
        errors.DriftError,
        errors.LedgerError,
        errors.ReservationError,
        errors.StorageError,
        errors.TypeMismatchError,
    )
}


class ServerError(errors.WeftError):
    """A server could not be reached, refused the request, or gave an answer that is none."""

    code = "server"


class RefusedError(errors.UsageError):
    """A server refused what was asked for under a code of its own, such as that of a plan that moved."""

    def __init__(self, code: str, message: str, *, remedy: str | None = None) -> None:
        """Keep the code that the server gave."""
        super().__init__(message, remedy=remedy)
        self.code = code


class Server:
    """One server, over one kept connection. Used by one thread."""

    def __init__(self, url: str, token: str | None) -> None:
        """Speak to the server at `url`, showing `token`.

        Raises:
            UsageError: the address is none.
        """
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise errors.UsageError(f"--server {url!r}: {error}.", remedy="Write http://HOST:PORT.") from error
        is_plain = parts.username is None and not parts.query and not parts.fragment and url.isascii()
        if parts.scheme not in ("http", "https") or not host or not is_plain or any(each <= " " for each in url):
            raise errors.UsageError(
                f"--server {url!r} is no address of a server.", remedy="Write http://HOST:PORT or https://HOST."
            )
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._base = f"{parts.path.rstrip('/')}/api/v1"
        self._token = token
        self._connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        )

    def get(self, path: str, kind: type[View], /, *names: str, **query: object) -> View:
        """What is at a path, as a view of this kind.

        Args:
            path: under `/api/v1`; each `{}` in it stands for one of `names`.
            kind: what the answer is decoded as.
            names: what may hold any letters.
            query: parameters; None and False are left out.

        Raises:
            WeftError: what the server says against it, or that it cannot be reached.
        """
        return self._decoded(self._ask("GET", _with(_at(path, names), query)), kind)

    def send(self, method: str, path: str, kind: type[View], /, *names: str, **body: object) -> View:
        """Change something; returns the answer as a view of this kind. In the body None is left out.

        Raises:
            WeftError: as `get`.
        """
        given = {name: value for name, value in body.items() if value is not None}
        return self._decoded(self._ask(method, _at(path, names), given or None), kind)

    def put(self, path: str, kind: type[View], body: Mapping[str, object], *names: str, method: str = "PUT") -> View:
        """Set something, to what the body says, nulls and all.

        Raises:
            WeftError: as `get`.
        """
        return self._decoded(self._ask(method, _at(path, names), body), kind)

    def all(self, path: str, kind: type[View], /, *names: str, limit: int | None = None, **query: object) -> list[View]:
        """The items of a list, page by page, as views of this kind; at most `limit`.

        Raises:
            WeftError: as `get`.
        """
        found: list[View] = []
        cursor: str | None = None
        while limit is None or len(found) < limit:
            size = min(_PAGE, limit - len(found)) if limit is not None else _PAGE
            answer = self._ask("GET", _with(_at(path, names), {**query, "limit": size, "cursor": cursor}))
            page = self._decoded(answer, _Page)
            found += [self._decoded(each, kind) for each in page.items]
            cursor = page.next
            if cursor is None:
                break
        return found

    def items(self, path: str, kind: type[View], /, *names: str, **query: object) -> list[View]:
        """The items of a list that has no pages.

        Raises:
            WeftError: as `get`.
        """
        page = self.get(path, _Page, *names, **query)
        return [self._decoded(each, kind) for each in page.items]

    def events(self, path: str, /, *names: str, **query: object) -> Generator[tuple[str, Any], None, None]:
        """What changes, as it changes: type and body of each event; asked for again where the stream breaks off.

        It goes over a connection of its own, so that other requests can be made meanwhile.

        Raises:
            WeftError: as `get`; also where the stream is not to be had any more.
        """
        last, end = "", 0.0
        while True:
            other = Server(self.url, self._token)
            try:
                answer = other._answer(
                    "GET", _with(_at(path, names), query), None, accept="text/event-stream", last=last
                )
                end = time.monotonic() + _PATIENCE_SECONDS
                for identifier, kind, data in _streamed(answer):
                    last = identifier or last
                    if kind == "gap":
                        break
                    yield kind, json.loads(data)
            except ServerError:
                if time.monotonic() > end:
                    raise
            except (OSError, http.client.HTTPException):
                end = time.monotonic() + _PATIENCE_SECONDS
            finally:
                other.close()
            time.sleep(_RETRY_SECONDS)

    def content(self, path: str, /, *names: str, **query: object) -> tuple[str, bytes]:
        """What is at a path as it is: its media type and its bytes.

        Raises:
            WeftError: as `get`.
        """
        answer = self._answer("GET", _with(_at(path, names), query), None, accept="*/*")
        return answer.getheader("Content-Type", ""), self._read(answer)

    def text(self, path: str, /, *names: str, **query: object) -> str:
        """What is at a path, as text.

        Raises:
            WeftError: as `get`.
        """
        return self.content(path, *names, **query)[1].decode(errors="replace")

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        answer = self._answer(method, path, body, accept="application/json")
        content = self._read(answer)
        kind = answer.getheader("Content-Type", "").partition(";")[0]
        if content and kind != "application/json":
            raise ServerError(
                f"The server {self.url} answered with {kind or 'something'} where weft's answers with JSON.",
                remedy=_NOT_WEFT,
            )
        return content

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read(_LARGEST)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ServerError(
                f"The server {self.url} broke off its answer: {_why(error)}.", remedy="Try again."
            ) from error

    def _answer(self, method: str, path: str, body: object, *, accept: str, last: str = "") -> http.client.HTTPResponse:
        headers = {"Accept": accept, "User-Agent": "weft"}
        if last:
            headers["Last-Event-ID"] = last
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        try:
            self._connection.request(method, self._base + path, content, headers)
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ServerError(
                f"The server {self.url} cannot be reached: {_why(error)}.",
                remedy="Check --server (or the profile), and that it runs: `weft server` or `weft dev` start one.",
            ) from error
        if 200 <= answer.status < 300:
            return answer
        raise self._refused(answer)

    def _refused(self, answer: http.client.HTTPResponse) -> errors.WeftError:
        """The error that an answer is, as if it had been raised here."""
        try:
            problem = json.loads(self._read(answer) or b"{}")
        except ValueError:
            problem = {}
        if not isinstance(problem, dict) or "title" not in problem or "code" not in problem:
            to = answer.getheader("Location")
            told = f"The server {self.url} answered {answer.status} {answer.reason}" + (f", to {to}." if to else ".")
            return ServerError(told, remedy=_NOT_WEFT)
        message = str(problem.get("detail") or problem["title"])
        remedy = str(problem["remedy"]) if problem.get("remedy") else None
        code = str(problem["code"])
        if answer.status == 401:
            remedy = "Give a token: WEFT_TOKEN, or `weft profile add`. `weft tokens create` makes one on the server."
        if code == "no-route":
            return ServerError(
                f"The server {self.url} does not know what this weft asks of it: {message}",
                remedy="Use the same version of weft here and there.",
            )
        return error_of(code, message, remedy, is_usage=answer.status in _WRONG)

    def _decoded(self, body: bytes, kind: type[View]) -> View:
        try:
            return msgspec.json.decode(body or b"null", type=kind)
        except msgspec.DecodeError as error:
            raise ServerError(
                f"The server {self.url} gave an answer that this weft cannot read: {error}.",
                remedy="Use the same version of weft here and there.",
            ) from error

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]
    next: str | None = None


class Items(msgspec.Struct, Generic[View], frozen=True):
    """An answer that has several of a kind."""

    items: list[View]


class Named(msgspec.Struct, frozen=True):
    """What a name means: the id of a run, or the key of an asset, in full."""

    name: str


def error_of(code: str, message: str, remedy: str | None, *, is_usage: bool) -> errors.WeftError:
    """The error that a server tells, as if it had been raised here; `is_usage`: what was asked for is wrong."""
    if code in _KINDS:
        return _KINDS[code](message, remedy=remedy)
    return RefusedError(code, message, remedy=remedy) if is_usage else ServerError(message, remedy=remedy)


def run_of(server: Server, name: str) -> str:
    """The id of the run that a name means on a server: an id, its beginning, or `last`.

    Raises:
        WeftError: as `Server.get`.
    """
    return server.get("/named/runs/{}", Named, name).name


def _at(path: str, names: Sequence[str]) -> str:
    return path.format(*(urllib.parse.quote(each, safe="") for each in names))


def _why(error: OSError | http.client.HTTPException) -> str:
    told = error.strerror if isinstance(error, OSError) else None
    return told or str(error) or type(error).__name__


def _streamed(answer: Iterable[bytes]) -> Iterator[tuple[str, str, str]]:
    """The events of a stream: id, type and data of each; a bare id is one without data that nobody is told of."""
    identifier, kind, data = "", "message", []
    for raw in answer:
        line = raw.decode(errors="replace").rstrip("\r\n")
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                identifier = value
            case "event":
                kind = value
            case "data":
                data.append(value)
            case _ if not line:
                if data:
                    yield identifier, kind, "\n".join(data)
                kind, data = "message", []
            case _:
                pass  # a comment, or when to come back


def _with(path: str, query: Mapping[str, object]) -> str:
    given = {name: _text(value) for name, value in query.items() if value is not None and value is not False}
    return f"{path}?{urllib.parse.urlencode(given, doseq=True)}" if given else path


def _text(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    return "true" if value is True else str(value)


def meant() -> Server | None:
    """The server that this command line means, None for the project here.

    `--server` goes before `--profile`, both before WEFT_SERVER and WEFT_PROFILE.

    Raises:
        UsageError: the address is none, or there is no such profile.
    """
    from weft.surfaces.cli import plain_text, profiles

    given = click.get_current_context().find_root().ensure_object(dict)
    if isinstance(given.get(_KEPT), Server):
        kept: Server = given[_KEPT]
        return kept
    url, name = given.get("server"), given.get("profile")
    if url is None and name is None:
        url, name = os.environ.get("WEFT_SERVER") or None, os.environ.get("WEFT_PROFILE") or None
    if url is None and name is None:
        return None
    token = os.environ.get("WEFT_TOKEN")
    if url is None:
        assert name is not None
        profile = profiles.find(name)
        url, token = profile.url, token or profile.token
    server = given[_KEPT] = Server(url, token or _token_here(url))
    if token:
        plain_text.warn(server.url, "the token, and any secret given,")
    click.get_current_context().find_root().call_on_close(server.close)
    return server


def _token_here(url: str) -> str | None:
    """The token of the project here, for a server on this machine that has no other."""
    from weft.service.server import server_place

    parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    home = os.environ.get("WEFT_HOME")
    folders = [Path(home)] if home else [each / ".weft" for each in (Path.cwd(), *Path.cwd().parents)]
    for folder in folders:
        try:
            token = (folder / "token").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        return token if server_place.may_have_token(folder, port) else None
    return None
