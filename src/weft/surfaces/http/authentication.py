"""Who makes a request: the one place that turns a header or cookie into a principal."""

from __future__ import annotations

import hmac
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weft.service.access import accounts
from weft.surfaces.http import problems

if TYPE_CHECKING:
    from weft.service.server.serving import Serving

_LINKS_AT_ONCE = 20
LINK_SECONDS = 300


@dataclass(kw_only=True)
class Door:
    """What one server process needs to know of those who come in."""

    serving: Serving
    token: str
    """The server's own, from `.weft/token`."""
    local_name: str = accounts.LOCAL
    """What the one is called who has the server's own token."""
    cookie: str = "weft_session"
    secure: bool = False
    """Whether browsers reach the server by TLS alone."""
    links: OneTimeLinks = field(default_factory=lambda: OneTimeLinks())
    attempts: Attempts = field(default_factory=lambda: Attempts())

    def credential_of(self, headers: Mapping[str, str]) -> tuple[str, bool]:
        """The secret that a request brings, and whether it is the cookie's; empty where there is none.

        A header Authorization counts alone: with a wrong one the cookie is not looked at.
        """
        given = headers.get("authorization")
        if given is not None:
            scheme, _, secret = given.partition(" ")
            return (secret.strip() or "-", False) if scheme.lower() == "bearer" else ("-", False)
        # http.cookies takes quadratic time for some headers, and ours is never quoted
        for each in headers.get("cookie", "").split(";"):
            name, _, value = each.strip().partition("=")
            if name == self.cookie and value:
                return value, True
        return "", False

    def principal(self, secret: str, now: datetime, *, by_cookie: bool) -> accounts.Principal:
        """Who brings this secret. May read the ledger: not for the event loop.

        Raises:
            Refused: nobody does (401).
        """
        found: accounts.Principal | None = None
        if not secret:
            raise unauthenticated("The request says nothing of who makes it.")
        if by_cookie:
            with self.serving.ledger() as ledger:
                found = accounts.by_session(ledger, now, secret, self.local_name)
        elif self.is_own(secret):
            found = self.local()
        elif secret.startswith(accounts.TOKEN_PREFIX):
            with self.serving.ledger() as ledger:
                found = accounts.by_token(ledger, now, secret)
        if found is None:
            raise unauthenticated("The session has ended." if by_cookie else "The token is wrong or has ended.")
        return found

    def is_own(self, secret: str) -> bool:
        """Whether a secret is the server's own token; takes as long either way."""
        return hmac.compare_digest(secret.encode(), self.token.encode())

    def local(self) -> accounts.Principal:
        """The one who has the server's own token."""
        return accounts.Principal(name=self.local_name, role="admin", kind="local")

    def cookie_header(self, secret: str, seconds: int, base: str) -> str:
        """The header that gives a browser its session; none of its scripts can read it, no other site can send it.

        It is for what is under the path `base` ("" for all), so that others on the same host do not get it.
        """
        secure = "; Secure" if self.secure else ""
        return f"{self.cookie}={secret}; Path={base or '/'}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def unauthenticated(message: str) -> problems.Refused:
    """The error for a request by nobody."""
    return problems.Refused(
        401,
        "unauthenticated",
        message,
        remedy="Send `Authorization: Bearer TOKEN` (on the server's machine: the text in .weft/token; elsewhere: one "
        "that `weft tokens create` makes), or log in.",
        headers={"www-authenticate": 'Bearer realm="weft"'},
    )


class OneTimeLinks:
    """Codes in URLs that a browser exchanges for a session: each works once, and for five minutes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._codes: OrderedDict[str, tuple[float, str, datetime]] = OrderedDict()

    def new(self, account: str = "") -> str:
        """Make a code that logs in as `account` (empty: as the one who has the server's own token)."""
        import secrets

        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[accounts.digest(code)] = (time.monotonic() + LINK_SECONDS, account, datetime.now(UTC))
            while len(self._codes) > _LINKS_AT_ONCE:
                self._codes.popitem(last=False)
        return code

    def take(self, code: str) -> tuple[str, datetime] | None:
        """The account that a code logs in as, and when the code was made; None where it is none (any more)."""
        with self._lock:
            found = self._codes.pop(accounts.digest(code), None)
        return found[1:] if found is not None and found[0] > time.monotonic() else None


class Attempts:
    """Bounds how often a password may be guessed: for an account from an address, and for each of them alone.

    Of this process only. The bound for an account from anywhere is high, so that nobody is locked out by others.
    """

    LIMITS = (("both", 5), ("address", 20), ("account", 100))
    WINDOW = 300.0
    """Seconds that a failure counts."""

    def __init__(self) -> None:
        """Begin with no failures."""
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def _keys(self, account: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        named = {"both": f"{account}\n{address}", "address": address, "account": account}
        return tuple(((kind, named[kind]), limit) for kind, limit in self.LIMITS)

    def begin(self, account: str, address: str) -> None:
        """Take note of a try, which counts as failed until `succeeded` says otherwise.

        Raises:
            Refused: there were too many failures (429).
        """
        now = time.monotonic()
        with self._lock:
            for key, limit in self._keys(account, address):
                failures = self._failures.get(key)
                while failures and failures[0] < now - self.WINDOW:
                    failures.popleft()
                if failures and len(failures) >= limit:
                    wait = max(1, int(failures[0] + self.WINDOW - now) + 1)
                    raise problems.Refused(
                        429,
                        "too-many-attempts",
                        "There were too many failed log-ins.",
                        remedy=f"Try again in {wait} seconds.",
                        headers={"retry-after": str(wait)},
                    )
            for key, _ in self._keys(account, address):
                self._failures.setdefault(key, deque()).append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > 10_000:
                self._failures.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures for an account from an address, and this try."""
        with self._lock:
            for key, _ in self._keys(account, address):
                failures = self._failures.get(key)
                if failures:
                    failures.pop()
            self._failures.pop(("both", f"{account}\n{address}"), None)
