"""`weft tokens` and `weft audit`: tokens for programs, and who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from weft.model import errors
from weft.surfaces.cli import accounts, options, program, screen

if TYPE_CHECKING:
    from weft.service.access import accounts as service
    from weft.service.access import auditing
    from weft.stores import sqlite
    from weft.surfaces.cli import remote as remotes


class _Made(msgspec.Struct):
    token: dict[str, object]
    secret: str


class _Changes(msgspec.Struct):
    items: list[dict[str, object]]
    next: int | None


def _changes(server: remotes.Server, by: str, limit: int) -> list[auditing.ChangeView]:
    """What was changed on a server, newest first, page by page."""
    from weft.service.access import auditing

    found: list[auditing.ChangeView] = []
    before: int | None = None
    while len(found) < limit:
        size = min(500, limit - len(found))
        page = server.get("/audit", _Changes, by=by or None, limit=size, before=before)
        found += [msgspec.convert(each, auditing.ChangeView, strict=False) for each in page.items]
        before = page.next
        if before is None:
            break
    return found


def _owner(ledger: sqlite.SqliteLedger, name: str | None) -> service.Principal:
    from weft.service.access import accounts as service

    by = accounts.actor().by
    if name is None:
        return service.Principal(name=by, role="admin", kind="local")
    found = service.show(ledger, name)
    return service.Principal(name=by, role=found.role, kind="local", account=name)


@options.group
@options.place
def tokens() -> None:
    """Tokens for programs that use the server of this project.

    Examples:
      weft tokens create ci --role operator --scope 'runs.*' --days 30
      weft tokens ls
      weft tokens revoke 15fd362854
    """


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice(("viewer", "operator", "editor", "admin")), default="viewer",
              help="What it may do at most (default: viewer).")  # fmt: skip
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="Only this: runs.create, runs.*, *.read.")
@click.option("--days", type=click.IntRange(1, 366), default=90, help="How long it lasts (default: 90).")
@click.option("--account", metavar="NAME", help="Whose it is; it never may more than this account.")
@options.as_json
@options.place
def create(name: str, role: str, scopes: tuple[str, ...], days: int, account: str | None, as_json: bool) -> int:
    """Make a token and print it: it is shown only now.

    Examples:
      weft tokens create ci --role operator --scope runs.create --scope runs.read
    """
    from datetime import timedelta

    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        if account is not None:
            options.refuse_remote("--account", server, remedy="Leave it out: the token belongs to whom yours does.")
        given = {"name": name, "role": role, "scopes": scopes, "expires_in": days * 86400}
        made = server.send("POST", "/tokens", _Made, **given)
        view, secret = msgspec.convert(made.token, service.TokenView, strict=False), made.secret
    else:
        if scopes:
            from weft.surfaces.http import scopes as known

            known.check(scopes)
        _, ledger = options.open_ledger()
        view, secret = service.create_token(
            ledger,
            accounts.now(),
            name,
            owner=_owner(ledger, account),
            role=role,
            scopes=scopes,
            expires_in=timedelta(days=days),
            actor=accounts.actor(),
        )
    if as_json:
        screen.json_line({"token": view, "secret": secret})
    else:
        click.echo(secret)
        click.echo(f"Token {view.id} ({name}, {role}) lasts {days} days. It is not shown again.", err=True)
    return program.DONE


@tokens.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show all tokens, without their secrets.

    Examples:
      weft tokens ls --json
    """
    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        found = server.get("/tokens", list[service.TokenView])
    else:
        _, ledger = options.open_ledger()
        found = service.tokens(ledger, _owner(ledger, None))
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There is no token. `weft tokens create NAME` makes one.")
        return program.DONE
    at = accounts.now()
    rows = [
        (
            each.id,
            each.name,
            each.account,
            each.role,
            " ".join(each.scopes),
            screen.moment(each.used) or "never",
            "revoked" if each.revoked else "expired" if each.expires and each.expires <= at else "",
        )
        for each in found
    ]
    out.table(rows, head=("token", "name", "account", "role", "scopes", "used", ""))
    return program.DONE


@tokens.command()
@click.argument("token")
@options.place
def revoke(token: str) -> int:
    """End a token, at once.

    Examples:
      weft tokens revoke 15fd362854
    """
    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        server.send("DELETE", "/tokens/{}", type(None), token)
    else:
        _, ledger = options.open_ledger()
        service.revoke_token(ledger, accounts.now(), token, _owner(ledger, None), actor=accounts.actor())
    screen.Screen().line(f"The token {token} counts no more.")
    return program.DONE


@options.command
@click.option("--verify", is_flag=True, help="Follow the chain from its beginning; exits with 1 where it is broken.")
@click.option("--by", default="", metavar="NAME", help="Only what this person did.")
@click.option("-n", "--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many (default: 50).")
@options.as_json
@options.place
def audit(verify: bool, by: str, limit: int, as_json: bool) -> int:
    """Show who changed what, when and through which surface; newest first.

    Examples:
      weft audit --by anna
      weft audit --verify
    """
    from weft.service.access import auditing

    out, server = screen.Screen(), options.remote()
    if verify:
        if server is not None:
            verdict = server.get("/audit/verify", auditing.Verdict)
        else:
            verdict = auditing.verify(options.open_ledger()[1])
        if as_json:
            screen.json_line(verdict)
        elif verdict.broken_at is None:
            out.line(
                f"The chain of {screen.plural(verdict.entries, 'change')} is whole. Its head: {verdict.head or '-'}"
            )
        else:
            out.line(f"The chain is broken at event {verdict.broken_at}, after {verdict.entries:,} changes.")
        return program.DONE if verdict.broken_at is None else program.FAILED
    if server is not None:
        found = _changes(server, by, limit)
    else:
        found = auditing.ls(options.open_ledger()[1], by=by, limit=limit)
    if as_json:
        screen.json_line(found)
    elif not found:
        out.line("Nothing has been changed." if not by else f"{by} has changed nothing.")
    else:
        rows = [
            (screen.moment_of(each.at.isoformat()), each.by, each.via, each.action, screen.fit(each.target, 60))
            for each in found
        ]
        out.table(rows, head=("when", "who", "through", "what", "on"))
    return program.DONE


@options.command
@options.as_json
@options.place
def open_(as_json: bool) -> int:
    """Print a link that logs a browser in to the server that runs here: once, within five minutes.

    Examples:
      weft open
    """
    from weft.service.access import local_token
    from weft.service.server import server_place
    from weft.surfaces.cli import remote

    project, _ = options.open_ledger()
    place = server_place.read(project.home)
    token = local_token.read(project.home)
    if place is None or token is None:
        raise errors.UsageError("No server of this project runs here.", remedy="`weft dev` starts one.")
    link = remote.Server(place.url, token).send("POST", "/session/links", dict[str, object])
    if as_json:
        screen.json_line(link)
    else:
        screen.Screen().line(str(link["url"]))
    return program.DONE
