"""Logging in and out, and who one is."""

from __future__ import annotations

from typing import Annotated

import msgspec

from weft.service.access import accounts, auditing, passwords
from weft.surfaces.http import authentication, problems, routing
from weft.surfaces.http.call import Answer, Call

routes = routing.Routes(tag="session")


class LogIn(routing.Body, frozen=True, kw_only=True):
    """Name and password of an account."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    password: Annotated[
        str, msgspec.Meta(min_length=1, max_length=passwords.LONGEST, extra_json_schema={"writeOnly": True})
    ]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes the request, and what it may do; `scopes` is null where the role alone bounds it."""

    name: str
    role: accounts.Role
    kind: str
    account: str
    scopes: tuple[str, ...] | None


class NewPassword(routing.Body, frozen=True, kw_only=True):
    """The password that the account has, and the one that it shall have."""

    password: Annotated[
        str, msgspec.Meta(min_length=1, max_length=passwords.LONGEST, extra_json_schema={"writeOnly": True})
    ]
    new_password: Annotated[
        str,
        msgspec.Meta(
            min_length=passwords.SHORTEST, max_length=passwords.LONGEST, extra_json_schema={"writeOnly": True}
        ),
    ]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that logs a browser in, once, within five minutes."""

    url: str
    expires_in: int


@routes.post(
    "/session", scope="session.open", role="viewer", body=LogIn, answer=Me, status=201, audited=False, summary="Log in"
)
def log_in(call: Call, body: LogIn) -> Answer:
    """Give a browser a session, by a cookie that its scripts cannot read. Failures are bounded, and noted."""
    door = call.state.door
    door.attempts.begin(body.name, call.address)
    with call.ledger() as ledger:
        row = ledger.account(body.name)
    usable = row is not None and not row.disabled
    if not passwords.fits(row.password if row is not None and usable else None, body.password) or row is None:
        refused = auditing.Actor(by="nobody", via="http", address=call.address)
        with call.ledger() as ledger:
            auditing.note(ledger, refused, "session.refused", f"account:{body.name}"[:100])
        raise authentication.unauthenticated("There is no such account, or the password is another.")
    door.attempts.succeeded(body.name, call.address)
    actor = auditing.Actor(by=row.name, via="http", address=call.address)
    with call.ledger() as ledger:
        secret, _ = accounts.open_session(
            ledger, call.now, row.name, address=call.address, agent=call.headers.get("user-agent", ""), actor=actor
        )
    me = Me(name=row.name, role=row.role, kind="session", account=row.name, scopes=None)
    cookie = door.cookie_header(secret, int(accounts.SESSION_AT_MOST.total_seconds()), call.base)
    return Answer(me, headers={"set-cookie": cookie}, location="/me")


@routes.delete("/session", scope="session.close", role="viewer", audited=False, summary="Log out")
def log_out(call: Call) -> Answer:
    """End the session that the cookie stands for; with a token there is none to end."""
    door = call.state.door
    secret, by_cookie = door.credential_of(call.headers)
    if by_cookie:
        with call.ledger() as ledger:
            accounts.close_session(ledger, accounts.digest(secret), actor=call.actor)
    return Answer(headers={"set-cookie": door.cookie_header("", 0, call.base)})


@routes.post(
    "/session/links", scope="session.link", role="viewer", answer=Link, status=201, audited=False,
    summary="Make a URL that logs a browser in",
)  # fmt: skip
def make_link(call: Call) -> Answer:
    """The URL works once, within five minutes, and logs in as the one who asks for it. Bound tokens cannot ask."""
    if call.principal.scopes is not None or call.principal.kind == "token":
        raise problems.Refused(
            403, "forbidden", "A token for programs cannot log a browser in.", remedy="Log in by name and password."
        )
    code = call.state.door.links.new(call.principal.account)
    with call.ledger() as ledger:
        auditing.note(ledger, call.actor, "session.link", f"account:{call.principal.name}")
    link = Link(url=f"{call.origin}{call.base}/?token={code}", expires_in=authentication.LINK_SECONDS)
    return Answer(link, location="/me")


@routes.get("/me", scope="session.read", answer=Me, summary="Say who makes the request")
def who_am_i(call: Call) -> Me:
    """Name, role and scopes of the one who asks."""
    principal = call.principal
    return Me(
        name=principal.name,
        role=principal.role,
        kind=principal.kind,
        account=principal.account,
        scopes=principal.scopes,
    )


@routes.put(
    "/me/password", scope="session.password", role="viewer", body=NewPassword, audited=False,
    summary="Change one's own password",
)  # fmt: skip
def change_password(call: Call, body: NewPassword) -> None:
    """Ends all other sessions of the account. Only for one who is logged in by name and password."""
    principal = call.principal
    if principal.kind != "session" or not principal.account:
        raise problems.Refused(
            403, "forbidden", "Only somebody who is logged in by name can change a password here.",
            remedy="An administrator can: `weft accounts password NAME`.",
        )  # fmt: skip
    call.state.door.attempts.begin(principal.account, call.address)
    with call.ledger() as ledger:
        row = ledger.account(principal.account)
    if row is None or not passwords.fits(row.password, body.password):
        raise problems.Refused(403, "wrong-password", "The present password is another.")
    call.state.door.attempts.succeeded(principal.account, call.address)
    secret, _ = call.state.door.credential_of(call.headers)
    with call.ledger() as ledger:
        accounts.change(
            ledger,
            call.now,
            principal.account,
            password=body.new_password,
            keep_session=accounts.digest(secret),
            actor=call.actor,
        )
