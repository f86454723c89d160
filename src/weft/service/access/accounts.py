"""Who may use a server: accounts with roles, sessions of browsers, tokens of programs.

Passwords are kept as argon2id hashes. Sessions and tokens are random, so that a plain digest hides them; each is shown
once, when it is made. A token never may more than the account that made it, also when that account's role shrinks.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from weft.model import errors
from weft.ports import accounts as ports
from weft.ports import clock as clocks
from weft.service.access import auditing, passwords, principals

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers

Role = ports.Role
ROLES = ports.ROLES
Principal = principals.Principal
NOBODY = principals.NOBODY
TOKEN_PREFIX = "weft_"  # noqa: S105 - what tokens begin with, so that a scanner of secrets knows them
LOCAL = "local"
"""The name of the one who has the server's own token, where the machine knows no better one."""

SESSION_IDLE = timedelta(hours=24)
SESSION_AT_MOST = timedelta(days=7)
LONGEST_TOKEN_LIFE = timedelta(days=366)
_USED_EVERY = 60_000_000  # microseconds between two notes that a credential was used
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_SCOPE_PATTERN = re.compile(r"(\*|[a-z_-]+)\.(\*|[a-z_-]+)|\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account, without its password."""

    name: str
    role: Role
    disabled: bool
    created: datetime
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token, without its secret."""

    id: str
    name: str
    account: str
    role: Role
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None
    used: datetime | None
    revoked: datetime | None


def _checked_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name == LOCAL:
        raise errors.UsageError(
            f"{name!r} cannot be the name of an account.",
            remedy="Use 1 to 64 letters, digits and . _ @ + -, beginning with a letter or digit; `local` is taken.",
        )


def _checked_role(role: str) -> Role:
    if role not in ROLES:
        raise errors.UsageError(f"There is no role {role!r}.", remedy=f"Use one of: {', '.join(ROLES)}.")
    return role


def view_of(row: ports.AccountRow) -> AccountView:
    """An account as people see it."""
    return AccountView(
        name=row.name,
        role=row.role,
        disabled=row.disabled,
        created=clocks.moment(row.created),
        changed=clocks.moment(row.changed),
    )


def _found(ledger: ledgers.Ledger, name: str) -> ports.AccountRow:
    row = ledger.account(name)
    if row is None:
        from weft.model import spelling

        near = spelling.did_you_mean(name, [each.name for each in ledger.accounts()])
        raise errors.NotFoundError(f"There is no account {name!r}.", remedy=near or "`weft accounts ls` shows all.")
    return row


# --- accounts ---


def add(
    ledger: ledgers.Ledger, now: datetime, name: str, password: str, role: str, *, actor: auditing.Actor
) -> AccountView:
    """Make an account.

    Raises:
        UsageError: the name, password or role is not one.
        ConflictError: there is one of this name.
    """
    _checked_name(name)
    wanted = _checked_role(role)
    hashed = passwords.hashed(name, password)
    at = clocks.microseconds(now)
    with ledger.transaction() as transaction:
        if ledger.account(name) is not None:
            raise errors.ConflictError(
                f"There is an account {name!r} already.", remedy="Change its role or password, or take another name."
            )
        row = ports.AccountRow(name=name, password=hashed, role=wanted, disabled=False, created=at, changed=at)
        transaction.put_account(row)
        auditing.record(transaction, actor, "accounts.add", f"account:{name}", {"role": wanted})
    return view_of(row)


def change(
    ledger: ledgers.Ledger,
    now: datetime,
    name: str,
    *,
    role: str | None = None,
    password: str | None = None,
    disabled: bool | None = None,
    keep_session: str = "",
    actor: auditing.Actor,
) -> AccountView:
    """Change an account; its sessions end, but for that with the hash `keep_session`.

    Raises:
        NotFoundError: there is none of this name.
        UsageError: the role or password is not one.
        ConflictError: no account could administer the server any more.
    """
    wanted = _checked_role(role) if role is not None else None
    hashed = passwords.hashed(name, password) if password is not None else None
    with ledger.transaction() as transaction:
        row = _found(ledger, name)
        changed = replace(
            row,
            role=wanted or row.role,
            password=hashed or row.password,
            disabled=row.disabled if disabled is None else disabled,
            changed=clocks.microseconds(now),
        )
        _keeps_an_admin(ledger, row, changed)
        transaction.put_account(changed)
        transaction.drop_sessions(account=name, but=keep_session)
        detail: dict[str, Any] = {}
        if wanted is not None:
            detail["role"] = {"before": row.role, "after": wanted}
        if disabled is not None:
            detail["disabled"] = {"before": row.disabled, "after": disabled}
        if password is not None:
            detail["changed"] = "its password"
        auditing.record(transaction, actor, "accounts.change", f"account:{name}", detail)
    return view_of(changed)


def remove(ledger: ledgers.Ledger, name: str, *, actor: auditing.Actor) -> None:
    """Remove an account with its sessions and tokens; what it did stays in the audit log.

    Raises:
        NotFoundError: there is none of this name.
        ConflictError: no account could administer the server any more.
    """
    with ledger.transaction() as transaction:
        row = _found(ledger, name)
        _keeps_an_admin(ledger, row, None)
        transaction.remove_account(name)
        auditing.record(transaction, actor, "accounts.remove", f"account:{name}", {"role": row.role})


def _keeps_an_admin(ledger: ledgers.Ledger, row: ports.AccountRow, changed: ports.AccountRow | None) -> None:
    if row.role != "admin" or row.disabled or (changed and changed.role == "admin" and not changed.disabled):
        return
    others = [each for each in ledger.accounts() if each.name != row.name]
    if others and not any(each.role == "admin" and not each.disabled for each in others):
        raise errors.ConflictError(
            f"{row.name!r} is the last account that can administer the server.",
            remedy="Make another account admin first.",
        )


def show(ledger: ledgers.Ledger, name: str) -> AccountView:
    """One account.

    Raises:
        NotFoundError: there is none of this name.
    """
    return view_of(_found(ledger, name))


def ls(ledger: ledgers.Ledger) -> list[AccountView]:
    """All accounts, by name."""
    return [view_of(row) for row in ledger.accounts()]


# --- sessions ---


def digest(secret: str) -> str:
    """What is kept of a session or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(
    ledger: ledgers.Ledger, now: datetime, account: str, *, address: str, agent: str, actor: auditing.Actor
) -> tuple[str, datetime]:
    """Log a browser in; returns the secret for its cookie, and when it ends if it is not used."""
    secret = secrets.token_urlsafe(32)
    at = clocks.microseconds(now)
    row = ports.SessionRow(
        hash=digest(secret),
        account=account,
        created=at,
        expires=clocks.microseconds(now + SESSION_IDLE),
        used=at,
        address=address,
        agent=agent[:200],
    )
    with ledger.transaction() as transaction:
        transaction.put_session(row)
        auditing.record(transaction, actor, "session.open", f"account:{account or LOCAL}", None)
    return secret, now + SESSION_IDLE


def is_unchanged(ledger: ledgers.Ledger, account: str, since: datetime) -> bool:
    """Whether an account is as it was then and may log in; with no name, the one who has the server's own token."""
    row = ledger.account(account) if account else None
    return not account or (row is not None and not row.disabled and row.changed <= clocks.microseconds(since))


def close_session(ledger: ledgers.Ledger, hashed: str, *, actor: auditing.Actor) -> None:
    """Log a browser out."""
    with ledger.transaction() as transaction:
        transaction.drop_sessions(digest=hashed)
        auditing.record(transaction, actor, "session.close", f"account:{actor.by}", None)


def by_session(ledger: ledgers.Ledger, now: datetime, secret: str, local_name: str) -> Principal | None:
    """Who a session's cookie stands for; None where it has ended. `local_name`: who has the server's own token."""
    hashed = digest(secret)
    row = ledger.session(hashed)
    at = clocks.microseconds(now)
    if row is None or row.expires <= at:
        return None
    role: Role = "admin"
    if row.account:
        account = ledger.account(row.account)
        if account is None or account.disabled:
            return None
        role = account.role
    if at - row.used > _USED_EVERY:
        latest = row.created + int(SESSION_AT_MOST.total_seconds() * 1_000_000)
        with ledger.transaction() as transaction:
            transaction.use_session(hashed, at, min(clocks.microseconds(now + SESSION_IDLE), latest))
    return Principal(
        name=row.account or local_name, role=role, kind="session", credential=hashed[:12], account=row.account
    )


# --- tokens ---


def create_token(
    ledger: ledgers.Ledger,
    now: datetime,
    name: str,
    *,
    owner: Principal,
    role: str | None = None,
    scopes: Sequence[str] = (),
    expires_in: timedelta | None = timedelta(days=90),
    actor: auditing.Actor,
) -> tuple[TokenView, str]:
    """Make a token for a program, with no more rights than `owner` has; returns it and its secret, shown only now.

    Raises:
        UsageError: a role, scope or lifetime is not one, or exceeds the owner's.
    """
    wanted = _checked_role(role) if role is not None else owner.role
    problems: list[str] = []
    if not name or len(name) > 100:
        problems.append("a token has a name of 1 to 100 letters that says what it is for")
    if ROLES.index(wanted) > ROLES.index(owner.role):
        problems.append(f"the role {wanted!r} is more than {owner.role!r}, which the one who makes it has")
    wrong = [each for each in scopes if not _SCOPE_PATTERN.fullmatch(each)]
    if wrong:
        problems.append(f"{', '.join(map(repr, wrong))} is no scope: they look like runs.create, runs.* or *.read")
    elif owner.scopes is not None and not (scopes and all(each in owner.scopes for each in scopes)):
        problems.append(f"the token that makes it is bound to {', '.join(owner.scopes)}: name scopes out of these")
    if expires_in is not None and not timedelta(0) < expires_in <= LONGEST_TOKEN_LIFE:
        problems.append("it lasts for at least a moment and at most 366 days")
    if problems:
        raise errors.UsageError(
            f"The token cannot be made: {'; '.join(problems)}.", remedy="Correct it; nothing was made."
        )
    identifier = secrets.token_hex(5)
    secret = f"{TOKEN_PREFIX}{identifier}_{secrets.token_urlsafe(32)}"
    row = ports.TokenRow(
        id=identifier,
        hash=digest(secret),
        name=name,
        account=owner.account,
        role=wanted,
        scopes=tuple(scopes),
        created=clocks.microseconds(now),
        expires=clocks.microseconds(now + expires_in) if expires_in is not None else None,
        used=None,
        revoked=None,
    )
    with ledger.transaction() as transaction:
        transaction.put_api_token(row)
        detail = {"name": name, "role": wanted, "scopes": list(scopes), "expires": row.expires}
        auditing.record(transaction, actor, "tokens.create", f"token:{identifier}", detail)
    return _token_view(row), secret


def _token_view(row: ports.TokenRow) -> TokenView:
    def moment(at: int | None) -> datetime | None:
        return clocks.moment(at) if at is not None else None

    return TokenView(
        id=row.id,
        name=row.name,
        account=row.account,
        role=row.role,
        scopes=row.scopes,
        created=clocks.moment(row.created),
        expires=moment(row.expires),
        used=moment(row.used),
        revoked=moment(row.revoked),
    )


def by_token(ledger: ledgers.Ledger, now: datetime, secret: str) -> Principal | None:
    """Who a token stands for; None where it is none, has expired, was revoked, or its account is gone."""
    row = ledger.api_token(digest(secret))
    at = clocks.microseconds(now)
    if row is None or row.revoked is not None or (row.expires is not None and row.expires <= at):
        return None
    role = row.role
    if row.account:
        account = ledger.account(row.account)
        if account is None or account.disabled:
            return None
        role = min(role, account.role, key=ROLES.index)
    if row.used is None or at - row.used > _USED_EVERY:
        with ledger.transaction() as transaction:
            transaction.use_api_token(row.id, at)
    return Principal(
        name=row.account or f"token:{row.name}",
        role=role,
        kind="token",
        scopes=row.scopes or None,
        credential=row.id,
        account=row.account,
    )


def tokens(ledger: ledgers.Ledger, viewer: Principal) -> list[TokenView]:
    """The tokens that `viewer` may see, newest first: an admin all, a person those of the account, a token itself."""
    rows = ledger.api_tokens()
    if viewer.role != "admin":
        own = viewer.credential if viewer.kind == "token" else None
        rows = [row for row in rows if (row.id == own if own is not None else row.account == viewer.account)]
    return [_token_view(row) for row in rows]


def revoke_token(
    ledger: ledgers.Ledger, now: datetime, identifier: str, viewer: Principal, *, actor: auditing.Actor
) -> None:
    """End a token: a person those of the account, an admin any, a token only itself.

    Raises:
        NotFoundError: there is none, or none that `viewer` may see.
    """
    with ledger.transaction() as transaction:
        found = next((each for each in tokens(ledger, viewer) if each.id == identifier), None)
        if found is None:
            raise errors.NotFoundError(f"There is no token {identifier!r}.", remedy="`weft tokens ls` shows all.")
        transaction.revoke_api_token(identifier, clocks.microseconds(now))
        auditing.record(transaction, actor, "tokens.revoke", f"token:{identifier}", {"name": found.name})
