"""Being served under a path, such as https://tools.example/weft.

The path is a setting, or what a trusted proxy says in X-Forwarded-Prefix. A proxy may take it off before it passes a
request on, or leave it: both are understood, so that the setting is right either way, and programs on the machine may
leave it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.middleware import proxy_headers

from weft.codehost import server_settings
from weft.surfaces.http import problems

if TYPE_CHECKING:
    from weft.surfaces.http import receiving

_PREFIX = b"x-forwarded-prefix"


class BehindProxy(proxy_headers.ProxyHeadersMiddleware):
    """Believes what a trusted proxy says of a request: the client, its scheme, and the path in front.

    The path is handed on as `root_path` of the scope, as it was sent.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass one request on."""
        if scope["type"] == "http":
            client = scope.get("client")
            if client and client[0] in self.trusted_hosts:
                given = [value for name, value in scope["headers"] if name == _PREFIX]
                scope["root_path"] = b", ".join(given).decode("latin-1")
        await super().__call__(scope, receive, send)


def base_of(scope: receiving.Message, setting: str) -> str:
    """The path in front of a request, "" for none: what a proxy said, else the setting.

    Raises:
        Refused: a proxy said what is none.
    """
    told = str(scope.get("root_path", "")).strip().rstrip("/")
    if not told:
        return setting
    if not server_settings.is_base_path(told):
        raise problems.Refused(
            400,
            "prefix",
            f"The proxy says that weft is served under {problems.told(told)!r}, which cannot be.",
            remedy="Let X-Forwarded-Prefix be one path such as /tools/weft, or leave it out and set `base_path` in the "
            "table [server] of weft.toml.",
        )
    return told


def within(raw_path: bytes, *bases: str) -> bytes:
    """A path as it was sent, without the first of `bases` that is in front of it."""
    for base in bases:
        prefix = base.encode()
        if prefix and (raw_path == prefix or raw_path.startswith(prefix + b"/")):
            return raw_path[len(prefix) :] or b"/"
    return raw_path
