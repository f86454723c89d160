"""A connection: where an outside system is and who one is to it. What is secret in it is never shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from weft.connections import kinds
from weft.model import errors, spelling

MASK = "***"
FIELDS = ("type", "host", "port", "login", "password", "database", "extra", "description")
_ALIASES = {"conn_type": "type", "kind": "type", "user": "login", "username": "login", "schema": "database"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SECRET_WORD = re.compile(
    r"pass|pwd|secret|token|key$|private|credential|connection_string|authorization|cookie|signature", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"://[^/@:\s]*:(\S+)@|[?&](?:password|token|secret|api_?key|sig)=([^&\s]+)", re.IGNORECASE)
_NOT_SECRET = frozenset({"key_file", "key_path", "private_key_file"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection. `schema` is another name for `database`, as in Airflow.

    Args:
        name: by which bodies ask for it.
        type: its kind, such as "postgres" or "s3"; `kinds.KINDS` has all.
        host: the host, without scheme and port.
        port: the port; the usual one of its kind unless given.
        login: the user, or the access key.
        password: never shown.
        database: the database or schema; the file of sqlite and duckdb; the path or bucket elsewhere.
        extra: what else its kind takes.
        description: what it is, in words.
        source: where it came from, in words.

    Raises:
        UsageError: the kind is unknown, a field is missing, of a wrong type, or not of this kind.
    """

    name: str
    type: str
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    description: str = ""
    source: str = field(default="", compare=False)
    encrypted: bool = False
    """Whether a URI's scheme asked for TLS ("https", "smtps")."""

    def __post_init__(self) -> None:
        checked_name(self.name)
        subject = f"The connection {self.name!r}"
        kind = kinds.of(self.type, subject=subject)
        if self.type.lower() in ("https", "smtps"):
            object.__setattr__(self, "encrypted", True)
        object.__setattr__(self, "type", "http" if kind.name == "https" else kind.name)
        self._check_types(subject)
        for each in kind.required:
            present = self.extra.get(each[6:]) if each.startswith("extra.") else getattr(self, each)
            if not present:
                raise errors.UsageError(
                    f"{subject} of kind {self.type!r} has no {each}.", remedy=f"Give it: {each.rpartition('.')[2]}=…"
                )
        unknown = [each for each in self.extra if kind.extra is not None and each not in kind.extra]
        if unknown and kind.extra is not None:
            near = spelling.did_you_mean(unknown[0], kind.extra)
            raise errors.UsageError(
                f"{subject} of kind {self.type!r} has no extra {unknown[0]!r}.",
                remedy=f"{near} It takes: {', '.join(kind.extra)}.".strip(),
            )

    def _check_types(self, subject: str) -> None:
        for each in ("host", "login", "password", "database", "description"):
            value = getattr(self, each)
            if not isinstance(value, str):
                shown = f"of the type {type(value).__name__}" if each == "password" else repr(value)
                raise errors.UsageError(f"{subject}: {each} is {shown}, which is no text.", remedy="Give text.")
        if isinstance(self.port, bool) or not (self.port is None or isinstance(self.port, int)):
            raise errors.UsageError(f"{subject}: port is {self.port!r}.", remedy="Give a whole number.")
        if self.port is not None and not 0 < self.port < 65536:
            raise errors.UsageError(f"{subject}: port is {self.port}.", remedy="Give a number from 1 to 65535.")
        if not isinstance(self.extra, Mapping) or not all(isinstance(each, str) for each in self.extra):
            raise errors.UsageError(f"{subject}: extra is no mapping of names.", remedy='Give {"name": value}.')
        if "://" in self.host:
            raise errors.UsageError(
                f"{subject}: host has a scheme: {self.host.partition('://')[0]}://…",
                remedy="Give the host alone, or the whole as uri=.",
            )

    # --- in ---

    @classmethod
    def parse(cls, name: str, uri: str, *, source: str = "") -> Connection:
        """Make a connection of a URI: `postgres://user:password@host:5432/trading?sslmode=require`.

        What stands after `?` is `extra`. Of sqlite and duckdb the path is the file: `sqlite:///relative.db`,
        `sqlite:////absolute.db`.

        Raises:
            UsageError: it is no URI, or what it says is wrong; the message does not repeat it.
        """
        checked_name(name)
        scheme, separator, _ = uri.partition("://")
        if not separator or not scheme:
            raise errors.UsageError(
                f"The connection {name!r} is no URI: it has no `://`.",
                remedy="Write type://login:password@host:port/database?extra=value, with % for special characters.",
            )
        kind = kinds.of(scheme, subject=f"The connection {name!r}")
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            raise errors.UsageError(
                f"The URI of the connection {name!r} can't be taken apart.",
                remedy="Quote special characters in login and password: `@` is %40, `/` is %2F, `:` is %3A.",
            ) from None
        path = parts.path.removeprefix("/")
        if kind.name in ("sqlite", "duckdb") and parts.netloc and not path:
            path = parts.netloc  # sqlite://file.db
        extra: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
        encoded = extra.pop("__extra__", None)
        if encoded is not None:
            extra = {**extra, **json_mapping(encoded, name)}
        host = unquote(parts.hostname or "") if kind.name not in ("sqlite", "duckdb") else ""
        return cls(
            name=name,
            type=scheme if scheme in ("https", "smtps") else kind.name,
            host=host,
            port=port,
            login=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(path),
            extra=extra,
            source=source,
        )

    @classmethod
    def build(cls, name: str, given: Mapping[str, Any], *, source: str = "") -> Connection:
        """Make a connection of a mapping, as in JSON or TOML: its fields, or `uri` with some of them.

        Raises:
            UsageError: a field is unknown, or wrong.
        """
        values = {_ALIASES.get(field_name, field_name): value for field_name, value in given.items()}
        uri = values.pop("uri", None)
        unknown = [each for each in values if each not in FIELDS]
        if unknown:
            near = spelling.did_you_mean(unknown[0], FIELDS)
            raise errors.UsageError(
                f"The connection {name!r} has no field {unknown[0]!r}.",
                remedy=f"{near} It has: uri, {', '.join(FIELDS)}.".strip(),
            )
        if isinstance(values.get("port"), str) and values["port"].isdecimal():
            values["port"] = int(values["port"])
        if isinstance(values.get("extra"), str):
            values["extra"] = json_mapping(values["extra"], name)
        if uri is not None:
            return replace(cls.parse(name, str(uri), source=source), **values)
        if "type" not in values:
            raise errors.UsageError(
                f"The connection {name!r} has no type.", remedy=f"Give one of: {', '.join(kinds.KINDS)}; or a uri."
            )
        return cls(name=name, source=source, **values)

    # --- out ---

    @property
    def schema(self) -> str:
        """Another name for `database`."""
        return self.database

    @property
    def kind(self) -> kinds.Kind:
        """What is special about its kind."""
        return kinds.KINDS[self.type]

    @property
    def effective_port(self) -> int | None:
        """The port, or the usual one."""
        if self.port is not None:
            return self.port
        if self.encrypted:
            return {"http": 443, "smtp": 465}.get(self.type, self.kind.port)
        return self.kind.port

    @property
    def uri(self) -> str:
        """The whole as a URI, with its secrets."""
        return self._uri(self.password, self.extra)

    def _uri(self, password: str, extra: Mapping[str, Any]) -> str:
        scheme = {"http": "https", "smtp": "smtps"}.get(self.type, self.type) if self.encrypted else self.type
        who = quote(self.login, safe="")
        if password:
            who += ":" + (password if password == MASK else quote(password, safe=""))
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe=".-_")
        where = (f"{who}@" if who else "") + host + (f":{self.port}" if self.port is not None else "")
        path = f"/{quote(self.database, safe='/:.')}" if self.database else ""
        plain = {key: value for key, value in extra.items() if isinstance(value, str)}
        query = urlencode(plain if len(plain) == len(extra) else {"__extra__": json.dumps(dict(extra))}, safe="*")
        return f"{scheme}://{where}{path}" + (f"?{query}" if extra else "")

    def as_mapping(self) -> dict[str, Any]:
        """The fields that are set, with secrets, as `build` takes them."""
        found: dict[str, Any] = {"type": "https" if self.type == "http" and self.encrypted else self.type}
        if self.type == "smtp" and self.encrypted:
            found["type"] = "smtps"
        for each in FIELDS[1:]:
            value = getattr(self, each)
            if value not in ("", None, {}):
                found[each] = dict(value) if each == "extra" else value
        return found

    def masked(self) -> dict[str, Any]:
        """The fields as people may see them."""
        found = {"name": self.name, **self.as_mapping(), "source": self.source}
        if "password" in found:
            found["password"] = MASK
        if "extra" in found:
            found["extra"] = _masked_extra(self.extra)
        return found

    def secrets(self) -> set[str]:
        """The texts that must not show anywhere."""
        return {each for each in (self.password, *secret_texts(self.extra)) if each}

    def __str__(self) -> str:
        return self._uri(MASK if self.password else "", _masked_extra(self.extra))

    def __repr__(self) -> str:
        return f"<connection {self.name!r}: {self}>"


