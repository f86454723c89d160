"""Settings as people see them: each with its value, its default, and where the value comes from.

What may hold a secret is never told: tables of resources, configs, connections, locations and alert channels are told
by the names in them, and of a URL neither who logs in nor its query.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from weft.codehost import project as projects
from weft.service import views
from weft.service import world as worlds

Source = Literal["default", "file", "environment", "flag"]

TELEMETRY = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables of OpenTelemetry that say where traces go, where `[server] otel_endpoint` does not."""

_USUAL = worlds.Settings()
DEFAULTS: Mapping[str, Any] = {
    "definitions": None,
    "home": projects.HOME_NAME,
    "storage": None,
    "executor": _USUAL.executor,
    "jobs": _USUAL.jobs,
    "on_failure": _USUAL.on_failure,
    "code_changes": "stale",
    "durability": "full",
    "keep_versions": _USUAL.keep_versions,
    "keep_runs": _USUAL.keep_runs,
    "queue.max_runs": None,
    "server.host": "127.0.0.1",
    "server.port": 8321,
    "server.hosts": [],
    "server.url": None,
    "server.base_path": "",
    "server.behind_proxy": False,
    "server.proxies": ["127.0.0.1", "::1"],
    "server.certificate": None,
    "server.key": None,
    "server.otel_endpoint": None,
    "scheduler.grace": "60s",
    "alerts.defaults": True,
}
"""What holds where nothing says otherwise, in the order in which settings are told; None where there is no value."""

_NAMES_ALONE = ("alerts.channels", "resources", "config", "connections", "locations")
"""Tables whose values may hold secrets, or are long: told by the names in them."""
_COUNTED = ("alerts.rules", "alerts.routes")
_OPEN = ("pools", "queue", "queue.tag_limits", "queue.priorities", "server", "scheduler", "alerts")
"""Tables whose entries are settings of their own."""
_OF_THE_PROCESS = ("definitions", "home")
_AT_START = ("server.", "scheduler.", "alerts.", "durability")
_ADDRESS = re.compile(r"^([A-Za-z][\w+.-]*://)(?:[^/?#@]*@)?([^?#]*)([?#].*)?$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the settings of a process come from, as it was started."""

    configuration: Path | None = None
    definitions: str = ""
    """What its definitions are, in the words of whoever named them."""
    flags: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    """By the setting's name: the option of the command line, and what it was given."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What the configuration said when it was started."""


class SettingView(views.View, frozen=True, kw_only=True):
    """One setting. `where` is the file, the variable or the option that says it, "" where nothing does.

    `value` holds now; `next` from the next start on, which is another where the file has changed since (`pending`). Of
    a table that may hold secrets the value is the names in it.
    """

    name: str
    value: Any
    default: Any
    source: Source
    where: str
    changes_at_start: bool
    pending: bool
    next: Any


def told(
    settings: Mapping[str, object],
    origin: Origin,
    home: Path,
    *,
    environ: Mapping[str, str] | None = None,
) -> list[SettingView]:
    """All settings, those of the whole project first; `settings` is what the configuration says now."""
    environ = os.environ if environ is None else environ
    now, started = _flat(settings), _flat(origin.settings)
    names = dict.fromkeys((*DEFAULTS, *sorted(now.keys() | started.keys())))
    return [_setting(name, now, started, origin, home, environ) for name in names]


def _setting(
    name: str,
    now: Mapping[str, Any],
    started: Mapping[str, Any],
    origin: Origin,
    home: Path,
    environ: Mapping[str, str],
) -> SettingView:
    at_start = name in _OF_THE_PROCESS or name.startswith(_AT_START)
    holds = started if at_start else now
    default = DEFAULTS.get(name)
    source: Source = "default"
    value, where = default, ""
    file = origin.configuration.name if origin.configuration is not None else ""
    if name in origin.flags:
        source, (where, value) = "flag", origin.flags[name]
    elif name == "home":
        value = str(home)
        if environ.get(projects.HOME_VARIABLE):
            source, where = "environment", projects.HOME_VARIABLE
    elif name == "definitions":
        value = origin.definitions or None
        if value is not None:
            source, where = "file", file
    elif name in holds:
        source, where, value = "file", file, holds[name]
    elif name == "server.otel_endpoint" and (variable := next((each for each in TELEMETRY if environ.get(each)), "")):
        source, where, value = "environment", variable, environ[variable]
    fixed = name in _OF_THE_PROCESS or source in ("flag", "environment")
    later = now.get(name, default) if at_start and not fixed else value
    return SettingView(
        name=name,
        value=_public(value),
        default=_public(default),
        source=source,
        where=where,
        changes_at_start=at_start,
        pending=later != value,
        next=_public(later),
    )


def _flat(settings: Mapping[str, object]) -> dict[str, Any]:
    """Settings by their full names, `queue.max_runs`; without what may be secret."""
    return dict(_entries("", settings))


def _entries(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name in _OPEN:
            yield from _entries(f"{name}.", value)
        elif name in _COUNTED and isinstance(value, list):
            yield name, [_name_of(each, at) for at, each in enumerate(value, 1)]
        elif name in _NAMES_ALONE or isinstance(value, Mapping):
            yield name, sorted(value) if isinstance(value, Mapping) else None
        else:
            yield name, value


def _name_of(rule: object, at: int) -> str:
    named = rule.get("name") if isinstance(rule, Mapping) else None
    return named if isinstance(named, str) else f"no. {at}"


def _public(value: Any) -> Any:
    """A value without secrets: of a URL neither login nor query."""
    if isinstance(value, (list, tuple)):
        return [_public(each) for each in value]
    if not isinstance(value, str):
        return value
    found = _ADDRESS.match(value)
    return found[1] + found[2] + ("?***" if found[3] else "") if found is not None else value
