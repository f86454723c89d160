"""Connections by name: from the environment, the project's configuration, the encrypted store, in this order."""

from __future__ import annotations

import os
import re
import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weft.connections import connection as connections
from weft.connections import learning, places, vault
from weft.model import errors, spelling

PREFIX = "WEFT_CONN_"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class PlainPasswordWarning(UserWarning):
    """A password stands in a file as it is."""


def get(name: str, *, place: places.Place | None = None) -> connections.Connection:
    """The connection of a name; where a body runs, its secrets are masked from now on.

    Args:
        name: letters count in either case where it comes from the environment.
        place: the project's; the one that this process works for unless given.

    Raises:
        UsageError: there is none of this name, or what is said of it is wrong.
        MissingExtraError: it is in the encrypted store, and cryptography is not installed.
    """
    place = place or places.find()
    found = _from_environment(name) or _from_configuration(name, place) or vault.read(place, name)
    if found is None:
        known = sorted(_names(place))
        near = spelling.did_you_mean(name, known)
        listed = f"There are: {', '.join(known)}." if known else "There are none yet."
        raise errors.UsageError(
            f"There is no connection {name!r}.",
            remedy=f"{near or listed} Set {variable_of(name)}, write [connections.{name}] in weft.toml, or call "
            f"`weft connections add {name} URI`.",
        )
    learning.teach(found.secrets())
    return found


def all(*, place: places.Place | None = None) -> dict[str, connections.Connection]:  # noqa: A001 - as one says it
    """All connections by name.

    Raises:
        UsageError: what is said of one is wrong.
    """
    place = place or places.find()
    return {name: get(name, place=place) for name in sorted(_names(place))}


def names(*, place: places.Place | None = None) -> list[str]:
    """The names of all connections; nothing is opened."""
    return sorted(_names(place or places.find()))


def save(connection: connections.Connection, *, place: places.Place | None = None) -> None:
    """Put a connection into the encrypted store, in place of one of its name.

    Raises:
        UsageError: the store cannot be written.
        MissingExtraError: cryptography is not installed.
    """
    vault.write(place or places.find(), connection)


def remove(name: str, *, place: places.Place | None = None) -> None:
    """Take a connection out of the encrypted store.

    Raises:
        UsageError: it is not in it; the message says where else it is.
    """
    place = place or places.find()
    if vault.remove(place, name):
        return
    elsewhere = _from_environment(name) or _from_configuration(name, place)
    if elsewhere is not None:
        raise errors.UsageError(
            f"The connection {name!r} is not in the store, but comes from {elsewhere.source}.",
            remedy="Remove it there.",
        )
    known = vault.names(place)
    raise errors.UsageError(
        f"There is no connection {name!r} in the store.",
        remedy=spelling.did_you_mean(name, known) or f"It has: {', '.join(known) or 'none'}.",
    )


def variable_of(name: str) -> str:
    """The variable that gives a connection."""
    return PREFIX + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _names(place: places.Place) -> set[str]:
    configured = set(_tables(place.configuration)) | set(vault.names(place))
    known = {variable_of(name) for name in configured}
    return configured | {
        variable[len(PREFIX) :].lower()
        for variable in os.environ
        if variable.startswith(PREFIX) and variable not in known and variable != PREFIX
    }


def _from_environment(name: str) -> connections.Connection | None:
    variable = variable_of(connections.checked_name(name))
    given = os.environ.get(variable)
    if given is None:
        return None
    source = f"the variable {variable}"
    if given.lstrip().startswith("{"):
        return connections.Connection.build(name, connections.json_mapping(given, name), source=source)
    return connections.Connection.parse(name, given.strip(), source=source)


def _from_configuration(name: str, place: places.Place) -> connections.Connection | None:
    table = _tables(place.configuration).get(name)
    if table is None:
        return None
    source = f"[connections.{name}] in {place.configuration.name if place.configuration else ''}"
    if isinstance(table, str):
        table = {"uri": table}
    if not isinstance(table, Mapping):
        raise errors.UsageError(f"{source} is no table.", remedy='Write [connections.name] and `uri = "…"` below it.')
    made = connections.Connection.build(name, _filled_in(table, source), source=source)
    if any(connections.secret_texts(_without_variables(table))):
        warnings.warn(
            f"{source} has a password as plain text. Write ${{VARIABLE}} in its place, or keep the connection in the "
            f"encrypted store: `weft connections add {name}`.",
            PlainPasswordWarning,
            stacklevel=3,
        )
    return made


def _filled_in(value: Any, source: str) -> Any:
    """Put the values of variables where `${NAME}` stands."""

    def filled(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise errors.UsageError(
                f"{source} takes a value from the environment variable {match[1]}, which is not set.",
                remedy=f"Set {match[1]}.",
            )
        return found

    if isinstance(value, str):
        return _VARIABLE.sub(filled, value)
    if isinstance(value, Mapping):
        return {name: _filled_in(each, source) for name, each in value.items()}
    return value


def _without_variables(value: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub("", value)
    if isinstance(value, Mapping):
        return {name: _without_variables(each) for name, each in value.items()}
    return value


def _tables(configuration: Path | None) -> Mapping[str, Any]:
    if configuration is None:
        return {}
    try:
        table: Any = tomllib.loads(configuration.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise errors.UsageError(f"{configuration} can't be read: {error}.", remedy="Check what is in it.") from error
    if configuration.name == "pyproject.toml":
        table = table.get("tool", {}).get("weft", {})
    found = table.get("connections", {})
    return found if isinstance(found, Mapping) else {}
