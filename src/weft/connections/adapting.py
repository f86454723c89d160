"""What the libraries that reach outside systems take, made of a connection: URLs, options, clients."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from weft.connections import connection as connections
from weft.model import errors

if TYPE_CHECKING:
    import httpx
    import sqlalchemy

_DRIVERS = {"postgres": "postgresql+psycopg", "mysql": "mysql+pymysql", "sqlite": "sqlite"}


def sqlalchemy_module(purpose: str = "A SQL connection") -> Any:
    """SQLAlchemy.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import sqlalchemy
    except ImportError:
        raise errors.MissingExtraError(package="sqlalchemy", extra="sql", purpose=purpose) from None
    return sqlalchemy


def sqlalchemy_engine(connection: connections.Connection, **options: Any) -> sqlalchemy.Engine:
    """An engine that keeps no connections open, and whose errors do not repeat the values of parameters.

    With SQLite a transaction holds all that stands in it: its driver would begin one only at the first INSERT.

    Raises:
        UsageError: it is of another kind, or its URL can't be read, or is of an unknown database.
        MissingExtraError: SQLAlchemy, or the driver of the database, is not installed.
    """
    alchemy = sqlalchemy_module()
    try:
        engine: sqlalchemy.Engine = alchemy.create_engine(
            sqlalchemy_url(connection), poolclass=alchemy.NullPool, hide_parameters=True, **options
        )
    except alchemy.exc.NoSuchModuleError as error:
        raise errors.UsageError(
            f"SQLAlchemy knows no such database: {error}.", remedy="Install the package of its dialect."
        ) from error
    except alchemy.exc.ArgumentError:
        raise errors.UsageError(
            "The URL of the database can't be read.", remedy="Write dialect://login:password@host:port/database."
        ) from None
    except ImportError as error:
        package = error.name or "driver"
        extra = "postgres" if package.startswith("psycopg") else "sql"
        raise errors.MissingExtraError(package=package, extra=extra, purpose="This database") from None
    if engine.dialect.name == "sqlite":
        alchemy.event.listen(engine, "connect", _sqlite_begins_nothing)
        alchemy.event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_begins_nothing(opened: Any, _: object) -> None:
    opened.isolation_level = None


def _sqlite_begin(opened: Any) -> None:
    if opened.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        opened.exec_driver_sql("BEGIN")


def sqlalchemy_url(connection: connections.Connection) -> sqlalchemy.URL:
    """The URL of a SQL connection for SQLAlchemy.

    Raises:
        UsageError: it is of another kind.
        MissingExtraError: SQLAlchemy is not installed.
    """
    sqlalchemy = sqlalchemy_module()
    if connection.type == "sql":
        return sqlalchemy.make_url(str(connection.extra["url"]))  # type: ignore[no-any-return]
    if connection.type not in _DRIVERS:
        raise errors.UsageError(
            f"The connection {connection.name!r} is of the kind {connection.type!r}, which is no database.",
            remedy="Use one of the kinds postgres, mysql, sqlite, duckdb; or sql with url=, any URL of SQLAlchemy.",
        )
    query = {name: str(value) for name, value in connection.extra.items()}
    return sqlalchemy.URL.create(  # type: ignore[no-any-return]
        query.pop("driver", _DRIVERS[connection.type]),
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.database or None,
        query=query,
    )


