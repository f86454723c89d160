"""The table of routes: what is declared of each, and how a path finds its route.

Everything else walks this table: authorisation, the decoding of requests, OpenAPI, and the tests that try every route
as everybody. A route that does not say which scope it needs cannot be declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from weft.service.access import accounts

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = TypeVar("Handler", bound=Callable[..., Any])

_SCOPE = re.compile(r"[a-z_-]+\.[a-z_-]+")
_PATH = re.compile(r"(/([a-z0-9_.-]+|\{[a-z_]+(:path)?\}))+")
_PARAMETER = re.compile(r"\{([a-z_]+)(:path)?\}")
OPEN: frozenset[tuple[str, str]] = frozenset({("GET", "/health"), ("POST", "/session")})
"""Routes that ask for no credential: the health of the server, and logging in. There are no others; matched exactly."""


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a query; unknown ones are refused."""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The JSON object that a request carries; unknown fields are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One declared route. `path` is under /api/v1."""

    method: Method
    path: str
    handler: Callable[..., Any]
    scope: str
    role: accounts.Role
    summary: str
    tag: str
    description: str = ""
    query: type[Query] | None = None
    body: Any = None
    answer: Any = None
    status: int = 200
    errors: tuple[int, ...] = ()
    idempotent: bool = False
    etag: bool = False
    stream: bool = False
    raw: tuple[str, ...] = ()
    open_webhook: bool = False
    audited: bool = True
    """Whether a success is noted in the audit log (unsafe methods only); False where the service notes it itself."""
    audit_body: bool = True
    """Whether the body goes with it, masked; False where it may hold secrets under any name."""
    parts: tuple[str, ...] = field(init=False)
    parameters: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Check what is declared; a mistake here is the developer's."""
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"{self.method} {self.path}: not a path of the API")
        if not self.scope or not _SCOPE.fullmatch(self.scope):
            raise ValueError(f"{self.method} {self.path}: a route says which scope it needs, as `noun.verb`")
        parts = tuple(self.path[1:].split("/"))
        if sum(part.endswith(":path}") for part in parts) > 1:
            raise ValueError(f"{self.method} {self.path}: at most one parameter spans several segments")
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "parameters", tuple(found[1] for found in _PARAMETER.finditer(self.path)))

    @property
    def safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def open(self) -> bool:
        """Whether it asks for no credential of weft's."""
        return (self.method, self.path) in OPEN or self.open_webhook

    @property
    def template(self) -> str:
        """The path as OpenAPI has it."""
        return self.path.replace(":path}", "}")

    def matched(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """The parameters that decoded `segments` give, None where the route is another."""
        found: dict[str, str] = {}
        spare = len(segments) - len(self.parts)
        at = 0
        for part in self.parts:
            if part.endswith(":path}"):
                taken = segments[at : at + spare + 1]
                if spare < 0 or not all(taken):
                    return None
                found[part[1:-6]] = "/".join(taken)
                at += spare + 1
                continue
            if at >= len(segments):
                return None
            if part.startswith("{"):
                if not segments[at]:
                    return None
                found[part[1:-1]] = segments[at]
            elif part != segments[at]:
                return None
            at += 1
        return found if at == len(segments) else None


class Routes:
    """The routes of one resource, declared by decorating their handlers."""

    def __init__(self, tag: str) -> None:
        """Begin with none; `tag` groups them in the documentation."""
        self.tag = tag
        self.all: list[Route] = []

    def _declare(
        self, method: Method, path: str, options: Mapping[str, Any], role: accounts.Role, status: int
    ) -> Callable[[Handler], Handler]:
        def decorate(handler: Handler) -> Handler:
            import inspect

            given: dict[str, Any] = {"role": role, "status": status, "tag": self.tag, **options}
            given.setdefault("description", inspect.cleandoc(handler.__doc__ or ""))
            if given.get("answer") is None and not given.get("raw") and not given.get("stream"):
                given["status"] = 204
            self.all.append(Route(method=method, path=path, handler=handler, **given))
            return handler

        return decorate

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a route that changes nothing; options are the fields of `Route`."""
        return self._declare("GET", path, options, "viewer", 200)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a route that makes or does something."""
        return self._declare("POST", path, options, "operator", 200)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a route that sets something."""
        return self._declare("PUT", path, options, "operator", 200)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a route that changes parts of something."""
        return self._declare("PATCH", path, options, "operator", 200)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a route that removes something."""
        return self._declare("DELETE", path, options, "operator", 200)


class Table:
    """All routes of the API, found by path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take all routes.

        Raises:
            ValueError: two of them are the same.
        """
        self.routes = tuple(routes)
        seen: set[tuple[str, str]] = set()
        for route in self.routes:
            shape = (route.method, _PARAMETER.sub(lambda found: f"{{{found[2] or ''}}}", route.path))
            if shape in seen:
                raise ValueError(f"{route.method} {route.path} is declared twice")
            seen.add(shape)
        self._fixed: dict[str, dict[str, Route]] = {}
        self._by_head: dict[str, list[Route]] = {}
        for route in self.routes:
            if not route.parameters:
                self._fixed.setdefault(route.path, {})[route.method] = route
            self._by_head.setdefault(route.parts[0], []).append(route)
        for listed in self._by_head.values():
            listed.sort(key=_rank)

    def find(self, segments: tuple[str, ...]) -> dict[str, tuple[Route, dict[str, str]]]:
        """The routes of a path by method, each with its parameters; empty where the path is none of the API's.

        Of several that match, the one with more fixed segments wins.
        """
        found: dict[str, tuple[Route, dict[str, str]]] = {}
        fixed = self._fixed.get("/" + "/".join(segments)) if not any("/" in each for each in segments) else None
        if fixed:
            found.update({method: (route, {}) for method, route in fixed.items()})
        for route in self._by_head.get(segments[0], ()) if segments else ():
            if route.method in found:
                continue
            given = route.matched(segments)
            if given is None:
                continue
            if any(known.path != route.path for known, _ in found.values()):
                break  # what is named more exactly is another resource, with methods of its own
            found[route.method] = (route, given)
        return found


def _rank(route: Route) -> tuple[int, int, int]:
    """Most fixed segments first, then those without a parameter that spans several, then the longest."""
    fixed = sum(not part.startswith("{") for part in route.parts)
    spans = any(part.endswith(":path}") for part in route.parts)
    return -fixed, int(spans), -len(route.parts)
