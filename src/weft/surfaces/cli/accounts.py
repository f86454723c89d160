"""`weft accounts`: who may log in to the server of this project."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from datetime import datetime

    from weft.service.access import auditing

_ROLES = ("viewer", "operator", "editor", "admin")


def actor() -> auditing.Actor:
    """The person at the keyboard, as the audit log has them."""
    from weft import wiring
    from weft.service.access import auditing

    return auditing.Actor(by=wiring.login(), via="cli")


def now() -> datetime:
    """The time, UTC."""
    from weft.ports import clock

    return clock.SystemClock().now()


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise errors.UsageError(
            "There is no terminal to ask for the password.", remedy="Pipe it in, with --password-stdin."
        )
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@options.group
@options.place
def accounts() -> None:
    """Accounts of people who may log in to the server: names, roles, passwords.

    Roles: viewer looks; operator runs and cancels; editor also changes what is kept; admin also accounts.

    Examples:
      weft accounts add anna --role admin
      weft accounts ls
    """


@accounts.command()
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="viewer", help="What they may do (default: viewer).")
@_from_stdin
@options.as_json
@options.place
def add(name: str, role: str, password_stdin: bool, as_json: bool) -> int:
    """Make an account; asks for the password.

    Examples:
      weft accounts add anna --role admin
      pass show weft/bert | weft accounts add bert --role operator --password-stdin
    """
    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        given = {"name": name, "password": _password(password_stdin), "role": role}
        made = server.send("POST", "/accounts", service.AccountView, **given)
    else:
        _, ledger = options.open_ledger()
        made = service.add(ledger, now(), name, _password(password_stdin), role, actor=actor())
    if as_json:
        screen.json_line(made)
    else:
        screen.Screen().line(f"{name} may log in, as {role}.")
    return program.DONE


@accounts.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show all accounts.

    Examples:
      weft accounts ls --json
    """
    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        found = server.get("/accounts", list[service.AccountView])
    else:
        found = service.ls(options.open_ledger()[1])
    out = screen.Screen()
    if as_json:
        screen.json_line(found)
    elif not found:
        out.line("There is no account. `weft accounts add NAME --role admin` makes one.")
    else:
        rows = [(each.name, each.role, "disabled" if each.disabled else "") for each in found]
        out.table(rows, head=("account", "role", ""))
    return program.DONE


@accounts.command()
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@options.place
def role(name: str, role: str) -> int:
    """Give an account another role; its sessions end.

    Examples:
      weft accounts role bert editor
    """
    _change(name, role=role)
    screen.Screen().line(f"{name} is {role} now.")
    return program.DONE


@accounts.command()
@click.argument("name")
@_from_stdin
@options.place
def password(name: str, password_stdin: bool) -> int:
    """Give an account another password; its sessions end.

    Examples:
      weft accounts password anna
    """
    _change(name, password=_password(password_stdin))
    screen.Screen().line(f"{name} has a new password.")
    return program.DONE


@accounts.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let it log in again.")
@options.place
def disable(name: str, undo: bool) -> int:
    """Keep an account from logging in; its sessions and tokens count no more.

    Examples:
      weft accounts disable bert
      weft accounts disable bert --undo
    """
    _change(name, disabled=not undo)
    screen.Screen().line(f"{name} may {'log in again' if undo else 'not log in any more'}.")
    return program.DONE


@accounts.command()
@click.argument("name")
@options.place
def remove(name: str) -> int:
    """Remove an account with its sessions and tokens.

    Examples:
      weft accounts remove bert
    """
    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        server.send("DELETE", "/accounts/{}", type(None), name)
    else:
        service.remove(options.open_ledger()[1], name, actor=actor())
    screen.Screen().line(f"{name} is removed.")
    return program.DONE


def _change(name: str, *, role: str | None = None, password: str | None = None, disabled: bool | None = None) -> None:
    from weft.service.access import accounts as service

    if (server := options.remote()) is not None:
        given = {"role": role, "password": password, "disabled": disabled}
        server.send("PATCH", "/accounts/{}", service.AccountView, name, **given)
    else:
        _, ledger = options.open_ledger()
        service.change(ledger, now(), name, role=role, password=password, disabled=disabled, actor=actor())
