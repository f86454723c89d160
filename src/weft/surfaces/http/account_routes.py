"""Accounts of people and tokens of programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec

from weft.service.access import accounts, passwords
from weft.surfaces.http import problems, routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="accounts")
tokens = routing.Routes(tag="tokens")

_Password = Annotated[
    str,
    msgspec.Meta(min_length=passwords.SHORTEST, max_length=passwords.LONGEST, extra_json_schema={"writeOnly": True}),
]
_MOST_SECONDS = int(accounts.LONGEST_TOKEN_LIFE.total_seconds())


class NewAccount(routing.Body, frozen=True, kw_only=True):
    """A person who is to be able to log in."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$")]
    password: _Password
    role: accounts.Role = "viewer"


class AccountChange(routing.Body, frozen=True, kw_only=True):
    """What is to be another; what is not given stays."""

    role: accounts.Role | None = None
    password: _Password | None = None
    disabled: bool | None = None


class NewToken(routing.Body, frozen=True, kw_only=True):
    """A token for a program.

    `role` is by default that of the one who makes it, and never more. `scopes` are patterns such as `runs.*` that
    bound it further. `expires_in` is in seconds; null makes one that lasts until it is revoked.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    role: accounts.Role | None = None
    scopes: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=100)], ...], msgspec.Meta(max_length=50)] = ()
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=_MOST_SECONDS)] | None = 90 * 86400


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token just made. `secret` is shown now and never again."""

    token: accounts.TokenView
    secret: str


# --- accounts ---


@routes.get(
    "/accounts", scope="accounts.read", role="admin", answer=list[accounts.AccountView], summary="List accounts"
)
def list_accounts(call: Call) -> list[accounts.AccountView]:
    """All accounts, by name."""
    with call.ledger() as ledger:
        return accounts.ls(ledger)


@routes.post(
    "/accounts", scope="accounts.add", role="admin", body=NewAccount, answer=accounts.AccountView, status=201,
    audited=False, summary="Make an account",
)  # fmt: skip
def add_account(call: Call, body: NewAccount) -> Answer:
    """Make an account with a role: viewer, operator, editor or admin."""
    with call.ledger() as ledger:
        made = accounts.add(ledger, call.now, body.name, body.password, body.role, actor=call.actor)
    return Answer(made, location=f"/accounts/{made.name}")


@routes.get(
    "/accounts/{name}", scope="accounts.read", role="admin", answer=accounts.AccountView, summary="Show an account"
)
def show_account(call: Call, name: str) -> accounts.AccountView:
    """One account."""
    with call.ledger() as ledger:
        return accounts.show(ledger, name)


@routes.patch(
    "/accounts/{name}", scope="accounts.change", role="admin", body=AccountChange, answer=accounts.AccountView,
    audited=False, summary="Change an account's role or password, or disable it",
)  # fmt: skip
def change_account(call: Call, name: str, body: AccountChange) -> accounts.AccountView:
    """Ends the account's sessions. The last account that is admin stays so."""
    with call.ledger() as ledger:
        return accounts.change(
            ledger,
            call.now,
            name,
            role=body.role,
            password=body.password,
            disabled=body.disabled,
            actor=call.actor,
        )


@routes.delete("/accounts/{name}", scope="accounts.remove", role="admin", audited=False, summary="Remove an account")
def remove_account(call: Call, name: str) -> None:
    """With its sessions and tokens; what it did stays in the audit log."""
    with call.ledger() as ledger:
        accounts.remove(ledger, name, actor=call.actor)


# --- tokens ---


@tokens.get("/tokens", scope="tokens.read", answer=list[accounts.TokenView], summary="List tokens")
def list_tokens(call: Call) -> list[accounts.TokenView]:
    """One's own tokens, newest first; an admin sees all. Without their secrets, which nobody has any more."""
    with call.ledger() as ledger:
        return accounts.tokens(ledger, call.principal)


@tokens.post(
    "/tokens", scope="tokens.create", role="viewer", body=NewToken, answer=MadeToken, status=201, audited=False,
    summary="Make a token",
)  # fmt: skip
def create_token(call: Call, body: NewToken) -> Answer:
    """The token may never more than the one who makes it, also later. Its secret is in this answer alone."""
    if call.principal.kind == "token" and call.principal.scopes is None:
        raise problems.Refused(
            403, "forbidden", "A token cannot make tokens unless its scopes say so.", remedy="Log in, or use the CLI."
        )
    from weft.surfaces.http import scopes  # it knows all routes, these among them

    scopes.check(body.scopes)
    with call.ledger() as ledger:
        view, secret = accounts.create_token(
            ledger,
            call.now,
            body.name,
            owner=call.principal,
            role=body.role,
            scopes=body.scopes,
            expires_in=timedelta(seconds=body.expires_in) if body.expires_in is not None else None,
            actor=call.actor,
        )
    return Answer(MadeToken(token=view, secret=secret), location="/tokens")


@tokens.delete("/tokens/{id}", scope="tokens.revoke", role="viewer", audited=False, summary="Revoke a token")
def revoke_token(call: Call, id: str) -> None:  # noqa: A002 - the name in the path
    """At once; one's own, an admin any."""
    with call.ledger() as ledger:
        accounts.revoke_token(ledger, call.now, id, call.principal, actor=call.actor)


routes.all += tokens.all
