"""The kinds of connections: what each is called in a URI, where it listens, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from weft.model import errors, spelling

Family = Literal["sql", "http", "files", "mail", "machine", "cluster", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is special about one kind of connection."""

    name: str
    family: Family
    schemes: tuple[str, ...] = ()
    """By which it goes in URIs, besides its name; the first one is what other libraries call it."""
    port: int | None = None
    required: tuple[str, ...] = ()
    extra: tuple[str, ...] | None = None
    """The names that `extra` may have; None for any."""


_S3 = ("endpoint_url", "region_name", "token", "profile", "anon", "role_arn", "ssl")

KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        Kind(
            name="postgres", family="sql", schemes=("postgresql", "postgresql+psycopg"), port=5432, required=("host",)
        ),
        Kind(name="mysql", family="sql", schemes=("mysql", "mysql+pymysql", "mariadb"), port=3306, required=("host",)),
        Kind(name="sqlite", family="sql", schemes=("sqlite",)),
        Kind(name="duckdb", family="sql", schemes=("duckdb",)),
        Kind(name="sql", family="sql", required=("extra.url",)),
        Kind(name="http", family="http", schemes=("http",), port=80, required=("host",)),
        Kind(name="https", family="http", schemes=("https",), port=443, required=("host",)),
        Kind(name="s3", family="files", schemes=("s3", "s3a", "aws"), extra=_S3),
        Kind(name="gcs", family="files", schemes=("gs", "gcs"), extra=("project", "token", "endpoint_url", "key_path")),
        Kind(
            name="azure",
            family="files",
            schemes=("abfs", "az", "abfss"),
            extra=("connection_string", "sas_token", "tenant_id", "client_id", "client_secret", "endpoint_url"),
        ),
        Kind(
            name="sftp",
            family="files",
            schemes=("sftp",),
            port=22,
            required=("host",),
            extra=("key_file", "private_key", "passphrase", "known_hosts", "timeout"),
        ),
        Kind(
            name="smtp",
            family="mail",
            schemes=("smtp", "smtps"),
            port=25,
            required=("host",),
            extra=("tls", "sender", "timeout"),
        ),
        Kind(name="ssh", family="machine", schemes=("ssh",), port=22, required=("host",)),
        Kind(name="spark", family="cluster", schemes=("spark",), port=7077),
        Kind(name="docker", family="cluster", schemes=("docker",)),
        Kind(name="generic", family="other"),
    )
}

_BY_SCHEME = {scheme: kind for kind in KINDS.values() for scheme in (kind.name, *kind.schemes)}


def of(name: str, *, subject: str) -> Kind:
    """The kind of a name or of a URI's scheme.

    Args:
        name: "postgres", "postgresql+psycopg", "s3" …
        subject: what has this kind, for the message.

    Raises:
        UsageError: there is no such kind.
    """
    found = _BY_SCHEME.get(name.lower())
    if found is None:
        near = spelling.did_you_mean(name, list(KINDS))
        listed = f"The kinds are: {', '.join(KINDS)}."
        raise errors.UsageError(
            f"{subject} is of the kind {name!r}, which there is not.", remedy=f"{near} {listed}" if near else listed
        )
    return found
