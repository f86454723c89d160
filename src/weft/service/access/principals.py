"""Who makes a request, and what they may."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Literal

from weft.ports import accounts as ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request. `scopes` are patterns that bound it further (None: none do)."""

    name: str
    role: ports.Role
    kind: Literal["local", "session", "token", "hook", "nobody"]
    scopes: tuple[str, ...] | None = None
    credential: str = ""
    """Id of the token, or the beginning of the session's hash: never the secret."""
    account: str = ""
    """The account behind it, empty for the one who has the server's own token."""

    def may(self, scope: str, role: ports.Role) -> bool:
        """Whether it may do what asks for this scope and at least this role."""
        if ports.ROLES.index(self.role) < ports.ROLES.index(role):
            return False
        return self.scopes is None or any(fnmatch.fnmatchcase(scope, pattern) for pattern in self.scopes)


NOBODY = Principal(name="", role="viewer", kind="nobody", scopes=())
