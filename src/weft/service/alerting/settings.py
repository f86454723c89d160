"""What `[alerts]` in the configuration says: channels, rules and routes; all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast, get_args
from urllib import parse

from weft.codehost import server_settings
from weft.define import durations
from weft.model import alerting, errors, selection, spelling

DEFAULT_WORDS: tuple[alerting.Word, ...] = ("failure", "late", "automation", "location", "worker", "scheduler")
"""What the default rules are on; "failure" has rejected versions in it."""

_CHANNEL_FIELDS = ("url", "webhook", "connection", "secret", "allow_private", "allow_loopback")
_RULE_FIELDS = ("name", "on", "select", "severity", "channels", "after", "repeat")
_ROUTE_FIELDS = ("severity", "owner", "tag", "channels")
_FIELDS = ("defaults", "channels", "rules", "routes")


def read(settings: Mapping[str, object]) -> alerting.Settings:
    """What a project's settings say of alerts; the default rules alone where they say nothing.

    Raises:
        UsageError: with everything that is wrong: field, value and what to do.
    """
    found, problems = _Reading().settings(settings.get("alerts", {}), settings.get("server", {}))
    if problems:
        raise errors.UsageError("[alerts]: " + "; ".join(problems), remedy="docs/alerts.md describes each field.")
    return found


def problem_with(value: object) -> str | None:
    """All that is wrong with a table `[alerts]`, None for nothing."""
    return "; ".join(_Reading().settings(value, {})[1]) or None


class _Reading:
    def __init__(self) -> None:
        self._problems: list[str] = []

    def settings(self, table: object, server: object) -> tuple[alerting.Settings, list[str]]:
        """The settings, and what is wrong with them."""
        if not isinstance(table, Mapping):
            return alerting.Settings(), [f"alerts is {table!r}, but must be a table: [alerts]."]
        self._known("alerts", table, _FIELDS)
        channels = self._channels(table.get("channels", {}))
        rules = [
            rule
            for place, each in enumerate(self._tables("alerts.rules", table.get("rules", [])))
            if (rule := self._rule(f"alerts.rules[{place}]", each, channels)) is not None
        ]
        names = [rule.name for rule in rules]
        for name in {each for each in names if names.count(each) > 1}:
            self._problems.append(f"two of alerts.rules have the name {name!r}; give each its own.")
        routes = [
            self._route(f"alerts.routes[{place}]", each, channels)
            for place, each in enumerate(self._tables("alerts.routes", table.get("routes", [])))
        ]
        if self._typed("alerts", table, "defaults", bool, True):
            rules += [
                alerting.Rule(name=f"default-{word}", on=frozenset({word}), fallback=True) for word in DEFAULT_WORDS
                if f"default-{word}" not in names
            ]  # fmt: skip
        url = server_settings.public_url(server) if isinstance(server, Mapping) else ""
        made = alerting.Settings(rules=tuple(rules), routes=tuple(routes), channels=channels, url=url)
        return made, self._problems

    # --- tables ---

    def _channels(self, tables: object) -> dict[str, alerting.Channel]:
        if not isinstance(tables, Mapping):
            self._problems.append(f"alerts.channels is {tables!r}, but must be tables: [alerts.channels.NAME].")
            return {}
        found = {}
        for name, table in tables.items():
            where = f"alerts.channels.{name}"
            if not isinstance(table, Mapping):
                self._problems.append(f"{where} is {table!r}, but must be a table: [{where}].")
                continue
            self._known(where, table, _CHANNEL_FIELDS)
            found[name] = self._channel(name, where, table)
        return found

    def _channel(self, name: str, where: str, table: Mapping[str, Any]) -> alerting.Channel:
        given = [each for each in ("url", "webhook", "connection") if each in table]
        if len(given) != 1:
            told = " and ".join(given) or "none of them"
            self._problems.append(f"{where} must have one of url, webhook and connection, but has {told}.")
        field = given[0] if given else "url"
        address = self._typed(where, table, field, str, "")
        secret = self._typed(where, table, "secret", str, "")
        if given and not address:
            self._problems.append(f"{where}.{field} is empty.")
        if field == "url" and address and "${" not in address:
            self._problems.append(
                f"{where}.url is written out, but such an address has secrets: write ${{VARIABLE}} in it, or name a "
                "connection instead."
            )
        if field == "webhook" and "${" not in address and address:
            self._check_webhook(where, table, address)
        if secret and (field != "webhook" or "${" not in secret):
            self._problems.append(
                f"{where}.secret is written out; write ${{VARIABLE}} in its place."
                if field == "webhook"
                else f"{where}.secret is for a webhook alone."
            )
        kinds: Mapping[str, Any] = {"url": "apprise", "webhook": "webhook", "connection": "connection"}
        return alerting.Channel(
            name=name,
            kind=kinds[field],
            address=address,
            secret=secret,
            allow_private=self._typed(where, table, "allow_private", bool, False),
            allow_loopback=self._typed(where, table, "allow_loopback", bool, False),
        )

    def _check_webhook(self, where: str, table: Mapping[str, Any], address: str) -> None:
        try:
            parts = parse.urlsplit(address)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            self._problems.append(f"{where}.webhook is {address!r}, but must be an address such as https://host/path.")
            return
        if parts.username or parts.password:
            self._problems.append(f"{where}.webhook has a user or a password in it; use `secret`, which signs.")
        if (parts.hostname == "localhost" or (parts.hostname or "").startswith("127.")) and not table.get(
            "allow_loopback"
        ):
            self._problems.append(f"{where}.webhook is on this machine: add allow_loopback = true.")

    def _rule(
        self, where: str, table: Mapping[str, Any], channels: Mapping[str, alerting.Channel]
    ) -> alerting.Rule | None:
        self._known(where, table, _RULE_FIELDS)
        name = self._typed(where, table, "name", str, "")
        if not name:
            self._problems.append(f"{where}.name is missing; it is what silences and messages call it.")
        words = self._texts(where, table, "on")
        if not words:
            self._problems.append(f"{where}.on is missing; it is a list of {', '.join(alerting.WORDS)}.")
        for word in words:
            if word not in alerting.WORDS:
                self._unknown(f"{where}.on", word, alerting.WORDS)
        select = self._typed(where, table, "select", str, "")
        if select:
            self._check_selection(where, select)
        repeat = self._duration(where, table, "repeat")
        return alerting.Rule(
            name=name,
            on=frozenset(words),
            select=select or None,
            severity=self._severity(where, table),
            channels=self._named_channels(where, table, channels),
            after=self._duration(where, table, "after") or 0,
            repeat=repeat,
        )

    def _route(self, where: str, table: Mapping[str, Any], channels: Mapping[str, alerting.Channel]) -> alerting.Route:
        self._known(where, table, _ROUTE_FIELDS)
        if "channels" not in table:
            self._problems.append(f"{where}.channels is missing.")
        if not any(each in table for each in ("severity", "owner", "tag")):
            self._problems.append(f"{where} must say for which severity, owner or tag it is.")
        return alerting.Route(
            channels=self._named_channels(where, table, channels),
            severity=self._severity(where, table),
            owner=self._typed(where, table, "owner", str, "") or None,
            tag=self._typed(where, table, "tag", str, "") or None,
        )

    # --- fields ---

    def _known(self, where: str, table: Mapping[str, Any], fields: Collection[str]) -> None:
        for name in table:
            if name not in fields:
                self._unknown(where, name, fields)

    def _unknown(self, where: str, name: object, known: Collection[str]) -> None:
        hint = spelling.did_you_mean(str(name), known) or f"Known are {', '.join(known)}."
        self._problems.append(f"{where}: there is no {name!r}. {hint}")

    def _tables(self, where: str, value: object) -> Sequence[Mapping[str, Any]]:
        if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
            return value
        self._problems.append(f"{where} is {value!r}, but must be tables: [[{where}]].")
        return []

    def _typed(self, where: str, table: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
        value = table.get(name, default)
        if isinstance(value, kind):
            return value
        told = {str: "text", bool: "true or false"}[kind]
        self._problems.append(f"{where}.{name} is {value!r}, but must be {told}.")
        return default

    def _texts(self, where: str, table: Mapping[str, Any], name: str) -> list[str]:
        value = table.get(name, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return value
        self._problems.append(f"{where}.{name} is {value!r}, but must be a list of names.")
        return []

    def _severity(self, where: str, table: Mapping[str, Any]) -> alerting.Severity | None:
        value = table.get("severity")
        if value is not None and value not in get_args(alerting.Severity):
            self._unknown(f"{where}.severity", value, alerting.SEVERITIES)
            return None
        return cast("alerting.Severity | None", value)

    def _named_channels(
        self, where: str, table: Mapping[str, Any], channels: Mapping[str, alerting.Channel]
    ) -> tuple[str, ...]:
        names = self._texts(where, table, "channels")
        for name in names:
            if name not in channels:
                self._unknown(f"{where}.channels", name, channels)
        return tuple(names)

    def _duration(self, where: str, table: Mapping[str, Any], name: str) -> int | None:
        return self._attempt(
            lambda: int(durations.seconds(table[name], what=f"{where}.{name}", exclusive=True) * 1e6)
        ) if name in table else None  # fmt: skip

    def _check_selection(self, where: str, expression: str) -> None:
        def check() -> int:
            if selection.needs_status(expression):
                self._problems.append(
                    f"{where}.select is {expression!r}, but a rule cannot select by status: that is what `on` is for."
                )
            return 0

        self._attempt(check, f"{where}.select: ")

    def _attempt(self, action: Callable[[], int], prefix: str = "") -> int | None:
        try:
            return action()
        except errors.WeftError as error:
            self._problems.append(f"{prefix}{error.message}")
            return None
