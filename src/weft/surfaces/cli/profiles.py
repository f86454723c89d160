"""`weft profile`: names for servers, with their tokens, kept for this user in a file that nobody else may read."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import click
import msgspec

from weft.model import errors, spelling
from weft.surfaces.cli import options, program, screen


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A server under a name; the token is never printed."""

    name: str
    url: str
    token: str | None = None


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as it is shown."""

    name: str
    url: str
    has_token: bool


def place() -> Path:
    """The file of this user's profiles."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "weft" / "profiles.toml"


def load() -> dict[str, Profile]:
    """All profiles by name.

    Raises:
        UsageError: the file cannot be read, or is wrong.
    """
    path = place()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.UsageError(f"The profiles in {path} cannot be read: {error}.", remedy="Mend the file.") from error
    found = {}
    for name, each in table.items():
        if not isinstance(each, dict) or not isinstance(each.get("url"), str):
            raise errors.UsageError(
                f"{path}: the profile {name!r} has no url.", remedy=f"`weft profile add {name} --url URL` mends it."
            )
        token = each.get("token")
        found[name] = Profile(name=name, url=each["url"], token=str(token) if token else None)
    return found


def find(name: str) -> Profile:
    """The profile of a name.

    Raises:
        UsageError: there is none.
    """
    known = load()
    if name not in known:
        raise errors.UsageError(
            f"There is no profile {name!r}.",
            remedy=spelling.did_you_mean(name, known) or f"Make it: `weft profile add {name} --url URL`.",
        )
    return known[name]


def _save(profiles: dict[str, Profile]) -> None:
    path = place()
    lines = []
    for each in profiles.values():
        lines += [f"[{_quoted(each.name)}]", f"url = {_quoted(each.url)}"]
        lines += [f"token = {_quoted(each.token)}"] if each.token else []
        lines.append("")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        aside.replace(path)
    except OSError as error:
        raise errors.UsageError(
            f"The profiles cannot be written to {path}: {error.strerror or error}.",
            remedy="Make the folder writable, or set XDG_CONFIG_HOME.",
        ) from error


def _quoted(text: str) -> str:
    """Text as TOML has it; its escapes are JSON's."""
    return msgspec.json.encode(text).decode()


@options.group
def profile() -> None:
    """Keep servers under names, for `weft --profile NAME …`.

    Examples:
      weft profile add prod --url https://weft.example.com
      weft --profile prod status
    """


@profile.command()
@click.argument("name")
@click.option("--url", required=True, help="Where the server is: http://HOST:PORT or https://HOST.")
@click.option("--token", metavar="TOKEN", help="An API token; `-` reads it from standard input.")
def add(name: str, url: str, token: str | None) -> int:
    """Keep a server under a name, or change it. Asks for the token where none is given.

    Examples:
      weft profile add prod --url https://weft.example.com
      cat token | weft profile add prod --url https://weft.example.com --token -
    """
    from weft.surfaces.cli import remote

    checked = remote.Server(url, None)
    if token is None and sys.stdin.isatty():
        token = click.prompt("Token (empty for none)", hide_input=True, default="", show_default=False)
    elif token == "-":  # noqa: S105 - the sign for standard input
        token = sys.stdin.readline()
    token = (token or "").strip() or None
    known = load()
    known[name] = Profile(name=name, url=checked.url, token=token)
    _save(known)
    screen.Screen().line(f"{name} is {checked.url}. `weft --profile {name} status` asks it.")
    return program.DONE


@profile.command()
@options.as_json
def ls(as_json: bool) -> int:
    """Show the profiles; tokens are not shown.

    Examples:
      weft profile ls
    """
    found = [ProfileView(name=each.name, url=each.url, has_token=each.token is not None) for each in load().values()]
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There is no profile. `weft profile add NAME --url URL` makes one.")
        return program.DONE
    out.table([(each.name, each.url, "token" if each.has_token else "") for each in found], head=("profile", "url", ""))
    return program.DONE


@profile.command()
@click.argument("name")
def remove(name: str) -> int:
    """Forget a profile.

    Examples:
      weft profile remove prod
    """
    find(name)
    known = load()
    del known[name]
    _save(known)
    screen.Screen().line(f"The profile {name} is forgotten.")
    return program.DONE
