"""What the ledger keeps of people and programs that may use a server: accounts, sessions, tokens, and their changes.

Times are microseconds since the epoch, UTC. Of passwords, sessions and tokens only hashes are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from weft.model import control_events as control

Role = Literal["viewer", "operator", "editor", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "editor", "admin")
"""From the least to the most: each may do what those before it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A person who may log in; `password` is an argon2id hash."""

    name: str
    password: str
    role: Role
    disabled: bool
    created: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A browser that is logged in; `account` is empty for the one who holds the server's own token."""

    hash: str
    account: str
    created: int
    expires: int
    used: int
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token for a program; `scopes` are patterns with `*` (none: all that its role may)."""

    id: str
    hash: str
    name: str
    account: str
    role: Role
    scopes: tuple[str, ...]
    created: int
    expires: int | None
    used: int | None
    revoked: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One entry of the audit log."""

    position: int
    at: int
    change: control.ChangeMade


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What a request with an idempotency key was answered; `status` is None while it is under way."""

    request: str
    """Digest of method, path and body."""
    status: int | None
    headers: str
    """JSON object."""
    body: bytes
    at: int


class AccountReader(Protocol):
    """Reads of accounts and what belongs to them."""

    def account(self, name: str) -> AccountRow | None:
        """An account by its name."""

    def accounts(self) -> list[AccountRow]:
        """All accounts, by name."""

    def session(self, digest: str) -> SessionRow | None:
        """A session by the hash of its cookie."""

    def sessions(self, account: str) -> list[SessionRow]:
        """The sessions of an account, newest first."""

    def api_token(self, digest: str) -> TokenRow | None:
        """A token by its hash."""

    def api_tokens(self) -> list[TokenRow]:
        """All tokens, newest first."""

    def changes_made(
        self,
        *,
        before: int | None = None,
        after: int = 0,
        by: str = "",
        action: str = "",
        target: str = "",
        limit: int = 100,
    ) -> list[ChangeRow]:
        """Entries of the audit log, newest first: with a position under `before` and over `after`."""

    def changes_in_order(self, after: int, limit: int) -> list[ChangeRow]:
        """Entries of the audit log with a position over `after`, oldest first."""

    def kept_answer(self, principal: str, key: str) -> KeptAnswer | None:
        """What a request with this idempotency key was answered."""


class AccountWrites(Protocol):
    """Writes of accounts and what belongs to them, within a transaction."""

    def put_account(self, row: AccountRow) -> None:
        """Keep an account under its name."""

    def remove_account(self, name: str) -> None:
        """Let go of an account with its sessions; its tokens are revoked."""

    def put_session(self, row: SessionRow) -> None:
        """Keep a session; those that have expired go."""

    def use_session(self, digest: str, at: int, expires: int) -> None:
        """Note that a session was used, and until when it lasts."""

    def drop_sessions(self, *, account: str | None = None, digest: str | None = None, but: str = "") -> int:
        """Let go of the sessions of an account, but for the one with the hash `but`, or of one; tells how many."""

    def put_api_token(self, row: TokenRow) -> None:
        """Keep a token."""

    def use_api_token(self, token: str, at: int) -> None:
        """Note that a token was used."""

    def revoke_api_token(self, token: str, at: int) -> None:
        """End a token by its id."""

    def record_change(self, change: control.ChangeMade) -> int:
        """Add an entry to the audit log, with the link to the one before it; returns its position."""

    def claim_key(self, principal: str, key: str, request: str, keep_from: int) -> KeptAnswer | None:
        """Take an idempotency key, or tell what is kept under it; keys from before `keep_from` are let go of."""

    def keep_answer(self, principal: str, key: str, status: int, headers: str, body: bytes) -> None:
        """Keep the answer to the request that took a key."""

    def give_key_back(self, principal: str, key: str) -> None:
        """Let go of a key whose request came to nothing."""
