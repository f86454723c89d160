"""What becomes of what was found wrong: which incidents open, grow and are resolved, and who is told.

All that is wrong is kept as problems. Each turn puts in what is new, takes out what is right again, and compares with
the incidents that are open; nothing here remembers anything, so that a turn after a stop decides the same.

- A problem becomes (part of) an incident when a rule asks for it, and has lasted as long as the rule wants.
- Problems with one root are one incident, and people are told of it once; again only if it becomes more severe.
- An incident is resolved when none of its problems is left. The same wrong again is a new incident.
- A rule on single events has an incident of its own for each subject. Such an event is over when the next one like it
  succeeds, or when somebody resolves the incident.
- What opens and closes again and again (`FLAPPING` times within an hour) is kept, but nobody is told any more until an
  hour has seen less of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from weft.model import alerting, control_events
from weft.model import events as events_model
from weft.planner import roots

FLAPPING = 4
WINDOW = 60 * alerting.MINUTE

_GROUPED: frozenset[alerting.Kind] = frozenset({"failure", "held", "check", "late", "stale"})
"""What is grouped by its root; anything else stands for itself."""

_TITLES: Mapping[alerting.Kind, str] = {
    "failure": "{0} failed",
    "held": "{0} could not be made",
    "check": "{0}: a check failed",
    "late": "{0} is late",
    "due_soon": "{0} is about to be late",
    "stale": "{0} is stale",
    "duration": "{0} takes unusually long",
    "automation": "{0} fails",
    "location": "The code location {0} does not load",
    "worker": "No worker takes what waits in {0}",
    "scheduler": "No scheduler is at work",
    "event": "{0}: {1}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a subject: who owns it, its tags (`name` or `name=value`)."""

    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The definitions, as far as alerting asks."""

    above: Callable[[str], Iterable[str]]
    """The subjects that a subject is made from, directly."""
    about: Callable[[str], About]
    selected: Callable[[str, str], bool]
    """Whether a selection (of a rule) has a subject."""
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is kept from before. `recent`: how many incidents opened within `WINDOW`, by key."""

    problems: Mapping[alerting.ProblemKey, alerting.Problem] = field(default_factory=dict)
    incidents: Sequence[alerting.Open] = ()
    silences: Sequence[alerting.Silence] = ()
    recent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a turn has found: `news` in the order of the log, and for each kind that was looked over all there is.

    `settled` are the incidents that people have resolved since the last turn.
    """

    news: Sequence[alerting.Problem | alerting.Cleared] = ()
    standing: Mapping[alerting.Kind, Sequence[alerting.Problem]] = field(default_factory=dict)
    settled: Sequence[alerting.Open] = ()


@dataclass(slots=True, kw_only=True)
class Decision:
    """What follows: events for the log, problems to keep and to drop, whom to tell, and when to look again."""

    events: list[events_model.Event] = field(default_factory=list)
    kept: list[alerting.Problem] = field(default_factory=list)
    dropped: list[alerting.ProblemKey] = field(default_factory=list)
    telling: list[alerting.Telling] = field(default_factory=list)
    incidents: dict[str, alerting.Open] = field(default_factory=dict)
    """The incidents that were open before or are now, as they are now."""
    problems: dict[alerting.ProblemKey, alerting.Problem] = field(default_factory=dict)
    """All that is wrong now."""
    wake: int | None = None

    def wake_at(self, moment: int) -> None:
        """Look again at a time, or before."""
        self.wake = moment if self.wake is None else min(self.wake, moment)


def decide(settings: alerting.Settings, known: Known, seen: Seen, surroundings: Surroundings, *, now: int) -> Decision:
    """Decide what becomes of what was seen."""
    return _Turn(settings, known, surroundings, now).decide(seen)


@dataclass(slots=True)
class _Growth:
    """How an incident grows within a turn, by subject."""

    first: alerting.Problem
    count: int = 0


class _Turn:
    """One decision under way."""

    def __init__(self, settings: alerting.Settings, known: Known, surroundings: Surroundings, now: int) -> None:
        self._settings = settings
        self._known = known
        self._around = surroundings
        self._now = now
        self._problems = dict(known.problems)
        self._open = {each.id: each for each in known.incidents}
        self._recent = dict(known.recent)
        self._growth: dict[tuple[str, str], _Growth] = {}
        self._repeated: dict[alerting.ProblemKey, int] = {}
        self._worse: dict[str, str] = {}
        self._decision = Decision()

    def decide(self, seen: Seen) -> Decision:
        """Take in what was seen, then see to the incidents."""
        for each in seen.news:
            if isinstance(each, alerting.Cleared):
                self._clear(each)
            else:
                self._raise(each)
        for kind, standing in seen.standing.items():
            self._replace(kind, standing)
        self._release_held()
        self._drop_events({each.id for each in seen.settled})
        self._resolve()
        self._assign()
        for (incident, _), growth in self._growth.items():
            self._grow(incident, growth)
        self._tell()
        for settled in seen.settled:
            if settled.told is not None and not self._is_quiet(settled):
                self._send(settled, "resolved")
        decision, before = self._decision, self._known.problems
        decision.kept = [each for key, each in self._problems.items() if before.get(key) != each]
        decision.incidents = {each.id: each for each in (*self._known.incidents, *seen.settled)} | self._open
        decision.problems = self._problems
        decision.dropped = [key for key in before if key not in self._problems]
        return decision

    # --- problems ---

    def _raise(self, problem: alerting.Problem) -> None:
        before = self._problems.get(problem.key)
        if before is None:
            self._problems[problem.key] = problem
            return
        again = problem.run != before.run or problem.kind == "event"
        if again and before.incident and before.incident not in self._open:
            self._problems[problem.key] = problem  # somebody said that it is resolved, but it happened once more
            return
        kept = replace(problem, since=before.since, incident=before.incident)
        self._problems[problem.key] = kept
        if again and before.incident:
            self._note_growth(before.incident, kept)
        elif problem.kind == "event":
            self._repeated[problem.key] = self._repeated.get(problem.key, 0) + 1

    def _clear(self, cleared: alerting.Cleared) -> None:
        for kind in cleared.kinds:
            if cleared.partition is not None:
                self._problems.pop((kind, cleared.subject, cleared.partition, cleared.rule), None)
                continue
            wanted = (kind, cleared.subject, cleared.rule)
            for key in [key for key in self._problems if (key[0], key[1], key[3]) == wanted]:
                del self._problems[key]

    def _replace(self, kind: alerting.Kind, standing: Sequence[alerting.Problem]) -> None:
        found = {each.key: each for each in standing}
        for key in [key for key in self._problems if key[0] == kind and key not in found]:
            del self._problems[key]
        for key, each in found.items():
            before = self._problems.get(key)
            self._problems[key] = (
                each
                if before is None
                else replace(each, since=before.since, at=before.at, run=before.run, incident=before.incident)
            )

    def _release_held(self) -> None:
        """What was held is so no more once nothing is wrong with what held it; if it is wrong still, that shows."""
        troubled = roots.explaining(self._problems.values())
        for key, each in list(self._problems.items()):
            if each.kind == "held" and each.origin not in troubled:
                del self._problems[key]

    def _drop_events(self, settled: Collection[str]) -> None:
        """Forget single events of incidents that people resolved, and those that wait for a rule that is gone."""
        for key, each in list(self._problems.items()):
            if each.kind != "event":
                continue
            if each.incident in settled or (not each.incident and self._settings.rule(each.rule) is None):
                del self._problems[key]

    # --- incidents ---

    def _resolve(self) -> None:
        left = {each.incident for each in self._problems.values()}
        for incident in list(self._open.values()):
            if incident.id in left:
                continue
            self._decision.events.append(
                control_events.IncidentResolved(incident=incident.id, reason="It is right again.")
            )
            del self._open[incident.id]
            if incident.told is not None and not self._is_quiet(incident):
                self._send(incident, "resolved")

    def _assign(self) -> None:
        """Give each problem that a rule asks for its incident, what is upstream first."""
        fresh: list[alerting.Problem] = []
        for each in self._problems.values():
            if not each.incident:
                fresh.append(each)
            elif each.incident in self._open and (rule := self._rule_for(each)) is not None:
                self._worsen(each, rule)
        if not fresh:
            return
        troubled = roots.explaining(self._problems.values())
        found: list[tuple[alerting.Problem, alerting.Rule, str]] = []
        for problem in fresh:
            rule = self._rule_for(problem)
            if rule is not None:
                grouped = problem.kind in _GROUPED
                root = roots.root_of(problem, troubled, self._around.above) if grouped else problem.subject
                found.append((problem, rule, root))
        found.sort(key=lambda each: (each[0].subject != each[2], each[0].since, each[0].key))
        homes = {each.subject: each.incident for each in self._problems.values() if self._groups(each)}
        by_key = {each.key: each.id for each in self._open.values()}
        for problem, rule, root in found:
            key = root if problem.kind in _GROUPED else _key_alone(problem)
            incident = by_key.get(key) or (homes.get(root, "") if problem.kind in _GROUPED else "")
            if incident:
                joined = replace(problem, incident=incident)
                self._join(joined, rule)
            else:
                incident = self._opened(problem, rule, root, key)
                joined = replace(problem, incident=incident)
                by_key[key] = incident
                if times := self._repeated.get(problem.key, 0):
                    self._growth[incident, problem.subject] = _Growth(joined, times)
            self._problems[joined.key] = joined
            if problem.kind in _GROUPED:
                homes[problem.subject] = incident

    def _groups(self, problem: alerting.Problem) -> bool:
        return problem.kind in _GROUPED and problem.incident in self._open

    def _rule_for(self, problem: alerting.Problem) -> alerting.Rule | None:
        """The rule that makes most of a problem, of those that ask for it by now."""
        matching = [
            rule
            for rule in self._settings.rules
            if (rule.name == problem.rule if problem.rule else not rule.on.isdisjoint(problem.words))
            and (rule.select is None or self._around.selected(rule.select, problem.subject))
        ]
        matching = [rule for rule in matching if not rule.fallback] or matching
        ripe = [rule for rule in matching if problem.since + rule.after <= self._now]
        for rule in matching:
            if rule not in ripe:
                self._decision.wake_at(problem.since + rule.after)
        return max(ripe, key=lambda rule: alerting.rank(_severity(rule, problem)), default=None)

    def _opened(self, problem: alerting.Problem, rule: alerting.Rule, root: str, key: str) -> str:
        began = self._began(problem, root)
        about, below = self._around.about(root), self._around.about(problem.subject)
        times = self._recent.get(key, 0)
        again = f" The {times + 1}. time within an hour." if times else ""
        incident = alerting.Open(
            id=self._around.new_id(),
            key=key,
            rule=rule.name,
            severity=_severity(rule, problem),
            title=_TITLES[began.kind].format(alerting.bare(root), began.rule)
            + (f" [{began.partition}]" if began.partition else ""),
            root=root,
            subject=problem.subject,
            opened=self._now,
            owners=tuple(dict.fromkeys((*about.owners, *below.owners))),
            tags=tuple(dict.fromkeys((*about.tags, *below.tags))),
        )
        self._open[incident.id] = incident
        self._recent[key] = times + 1
        self._decision.events.append(
            control_events.IncidentOpened(
                incident=incident.id,
                key=key,
                rule=rule.name,
                severity=incident.severity,
                title=incident.title,
                root=root,
                subject=problem.subject,
                detail=began.detail + again,
                of_run=began.run,
                partition=began.partition or None,
                owners=incident.owners,
                tags=incident.tags,
            )
        )
        return incident.id

    def _began(self, problem: alerting.Problem, root: str) -> alerting.Problem:
        """The problem at the root, by which an incident is named."""
        if problem.subject == root:
            return problem
        there = [each for each in self._problems.values() if each.subject == root and each.kind in roots.EXPLAINING]
        return min(there, key=lambda each: (each.since, each.key), default=problem)

    def _join(self, problem: alerting.Problem, rule: alerting.Rule) -> None:
        self._note_growth(problem.incident, problem)
        self._worsen(problem, rule)

    def _worsen(self, problem: alerting.Problem, rule: alerting.Rule) -> None:
        """Let an incident be as severe as a rule makes one of its problems."""
        incident, severity = self._open[problem.incident], _severity(rule, problem)
        if alerting.rank(severity) > alerting.rank(incident.severity):
            if (incident.id, problem.subject) not in self._growth:
                self._note_growth(incident.id, problem)
            self._open[incident.id] = replace(incident, severity=severity)
            self._worse[incident.id] = rule.name

    def _note_growth(self, incident: str, problem: alerting.Problem) -> None:
        self._growth.setdefault((incident, problem.subject), _Growth(problem)).count += 1

    def _grow(self, incident: str, growth: _Growth) -> None:
        """One event for all partitions of a subject that an incident grew by."""
        if incident not in self._open:
            return
        first, more = growth.first, growth.count - 1
        detail = first.detail or _TITLES[first.kind].format(alerting.bare(first.subject), first.rule)
        self._decision.events.append(
            control_events.IncidentGrew(
                incident=incident,
                subject=first.subject,
                detail=f"{detail} (and {more} more like it)" if more else detail,
                of_run=first.run,
                partition=first.partition or None,
                severity=self._open[incident].severity if incident in self._worse else "",
            )
        )

    # --- who is told ---

    def _tell(self) -> None:
        for incident in self._open.values():
            rule = self._settings.rule(incident.rule)
            if self._is_quiet(incident):
                continue
            if incident.told is None:
                self._send(incident, "opened")
            elif incident.id in self._worse:
                self._send(incident, "grew")
            elif rule is not None and rule.repeat is not None and not incident.acknowledged:
                if incident.told + rule.repeat <= self._now:
                    self._send(incident, "reminder")
                    self._decision.wake_at(self._now + rule.repeat)
                else:
                    self._decision.wake_at(incident.told + rule.repeat)

    def _is_quiet(self, incident: alerting.Open) -> bool:
        """Whether nobody is to be told: it is silenced, or opens and closes again and again."""
        for silence in self._known.silences:
            if silence.until > self._now and silence.covers(
                rule=incident.rule,
                root=incident.root,
                subject=incident.subject,
                severity=incident.severity,
                owners=incident.owners,
                tags=incident.tags,
            ):
                self._decision.wake_at(silence.until)
                return True
        if self._recent.get(incident.key, 0) >= FLAPPING:
            self._decision.wake_at(self._now + 5 * alerting.MINUTE)
            return True
        return False

    def _send(self, incident: alerting.Open, about: alerting.About) -> None:
        rule = self._worse.get(incident.id, incident.rule)
        channels = self._settings.channels_for(rule, incident.severity, incident.owners, incident.tags)
        if channels:
            self._decision.telling.append(alerting.Telling(incident=incident.id, about=about, channels=channels))


def _key_alone(problem: alerting.Problem) -> str:
    """By what an incident is told from others that stands for one subject."""
    return f"{problem.kind}:{problem.rule}:{problem.subject}" if problem.rule else f"{problem.kind}:{problem.subject}"


def _severity(rule: alerting.Rule, problem: alerting.Problem) -> alerting.Severity:
    return rule.severity or problem.severity