@contextlib.contextmanager
def duckdb_connection(database: str, *, read_only: bool | None = False) -> Iterator[Any]:
    """A connection of DuckDB's own to a file, or to memory where none is named. `None`: read only if the file exists.

    Raises:
        MissingExtraError: DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise errors.MissingExtraError(package="duckdb", extra="duckdb", purpose="A DuckDB connection") from None
    if read_only is None:
        from pathlib import Path

        read_only = bool(database) and Path(database).exists()
    opened = duckdb.connect(database or ":memory:", read_only=read_only)
    try:
        yield opened
    finally:
        opened.close()


def http_base(connection: connections.Connection) -> str:
    """The URL that an HTTP connection stands for."""
    scheme = "https" if connection.encrypted else "http"
    port = f":{connection.port}" if connection.port is not None else ""
    path = f"/{connection.database.strip('/')}" if connection.database else ""
    return f"{scheme}://{connection.host}{port}{path}"


def http_client(connection: connections.Connection | None, **options: Any) -> httpx.Client:
    """A client that knows the base URL, the login and the headers of a connection.

    `extra` may have `headers` (a mapping), `token` (sent as bearer) and `verify` (false, or a file of certificates).

    Raises:
        MissingExtraError: httpx is not installed.
        UsageError: the connection is of another kind.
    """
    try:
        import httpx
    except ImportError:
        raise errors.MissingExtraError(package="httpx", extra="http", purpose="An HTTP request") from None
    options.setdefault("follow_redirects", True)
    if connection is None:
        return httpx.Client(**options)
    if connection.type != "http":
        raise errors.UsageError(
            f"The connection {connection.name!r} is of the kind {connection.type!r}, which is not reached by HTTP.",
            remedy="Use one of the kind http.",
        )
    headers = dict(connection.extra.get("headers") or {})
    if "token" in connection.extra:
        headers.setdefault("Authorization", f"Bearer {connection.extra['token']}")
    if connection.login:
        options.setdefault("auth", (connection.login, connection.password))
    verify = connection.extra.get("verify", True)
    if verify in (False, "false", "0"):
        options["verify"] = False
    elif isinstance(verify, str) and verify != "true":
        options["verify"] = ssl.create_default_context(cafile=verify)
    return httpx.Client(base_url=http_base(connection), headers=headers, **options)


def storage_options(connection: connections.Connection) -> tuple[str, dict[str, Any]]:
    """The protocol and the options by which fsspec reaches the files of a connection.

    Raises:
        UsageError: it is of another kind.
    """
    extra = connection.extra
    given: dict[str, Any]
    match connection.type:
        case "s3":
            given = {"key": connection.login, "secret": connection.password, "token": extra.get("token")}
            given["endpoint_url"] = extra.get("endpoint_url") or _endpoint(connection)
            if extra.get("region_name"):
                given["client_kwargs"] = {"region_name": extra["region_name"]}
            given["profile"] = extra.get("profile")
            given["anon"] = _truth(extra.get("anon"))
            return "s3", _present(given)
        case "gcs":
            given = {"project": extra.get("project"), "endpoint_url": extra.get("endpoint_url")}
            given["token"] = extra.get("token") or extra.get("key_path")
            return "gs", _present(given)
        case "azure":
            given = {"account_name": connection.login or connection.host, "account_key": connection.password}
            return "abfs", _present({**given, **extra})
        case "sftp":
            given = {"host": connection.host, "port": connection.effective_port, "username": connection.login}
            given |= {"password": connection.password, "key_filename": extra.get("key_file")}
            given |= {each: extra.get(each) for each in ("passphrase", "private_key", "known_hosts")}
            given |= {"timeout": float(extra["timeout"]) if "timeout" in extra else None}
            return "sftp", _present(given)
    raise errors.UsageError(
        f"The connection {connection.name!r} is of the kind {connection.type!r}, which has no files.",
        remedy="Use one of the kinds s3, gcs, azure, sftp.",
    )


_FILE_EXTRAS = {"s3": ("s3fs", "s3"), "gs": ("gcsfs", "gcs"), "abfs": ("adlfs", "azure"), "sftp": ("paramiko", "sftp")}


def filesystem(connection: connections.Connection, *, timeout: float | None = None) -> Any:
    """The fsspec filesystem of a connection; with `timeout`, in seconds, it gives up early and tries once.

    Raises:
        MissingExtraError: what its kind needs is not installed.
        UsageError: it is of another kind.
    """
    protocol, options = storage_options(connection)
    if timeout is not None and protocol == "s3":
        once = {"connect_timeout": timeout, "read_timeout": timeout, "retries": {"total_max_attempts": 1}}
        made = filesystem_of(protocol, {**options, "config_kwargs": once, "skip_instance_cache": True})
        made.retries = 1  # its own, around those of boto
        return made
    if timeout is not None and protocol == "sftp":
        options |= {"timeout": timeout, "banner_timeout": timeout, "auth_timeout": timeout}
    return filesystem_of(protocol, options)


def filesystem_of(protocol: str, options: Mapping[str, Any]) -> Any:
    """An fsspec filesystem by its protocol.

    Raises:
        MissingExtraError: fsspec, or what it needs for this protocol, is not installed.
        UsageError: fsspec knows no such protocol.
    """
    made = _class_of(protocol)
    if protocol in ("sftp", "ssh"):
        from weft.connections import sftp

        return sftp.filesystem(options)
    return made(**options)


def url_options(protocol: str, url: str) -> dict[str, Any]:
    """What a URL itself says of where its files are: host, port, user of SFTP; an account; nothing for most.

    Raises:
        MissingExtraError: fsspec, or what it needs for this protocol, is not installed.
        UsageError: fsspec knows no such protocol.
    """
    if protocol in ("file", "local", "memory"):
        return {}
    found = _class_of(protocol)._get_kwargs_from_urls(url)
    return {name: value for name, value in found.items() if value not in (None, "")}


def _class_of(protocol: str) -> Any:
    try:
        import fsspec
    except ImportError:
        raise errors.MissingExtraError(package="fsspec", extra="remote", purpose="Reaching files by URL") from None
    try:
        return fsspec.get_filesystem_class(protocol)
    except ImportError:
        package, extra = _FILE_EXTRAS.get(protocol, (protocol, "remote"))
        raise errors.MissingExtraError(package=package, extra=extra, purpose=f"Reaching {protocol}:// files") from None
    except ValueError as error:
        if "rotocol" not in str(error):
            raise
        raise errors.UsageError(
            f"fsspec knows no files of {protocol}://.", remedy="Use file, s3, gs, abfs, sftp, http, memory …"
        ) from error


def smtp_client(connection: connections.Connection, *, timeout: float | None = None) -> smtplib.SMTP:
    """A client that is connected and logged in. `extra.tls` is "starttls", "ssl" or "none" (the default).

    `timeout` is in seconds: `extra.timeout`, else 30, unless given.

    Raises:
        UsageError: the connection is of another kind, or `tls` is another word.
        OSError, smtplib.SMTPException: the server refuses.
    """
    if connection.type != "smtp":
        raise errors.UsageError(
            f"The connection {connection.name!r} is of the kind {connection.type!r}, which takes no mail.",
            remedy="Use one of the kind smtp.",
        )
    tls = str(connection.extra.get("tls") or ("ssl" if connection.encrypted else "none"))
    if tls not in ("ssl", "starttls", "none"):
        raise errors.UsageError(
            f"The connection {connection.name!r} has tls={tls!r}.", remedy="Write starttls, ssl or none."
        )
    port = connection.effective_port or 25
    timeout = timeout if timeout is not None else float(connection.extra.get("timeout", 30.0))
    client: smtplib.SMTP
    try:
        if tls == "ssl":
            client = smtplib.SMTP_SSL(connection.host, port, timeout=timeout, context=ssl.create_default_context())
        else:
            client = smtplib.SMTP(connection.host, port, timeout=timeout)
    except smtplib.SMTPException:  # it is an OSError too
        raise
    except OSError as error:
        raise ConnectionError(f"{connection.host}:{port} can't be reached: {error}") from error
    try:
        if tls == "starttls":
            client.starttls(context=ssl.create_default_context())
        if connection.login:
            client.login(connection.login, connection.password)
    except BaseException:
        client.close()
        raise
    return client


def _endpoint(connection: connections.Connection) -> str | None:
    if not connection.host or connection.host.endswith("amazonaws.com"):
        return None
    scheme = "http" if connection.extra.get("ssl") in (False, "false", "0") else "https"
    return f"{scheme}://{connection.host}" + (f":{connection.port}" if connection.port else "")


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, "", False)}


def _truth(value: Any) -> bool:
    return value in (True, "true", "True", "1", 1)
