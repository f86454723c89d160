"""Accounts, sessions, tokens, the audit log and idempotency keys on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from weft.model import audit_chain
from weft.model import control_events as control
from weft.model.event_base import NULL
from weft.ports import accounts as ports

if TYPE_CHECKING:
    from weft.model import events

_ACCOUNT = "SELECT name, password, role, disabled, created, changed FROM account"
_SESSION = "SELECT hash, account, created, expires, used, address, agent FROM session"
_TOKEN = "SELECT id, hash, name, account, role, scopes, created, expires, used, revoked FROM api_token"  # noqa: S105
_CHANGE = "SELECT position, at, action, by_whom, via, target, detail, token, address, chain FROM change_made"
_KEPT = "SELECT request, status, headers, body, at FROM idempotency WHERE principal = ? AND key = ?"


def _account(row: tuple[Any, ...]) -> ports.AccountRow:
    return ports.AccountRow(
        name=row[0], password=row[1], role=row[2], disabled=bool(row[3]), created=row[4], changed=row[5]
    )


def _session(row: tuple[Any, ...]) -> ports.SessionRow:
    return ports.SessionRow(
        hash=row[0], account=row[1], created=row[2], expires=row[3], used=row[4], address=row[5], agent=row[6]
    )


def _token(row: tuple[Any, ...]) -> ports.TokenRow:
    return ports.TokenRow(
        id=row[0], hash=row[1], name=row[2], account=row[3], role=row[4], scopes=tuple(row[5].split()), created=row[6],
        expires=row[7], used=row[8], revoked=row[9],
    )  # fmt: skip


def _change(row: tuple[Any, ...]) -> ports.ChangeRow:
    change = control.ChangeMade(
        action=row[2], by=row[3], via=row[4], target=row[5], detail=msgspec.Raw(row[6]) if row[6] else NULL,
        token=row[7], address=row[8], chain=row[9],
    )  # fmt: skip
    return ports.ChangeRow(position=row[0], at=row[1], change=change)


def _kept(row: tuple[Any, ...] | None) -> ports.KeptAnswer | None:
    if row is None:
        return None
    return ports.KeptAnswer(request=row[0], status=row[1], headers=row[2], body=row[3] or b"", at=row[4])


class AccountReads:
    """Reads of one ledger file that concern accounts; a mixin of the reader."""

    if TYPE_CHECKING:

        def _rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...

    def account(self, name: str) -> ports.AccountRow | None:
        """An account by its name."""
        found = self._rows(f"{_ACCOUNT} WHERE name = ?", (name,))
        return _account(found[0]) if found else None

    def accounts(self) -> list[ports.AccountRow]:
        """All accounts, by name."""
        return [_account(row) for row in self._rows(f"{_ACCOUNT} ORDER BY name")]

    def session(self, digest: str) -> ports.SessionRow | None:
        """A session by the hash of its cookie."""
        found = self._rows(f"{_SESSION} WHERE hash = ?", (digest,))
        return _session(found[0]) if found else None

    def sessions(self, account: str) -> list[ports.SessionRow]:
        """The sessions of an account, newest first."""
        return [_session(row) for row in self._rows(f"{_SESSION} WHERE account = ? ORDER BY created DESC", (account,))]

    def api_token(self, digest: str) -> ports.TokenRow | None:
        """A token by its hash."""
        found = self._rows(f"{_TOKEN} WHERE hash = ?", (digest,))
        return _token(found[0]) if found else None

    def api_tokens(self) -> list[ports.TokenRow]:
        """All tokens, newest first."""
        return [_token(row) for row in self._rows(f"{_TOKEN} ORDER BY created DESC, id")]

    def changes_made(
        self,
        *,
        before: int | None = None,
        after: int = 0,
        by: str = "",
        action: str = "",
        target: str = "",
        limit: int = 100,
    ) -> list[ports.ChangeRow]:
        """Entries of the audit log, newest first: with a position under `before` and over `after`."""
        conditions, given = ["position > ?"], cast("list[object]", [after])
        for condition, value in (
            ("position < ?", before),
            ("by_whom = ?", by or None),
            ("action = ?", action or None),
            ("target = ?", target or None),
        ):
            if value is not None:
                conditions.append(condition)
                given.append(value)
        where = " AND ".join(conditions)
        rows = self._rows(f"{_CHANGE} WHERE {where} ORDER BY position DESC LIMIT ?", (*given, limit))
        return [_change(row) for row in rows]

    def changes_in_order(self, after: int, limit: int) -> list[ports.ChangeRow]:
        """Entries of the audit log with a position over `after`, oldest first."""
        rows = self._rows(f"{_CHANGE} WHERE position > ? ORDER BY position LIMIT ?", (after, limit))
        return [_change(row) for row in rows]

    def kept_answer(self, principal: str, key: str) -> ports.KeptAnswer | None:
        """What a request with this idempotency key was answered."""
        found = self._rows(_KEPT, (principal, key))
        return _kept(found[0]) if found else None


class AccountWrites:
    """Writes that concern accounts; a mixin of the transaction."""

    _connection: sqlite3.Connection
    _now: int

    if TYPE_CHECKING:

        def append(self, batch: Sequence[events.Event]) -> int: ...  # noqa: D102 - of the transaction

    def put_account(self, row: ports.AccountRow) -> None:
        """Keep an account under its name."""
        self._connection.execute(
            "INSERT INTO account (name, password, role, disabled, created, changed) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET password = excluded.password, role = excluded.role, "
            "disabled = excluded.disabled, changed = excluded.changed",
            (row.name, row.password, row.role, int(row.disabled), row.created, row.changed),
        )

    def remove_account(self, name: str) -> None:
        """Let go of an account with its sessions; its tokens are revoked."""
        self._connection.execute("DELETE FROM account WHERE name = ?", (name,))
        self.drop_sessions(account=name)
        self._connection.execute(
            "UPDATE api_token SET revoked = coalesce(revoked, ?) WHERE account = ?", (self._now, name)
        )

    def put_session(self, row: ports.SessionRow) -> None:
        """Keep a session; those that have expired go."""
        self._connection.execute("DELETE FROM session WHERE expires < ?", (self._now,))
        self._connection.execute(
            "INSERT INTO session (hash, account, created, expires, used, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row.hash, row.account, row.created, row.expires, row.used, row.address, row.agent),
        )

    def use_session(self, digest: str, at: int, expires: int) -> None:
        """Note that a session was used, and until when it lasts."""
        self._connection.execute("UPDATE session SET used = ?, expires = ? WHERE hash = ?", (at, expires, digest))

    def drop_sessions(self, *, account: str | None = None, digest: str | None = None, but: str = "") -> int:
        """Let go of the sessions of an account, but for the one with the hash `but`, or of one; tells how many."""
        column, value = ("account", account) if digest is None else ("hash", digest)
        return self._connection.execute(
            f"DELETE FROM session WHERE {column} = ? AND hash <> ?",  # noqa: S608
            (value, but),
        ).rowcount

    def put_api_token(self, row: ports.TokenRow) -> None:
        """Keep a token."""
        self._connection.execute(
            "INSERT INTO api_token (id, hash, name, account, role, scopes, created, expires) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.id, row.hash, row.name, row.account, row.role, " ".join(row.scopes), row.created, row.expires),
        )

    def use_api_token(self, token: str, at: int) -> None:
        """Note that a token was used."""
        self._connection.execute("UPDATE api_token SET used = ? WHERE id = ?", (at, token))

    def revoke_api_token(self, token: str, at: int) -> None:
        """End a token by its id."""
        self._connection.execute("UPDATE api_token SET revoked = coalesce(revoked, ?) WHERE id = ?", (at, token))

    def record_change(self, change: control.ChangeMade) -> int:
        """Add an entry to the audit log, with the link to the one before it; returns its position."""
        row = self._connection.execute("SELECT chain FROM change_made ORDER BY position DESC LIMIT 1").fetchone()
        chain = audit_chain.link(row[0] if row else "", self._now, change)
        return self.append([msgspec.structs.replace(change, chain=chain)])

    def claim_key(self, principal: str, key: str, request: str, keep_from: int) -> ports.KeptAnswer | None:
        """Take an idempotency key, or tell what is kept under it; keys from before `keep_from` are let go of."""
        self._connection.execute("DELETE FROM idempotency WHERE at < ?", (keep_from,))
        kept = _kept(self._connection.execute(_KEPT, (principal, key)).fetchone())
        if kept is None:
            self._connection.execute(
                "INSERT INTO idempotency (principal, key, request, at) VALUES (?, ?, ?, ?)",
                (principal, key, request, self._now),
            )
        return kept

    def keep_answer(self, principal: str, key: str, status: int, headers: str, body: bytes) -> None:
        """Keep the answer to the request that took a key."""
        self._connection.execute(
            "UPDATE idempotency SET status = ?, headers = ?, body = ? WHERE principal = ? AND key = ?",
            (status, headers, body, principal, key),
        )

    def give_key_back(self, principal: str, key: str) -> None:
        """Let go of a key whose request came to nothing."""
        self._connection.execute("DELETE FROM idempotency WHERE principal = ? AND key = ?", (principal, key))
