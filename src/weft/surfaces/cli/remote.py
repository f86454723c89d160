"""A server that the command line speaks to in place of the project here: `--server URL`, or `--profile NAME`.

Answers are the same views that a command prints of the project here, so what is printed is the same.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from weft.model import errors

View = TypeVar("View")
_TIMEOUT_SECONDS = 60.0
_LARGEST = 256 << 20
_EXITS: Mapping[str, type[errors.WeftError]] = {
    each.code: each for each in (
        errors.UsageError,
        errors.NotFoundError,
        errors.ConflictError,
        errors.DriftError,
        errors.LedgerError,
        errors.ReservationError,
    )
}


class ServerError(errors.WeftError):
    """A server could not be reached, refused the request, or gave an answer that is none."""

    code = "server"


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
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
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

    def get(self, path: str, kind: type[View], **query: object) -> View:
        """What is at a path, as a view of this kind; `query` None and False are left out.

        Raises:
            WeftError: what the server says against it, or that it cannot be reached.
        """
        return self._decoded(self._ask("GET", _with(path, query)), kind)

    def send(self, method: str, path: str, kind: type[View], body: object = None, **query: object) -> View:
        """Change something; returns the answer as a view of this kind.

        Raises:
            WeftError: what the server says against it, or that it cannot be reached.
        """
        return self._decoded(self._ask(method, _with(path, query), {} if body is None else body), kind)

    def all(self, path: str, kind: type[View], *, limit: int | None = None, **query: object) -> list[View]:
        """The items of a list, page by page, as views of this kind.

        Raises:
            WeftError: as `get`.
        """
        found: list[View] = []
        cursor: str | None = None
        while limit is None or len(found) < limit:
            size = min(500, limit - len(found)) if limit is not None else 500
            answer = self._ask("GET", _with(path, {**query, "limit": size, "cursor": cursor}))
            page = self._decoded(answer, _Page)
            found += [msgspec.convert(each, kind) for each in page.items]
            cursor = page.next
            if cursor is None:
                break
        return found

    def events(self, path: str = "/events", **query: object) -> Iterator[tuple[str, Any]]:
        """What changes, as it changes: type and body of each event, until the server ends.

        Raises:
            WeftError: as `get`.
        """
        answer = self._answer("GET", _with(path, query), None, accept="text/event-stream")
        kind, data = "message", []
        for raw in answer:
            line = raw.decode(errors="replace").rstrip("\r\n")
            if line.startswith("event:"):
                kind = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].strip())
            elif not line and data:
                yield kind, json.loads("\n".join(data))
                kind, data = "message", []

    def text(self, path: str, **query: object) -> str:
        """What is at a path, as text.

        Raises:
            WeftError: as `get`.
        """
        return self._ask("GET", _with(path, query), accept="text/plain, */*;q=0.5").decode(errors="replace")

    def _ask(self, method: str, path: str, body: object = None, *, accept: str = "application/json") -> bytes:
        answer = self._answer(method, path, body, accept=accept)
        return answer.read(_LARGEST)

    def _answer(self, method: str, path: str, body: object, *, accept: str) -> http.client.HTTPResponse:
        headers = {"Accept": accept, "User-Agent": "weft"}
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
            why = (
                error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
            )
            raise ServerError(
                f"The server {self.url} cannot be reached: {why}.",
                remedy="Check --server (or the profile), and that it runs: `weft server` or `weft dev` start one.",
            ) from error
        if 200 <= answer.status < 300:
            return answer
        raise self._refused(answer)

    def _refused(self, answer: http.client.HTTPResponse) -> errors.WeftError:
        """The error that an answer is, as if it had been raised here."""
        try:
            problem = json.loads(answer.read(_LARGEST) or b"{}")
        except ValueError:
            problem = {}
        if not isinstance(problem, dict) or "title" not in problem:
            told = f"The server {self.url} answered {answer.status} {answer.reason}."
            return ServerError(told, remedy="Is it weft's, and the address its own? `GET /api/v1/health` tells.")
        message = str(problem.get("detail") or problem["title"])
        remedy = problem.get("remedy")
        if answer.status == 401 and not remedy:
            remedy = "Give a token: WEFT_TOKEN, or `weft profile add`. `weft tokens create` makes one on the server."
        kind = _EXITS.get(str(problem.get("code", "")), ServerError)
        return kind(message, remedy=str(remedy) if remedy else None)

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
    items: list[Any]
    next: str | None = None


def quoted(name: str) -> str:
    """A name as one part of a path."""
    return urllib.parse.quote(name, safe="")


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
    from weft.surfaces.cli import profiles

    given = click.get_current_context().find_root().ensure_object(dict)
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
    server = Server(url, token or _token_here(url))
    click.get_current_context().call_on_close(server.close)
    return server


def _token_here(url: str) -> str | None:
    """The token of the project here, for a server on this machine that has no other."""
    host = urllib.parse.urlsplit(url if "://" in url else f"http://{url}").hostname
    if host not in ("127.0.0.1", "localhost", "::1"):
        return None
    home = os.environ.get("WEFT_HOME")
    folders = [Path(home)] if home else [each / ".weft" for each in (Path.cwd(), *Path.cwd().parents)]
    for folder in folders:
        try:
            return (folder / "token").read_text(encoding="utf-8").strip()
        except OSError:
            continue
    return None
