"""Trying a connection: really connecting, and saying how that went."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib import parse

from weft.connections import adapting
from weft.connections import connection as connections
from weft.model import errors

TIMEOUT = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How trying a connection went. `seconds` is how long it took."""

    name: str
    type: str
    passed: bool
    message: str
    seconds: float


def test(connection: connections.Connection, *, timeout: float = TIMEOUT) -> Probe:  # noqa: PT028 - no test of pytest's
    """Connect, ask for the least, and disconnect. Nothing outside is changed.

    Args:
        connection: what to try.
        timeout: seconds to wait for an answer.

    Never raises: what went wrong is the message, without secrets.
    """
    started = time.monotonic()
    try:
        message, passed = _PROBES[connection.kind.family](connection, timeout), True
    except errors.WeftError as error:
        message, passed = str(error), False
    except Exception as error:  # a driver's own errors have no common ancestor
        message, passed = f"{type(error).__name__}: {error}".strip().rstrip(":"), False
    secrets = {form for each in connection.secrets() for form in (each, parse.quote(each, safe=""))}
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, connections.MASK)
    return Probe(
        name=connection.name,
        type=connection.type,
        passed=passed,
        message=" ".join(message.split()),
        seconds=time.monotonic() - started,
    )


def _sql(connection: connections.Connection, timeout: float) -> str:
    if connection.type in ("sqlite", "duckdb"):
        _demand_file(connection.database)  # looking must not make it
    if connection.type == "duckdb":
        with adapting.duckdb_connection(connection.database, read_only=None) as opened:
            row = opened.execute("SELECT version()").fetchone()
            return f"DuckDB {row[0] if row else ''} answers"
    alchemy = adapting.sqlalchemy_module()
    options: dict[str, object] = {}
    if connection.type in ("postgres", "mysql"):
        options["connect_timeout"] = max(2, math.ceil(timeout))  # of whole seconds; 0 would mean none
    engine = adapting.sqlalchemy_engine(connection, connect_args=options)
    with engine.connect() as opened:
        opened.execute(alchemy.text("SELECT 1")).scalar()
        version = ".".join(map(str, opened.dialect.server_version_info or ()))
    return f"{engine.dialect.name} {version} answers"


def _demand_file(database: str | None) -> None:
    from pathlib import Path

    if database and ":" not in database and not Path(database).is_file():  # ":memory:" and "md:…" are no files
        raise FileNotFoundError(f"there is no file {database}")


def _http(connection: connections.Connection, timeout: float) -> str:
    client = adapting.http_client(connection, timeout=timeout)
    with client:
        answer = client.head("")
        if answer.status_code in (404, 405, 501):  # many servers know no HEAD, and answer all the same
            answer = client.get("")
    if answer.status_code in (401, 403) or answer.status_code >= 500:
        raise ConnectionError(f"{answer.url} answers {answer.status_code} {answer.reason_phrase}")
    return f"{answer.url} answers {answer.status_code}"


def _files(connection: connections.Connection, timeout: float) -> str:
    if connection.type == "sftp":
        _socket(connection, timeout)
    filesystem = adapting.filesystem(connection, timeout=timeout)
    found = filesystem.ls(connection.database or ("/" if connection.type == "sftp" else ""), detail=False)
    return f"{len(found)} entries in {connection.database or 'the root'}"


def _mail(connection: connections.Connection, timeout: float) -> str:
    with adapting.smtp_client(connection, timeout=timeout) as client:
        code, answer = client.noop()
    if code != 250:
        raise ConnectionError(f"the server answers {code} {answer.decode(errors='replace')}")
    return f"{connection.host}:{connection.effective_port} takes mail"


def _socket(connection: connections.Connection, timeout: float) -> str:
    port = connection.effective_port
    if not connection.host or port is None:
        raise errors.UsageError(
            f"The connection {connection.name!r} has no host and port to try.", remedy="Give it both."
        )
    with socket.create_connection((connection.host, port), timeout=timeout):
        return f"{connection.host}:{port} accepts connections"


def _cluster(connection: connections.Connection, timeout: float) -> str:
    if connection.type == "docker" and not connection.host:
        path = connection.database or "/var/run/docker.sock"
        with socket.socket(socket.AF_UNIX) as plug:
            plug.settimeout(timeout)
            plug.connect(path)
        return f"{path} accepts connections"
    if connection.type == "spark" and not connection.host:
        return "Spark runs within this machine"
    return _socket(connection, timeout)


_PROBES: dict[str, Callable[[connections.Connection, float], str]] = {
    "sql": _sql,
    "http": _http,
    "files": _files,
    "mail": _mail,
    "machine": _socket,
    "cluster": _cluster,
    "other": _socket,
}
