"""The words of alerting: problems, the rules by which they become incidents, and who is told over which channel.

A *problem* is something that is wrong with one subject (and partition) right now. A *subject* has its kind in front:
`asset:orders`, `pipeline:trading`, `automation:schedule:trading`, `location:main`, `pool:default`, `scheduler`. An
*incident* is what people see: all problems that have one root. Times are microseconds since the epoch, UTC.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

Severity: TypeAlias = Literal["info", "warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the least to the worst."""

Kind: TypeAlias = Literal[
    "failure",
    "held",
    "check",
    "late",
    "due_soon",
    "stale",
    "duration",
    "automation",
    "location",
    "worker",
    "scheduler",
    "event",
]
"""What is wrong. "held": it could not be made because something above it failed. "event": somebody wants to know of it.
"""

Word: TypeAlias = Literal[
    "failure", "check", "late", "due_soon", "stale", "duration", "automation", "location", "worker", "scheduler"
]
WORDS: tuple[Word, ...] = get_args(Word)
"""What a rule may be on."""

EVENT = "event"
"""What a rule is on that is on single events."""

About: TypeAlias = Literal["opened", "grew", "resolved", "reminder", "test"]

FIELDS = ("rule", "root", "subject", "owner", "tag", "severity")
"""What a silence may match."""

MINUTE = 60 * 1_000_000

ProblemKey: TypeAlias = tuple[Kind, str, str, str]
"""Kind, subject, partition and, for single events, the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong since a time; `incident` is where people see it, "" where no rule asks for that (yet).

    `origin` is the subject by which a held one is held. `blocking`: a check that keeps the version from being used.
    `severity` holds unless the rule has one.
    """

    kind: Kind
    subject: str
    partition: str = ""
    since: int
    at: int
    """When it was seen last."""
    detail: str = ""
    run: str = ""
    origin: str = ""
    severity: Severity = "error"
    blocking: bool = False
    incident: str = ""
    rule: str = ""
    """The one rule that asks for it, where it is a single event."""

    @property
    def key(self) -> ProblemKey:
        """What identifies it."""
        return (self.kind, self.subject, self.partition, self.rule)

    @property
    def words(self) -> frozenset[str]:
        """What rules it falls under: a rejected version is also a failure, and so is what could not be made."""
        if self.kind == "held":
            return frozenset({"failure"})
        return frozenset({"check", "failure"}) if self.kind == "check" and self.blocking else frozenset({self.kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Problems of a subject that are there no more; `partition` None means those of all its partitions."""

    subject: str
    kinds: frozenset[Kind]
    partition: str | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMatch:
    """Which events a rule is on: those of these types, about a subject (a pattern with `*`), with an outcome."""

    types: frozenset[str]
    subject: str | None = None
    outcome: str | None = None

    def has(self, subject: str) -> bool:
        """Whether it is on a subject; a pattern without a kind in front is compared with the name alone."""
        if self.subject is None:
            return True
        return fnmatch.fnmatchcase(subject if ":" in self.subject else bare(subject), self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which problems become incidents. `select` is a selection of assets and pipelines, None for every subject."""

    name: str
    on: frozenset[str]
    select: str | None = None
    severity: Severity | None = None
    channels: tuple[str, ...] = ()
    after: int = 0
    """Only what lasts so many microseconds."""
    repeat: int | None = None
    """How often people are reminded while nobody has acknowledged it, in microseconds."""
    fallback: bool = False
    """Whether it is only for what no other rule is on: one of the default rules."""
    events: EventMatch | None = None
    """Of a rule on single events: which; `on` has nothing but `EVENT` then."""
    after_position: int = 0
    """Only events that come after this place in the log: the rule was made there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Channels for the incidents that match all that it names: at least this severity, an owner, a tag; with `*`."""

    channels: tuple[str, ...]
    severity: Severity | None = None
    owner: str | None = None
    tag: str | None = None

    def leads(self, severity: Severity, owners: Iterable[str], tags: Iterable[str]) -> bool:
        """Whether an incident of this severity, owners and tags goes this way."""
        if self.severity is not None and rank(severity) < rank(self.severity):
            return False
        if self.owner is not None and not any(fnmatch.fnmatchcase(each, self.owner) for each in owners):
            return False
        return self.tag is None or any(_tag_matches(each, self.tag) for each in tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where messages go: an address that `apprise` knows, a webhook, or a connection that has such an address.

    `address` and `secret` are as they are written in the settings, with `${VARIABLE}` in them: their values are filled
    in when a message is sent and never kept.
    """

    name: str
    kind: Literal["apprise", "webhook", "connection"]
    address: str
    secret: str = ""
    allow_private: bool = False
    allow_loopback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project's configuration says of alerts."""

    rules: tuple[Rule, ...] = ()
    routes: tuple[Route, ...] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    url: str = ""
    """Where people reach the server, for links; "" where that is not known."""

    def wanted(self) -> frozenset[str]:
        """What any rule is on."""
        return frozenset(word for rule in self.rules for word in rule.on)

    def rule(self, name: str) -> Rule | None:
        """The rule of a name."""
        return next((each for each in self.rules if each.name == name), None)

    def channels_for(
        self, rule: str, severity: Severity, owners: Iterable[str], tags: Iterable[str]
    ) -> tuple[str, ...]:
        """Where an incident is told: the rule's channels and those of each route that it goes; all where none is."""
        found = self.rule(rule)
        named = list(found.channels) if found is not None else []
        owners, tags = list(owners), list(tags)
        for route in self.routes:
            if route.leads(severity, owners, tags):
                named.extend(route.channels)
        return tuple(dict.fromkeys(each for each in named if each in self.channels)) or tuple(self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nobody is told of what matches all of `matches` (field to pattern with `*`), until a time."""

    id: str
    matches: Mapping[str, str]
    until: int

    def covers(
        self, *, rule: str, root: str, subject: str, severity: str, owners: Iterable[str], tags: Iterable[str]
    ) -> bool:
        """Whether it covers an incident; a subject without its kind, unless a pattern has one."""
        values: Mapping[str, tuple[str, ...]] = {
            "rule": (rule,),
            "root": (root,),
            "subject": (subject,),
            "severity": (severity,),
            "owner": tuple(owners),
        }
        for name, pattern in self.matches.items():
            if name == "tag":
                if not any(_tag_matches(each, pattern) for each in tags):
                    return False
                continue
            found = values.get(name, ())
            if name in ("root", "subject") and ":" not in pattern:
                found = tuple(map(bare, found))
            if not any(fnmatch.fnmatchcase(each, pattern) for each in found):
                return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An incident that is not resolved. `told` is when people were last told of it, None for not yet."""

    id: str
    key: str
    rule: str
    severity: Severity
    title: str
    root: str
    subject: str
    opened: int
    acknowledged: bool = False
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    told: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """That people are to be told of an incident, over these channels."""

    incident: str
    about: About
    channels: tuple[str, ...]


def rank(severity: str) -> int:
    """How bad a severity is; -1 for a word that is none."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def bare(subject: str) -> str:
    """A subject without its kind in front, as people know it."""
    return subject.partition(":")[2] or subject


def _tag_matches(tag: str, pattern: str) -> bool:
    """Whether a tag (`name` or `name=value`) matches a pattern; a pattern without a value matches any value."""
    return fnmatch.fnmatchcase(tag, pattern) or (
        "=" not in pattern and fnmatch.fnmatchcase(tag.partition("=")[0], pattern)
    )