def checked_name(name: str) -> str:
    """The name, if it is one.

    Raises:
        UsageError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise errors.UsageError(
            f"{name!r} is no name for a connection.", remedy="Use letters, digits, `_`, `-` and `.`, a letter first."
        )
    return name


def json_mapping(text: str, name: str) -> dict[str, Any]:
    """Read a mapping from JSON, for the connection `name`.

    Raises:
        UsageError: it is none; the message does not repeat it.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise errors.UsageError(
            f"extra of the connection {name!r} is no JSON object.", remedy='Write {"name": "value"}.'
        )
    return found


def _is_secret(name: str) -> bool:
    return bool(_SECRET_WORD.search(name)) and name not in _NOT_SECRET


def _masked_extra(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if _is_secret(name) else _masked_value(value) for name, value in extra.items()}


def _masked_value(value: Any) -> Any:
    """A URL may have a password in it."""
    if isinstance(value, Mapping):
        return _masked_extra(value)
    if isinstance(value, (list, tuple)):
        return [_masked_value(each) for each in value]
    if not isinstance(value, str):
        return value
    return _URL_PASSWORD.sub(lambda match: match[0].replace(match[1] or match[2], MASK), value)


def secret_texts(value: Any, *, secret: bool = False) -> Iterator[str]:
    """Yield what is secret in a value: what has such a name, and passwords in URLs."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from secret_texts(each, secret=secret or _is_secret(name))
    elif isinstance(value, str):
        if secret:
            yield value
        else:
            for match in _URL_PASSWORD.finditer(value):
                found = match[1] or match[2]
                yield from {found, unquote(found)}
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from secret_texts(each, secret=secret)
