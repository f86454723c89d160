"""`http`: a request, its answer checked, page by page where there are several."""

from __future__ import annotations

import functools
import json as jsons
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from weft.connections import adapting, learning, registry
from weft.connections import connection as connections
from weft.define import durations, signals
from weft.model import errors
from weft.operators import defining

if TYPE_CHECKING:
    import httpx

Result = Literal["auto", "json", "text", "bytes", "response"]
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_WORTH_RETRYING = frozenset({408, 423, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered. Names in `headers` are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float
    encoding: str = "utf-8"

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode(self.encoding, "replace")

    def json(self) -> Any:
        """The content as JSON.

        Raises:
            HttpError: it is none.
        """
        try:
            return jsons.loads(self.content)
        except ValueError as error:
            raise HttpError(
                f"{self.url} answered with what is no JSON: {_start(self.text)}", status=self.status
            ) from error


class HttpError(Exception):
    """A server's answer was not as expected; `status` is its code."""

    def __init__(self, message: str, *, status: int) -> None:
        """Keep the message and the status."""
        Exception.__init__(self, message)
        self.message = message
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it: it comes back from other processes."""
        return functools.partial(type(self), status=self.status), (self.message,)


class HttpUnreachableError(HttpError):
    """There was no answer: the host is unknown, refuses, or takes too long; `status` is 0."""


class HttpRefusedError(HttpError, signals.Fail):
    """A server said that the request itself is wrong (4xx): sending it again would be no use, so it is not retried."""


@defining.operator("http", templates=("url", "endpoint", "params", "json", "data", "headers"))
def http(
    url: str | None = None,
    *,
    method: str = "GET",
    connection: str | None = None,
    endpoint: str = "",
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    data: Mapping[str, Any] | str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    expected: int | Collection[int] | None = None,
    check: Callable[[Answer], object] | None = None,
    paginate: Callable[[Answer], Mapping[str, Any] | str | None] | None = None,
    most_pages: int = 1_000,
    timeout: durations.Duration = 30,
    result: Result = "auto",
) -> Any:
    """Send a request and return what is answered.

    Args:
        url: the whole URL; or
        connection: the name of a connection of kind http, to whose base `endpoint` is added. Its login, token and
            headers go with the request.
        method: GET, POST …
        endpoint: the path below the connection's base.
        params: the query.
        json: a body that is sent as JSON.
        data: a body that is a form (a mapping), text or bytes.
        headers: headers.
        auth: login and password.
        expected: the statuses that are right; any below 400 unless given.
        check: is called with the answer; a false value is a failure.
        paginate: is called with each answer; gives the next URL, or what changes in the next request ({"params": …,
            "url": …, "endpoint": …, "json": …}); None after the last page. A list of what each page gives is returned.
            Another server than the first is asked without login, token and headers.
        most_pages: more pages than these are an error.
        timeout: to wait for the connection, and for each part of the answer.
        result: "json", "text", "bytes", or "response" for the `Answer` itself; "auto" is JSON where the server says so.

    Raises:
        HttpError: the answer is not as expected; HttpRefusedError where trying again is no use, HttpUnreachableError
            where there is no answer.
        UsageError: neither or both of url and connection are given, or another argument is wrong.
        MissingExtraError: httpx is not installed.
    """
    _check_arguments(url, method, connection, result)
    known = registry.get(connection) if connection is not None else None
    learning.teach(connections.secret_texts(url or ""))
    unknown = {"timeout": durations.seconds(timeout, what="timeout")}
    options: dict[str, Any] = dict(unknown)
    if auth is not None:
        options["auth"] = tuple(auth)
    request = {"url": url if url is not None else endpoint, "params": params, "json": json, "headers": headers}
    request |= {"content" if isinstance(data, (str, bytes)) else "data": data}
    found: list[Any] = []
    with adapting.http_client(known, **options) as client, adapting.http_client(None, **unknown) as stranger:
        home = _origin(client, str(request["url"]) if known is None else "")
        _keep_at_home(client, home, {*(known.extra.get("headers") or {} if known else {}), *(headers or {})})
        while True:
            abroad = _origin(client, str(request["url"])) != home
            answer = _send(stranger, method, {**request, "headers": None}) if abroad else _send(client, method, request)
            _judge(answer, expected, check)
            if paginate is None:
                return _value(answer, result)
            found.append(_value(answer, result))
            following = paginate(answer)
            if following is None:
                return found
            if len(found) >= most_pages:
                raise HttpError(f"{answer.url} has more than {most_pages} pages.", status=answer.status)
            request = _changed(request, following)


def _check_arguments(url: str | None, method: str, connection: str | None, result: str) -> None:
    if url is None and connection is None:
        raise errors.UsageError("http: there is nothing to ask.", remedy="Give url=, or connection= and endpoint=.")
    if url is not None and connection is not None and "://" in url:
        raise errors.UsageError(
            f"http: both the URL {url!r} and the connection {connection!r} are given.",
            remedy="Give url=, or connection= and endpoint=.",
        )
    if method.upper() not in _METHODS:
        raise errors.UsageError(f"http: method is {method!r}.", remedy=f"Write one of: {', '.join(_METHODS)}.")
    if result not in ("auto", "json", "text", "bytes", "response"):
        raise errors.UsageError(f"http: result is {result!r}.", remedy="Write auto, json, text, bytes or response.")


def _origin(client: httpx.Client, url: str) -> tuple[str, str, int | None]:
    """Which server a URL is of, be it relative to the client's base."""
    import httpx

    try:
        whole = client.build_request("GET", url).url
    except httpx.InvalidURL as error:
        raise errors.UsageError(f"http: the URL {url!r} is none: {error}.", remedy="Write https://host/path.") from None
    if whole.scheme not in ("http", "https") or not whole.host:
        raise errors.UsageError(
            f"http: {_shown(whole)!r} is no URL of HTTP.", remedy="Write the whole URL: https://host/path."
        )
    return whole.scheme, whole.host, whole.port


def _keep_at_home(client: httpx.Client, home: tuple[str, str, int | None], names: Iterable[str]) -> None:
    """Leave out the user's headers where a redirect leads to another server; httpx itself leaves out the login."""

    def check(request: httpx.Request) -> None:
        if (request.url.scheme, request.url.host, request.url.port) != home:
            for name in names:
                request.headers.pop(name, None)

    client.event_hooks = {"request": [check]}


def _shown(url: httpx.URL) -> str:
    """A URL without what may be secret in it."""
    return str(url.copy_with(query=None, username=None, password=None))


def _send(client: httpx.Client, method: str, request: Mapping[str, Any]) -> Answer:
    import httpx

    given = {name: value for name, value in request.items() if value is not None}
    try:
        response = client.request(method.upper(), **given)
    except httpx.TransportError as error:
        url = _shown(client.build_request(method.upper(), str(request["url"])).url)
        told = str(error) or type(error).__name__
        raise HttpUnreachableError(f"{url} can't be reached: {told}.", status=0) from error
    answer = Answer(
        url=_shown(response.url),
        status=response.status_code,
        headers=dict(response.headers),
        content=response.content,
        seconds=response.elapsed.total_seconds(),
        encoding=response.encoding or "utf-8",
    )
    size = len(answer.content)
    defining.say(f"{method.upper()} {answer.url}: {answer.status}, {size:,} bytes in {answer.seconds:.3f} s")
    return answer


def _judge(answer: Answer, expected: int | Collection[int] | None, check: Callable[[Answer], object] | None) -> None:
    right = answer.status < 400
    if expected is not None:
        right = answer.status in ((expected,) if isinstance(expected, int) else tuple(expected))
    if not right:
        refused = 400 <= answer.status < 500 and answer.status not in _WORTH_RETRYING
        kind = HttpRefusedError if refused else HttpError
        raise kind(f"{answer.url} answered {answer.status}: {_start(answer.text)}", status=answer.status)
    if check is not None and not check(answer):
        name = getattr(check, "__name__", "check")
        raise HttpError(f"{answer.url} answered {answer.status}, which {name}() refused.", status=answer.status)


def _value(answer: Answer, result: Result) -> Any:
    match result:
        case "json":
            return answer.json()
        case "text":
            return answer.text
        case "bytes":
            return answer.content
        case "response":
            return answer
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return answer.json() if kind.endswith(("/json", "+json")) and answer.content else answer.text


def _changed(request: Mapping[str, Any], following: Mapping[str, Any] | str) -> dict[str, Any]:
    if isinstance(following, str):
        return {**request, "url": following, "params": None}
    changed = dict(following)
    if "endpoint" in changed:
        changed["url"] = changed.pop("endpoint")
    unknown = changed.keys() - {"url", "params", "json", "headers", "data", "content"}
    if unknown:
        raise errors.UsageError(
            f"http: paginate gave {sorted(unknown)[0]!r}.", remedy="Give url, endpoint, params, json or headers."
        )
    if isinstance(changed.get("params"), Mapping) and "url" not in changed:
        changed["params"] = {**(request["params"] or {}), **changed["params"]}
    return {**request, **changed}


def _start(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 200 else flat[:199] + "…")
