from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from weft.model import alerting
from weft.model import control_events as control
from weft.planner import alerting as deciding
from weft.planner import roots

MINUTE = alerting.MINUTE
ALL = alerting.Rule(name="all", on=frozenset(alerting.WORDS))
OPS = {"ops": alerting.Channel(name="ops", kind="webhook", address="https://example.org")}


class Project:
    """A graph of subjects and what alerting keeps of it, between decisions."""

    def __init__(self, above=None, rules=(ALL,), routes=(), channels=OPS):
        self.graph = above or {}
        self.settings = alerting.Settings(rules=rules, routes=routes, channels=channels)
        self.problems, self.incidents, self.opened, self.silences = {}, {}, [], []
        self.told, self.number = [], 0

    def above(self, subject):
        return self.graph.get(subject, ())

    def decide(self, *news, now=0, standing=None):
        around = deciding.Surroundings(
            above=self.above,
            about=lambda subject: deciding.About(owners=(f"owner-{subject}",), tags=("gold",)),
            selected=lambda expression, subject: expression == subject,
            new_id=self.new_id,
        )
        recent = {}
        for key, at in self.opened:
            if at >= now - deciding.WINDOW:
                recent[key] = recent.get(key, 0) + 1
        known = deciding.Known(
            problems=dict(self.problems), incidents=list(self.incidents.values()), silences=self.silences, recent=recent
        )
        seen = deciding.Seen(news=news, standing=standing or {})
        decision = deciding.decide(self.settings, known, seen, around, now=now)
        for key in decision.dropped:
            del self.problems[key]
        self.problems.update({each.key: each for each in decision.kept})
        for event in decision.events:
            match event:
                case control.IncidentOpened():
                    self.incidents[event.incident] = decision.incidents[event.incident]
                    self.opened.append((event.key, now))
                case control.IncidentGrew():
                    if event.severity:
                        self.incidents[event.incident] = replace(
                            self.incidents[event.incident], severity=event.severity
                        )
                case control.IncidentResolved():
                    del self.incidents[event.incident]
        for telling in decision.telling:
            self.told.append((telling.about, decision.incidents[telling.incident].root, telling.channels))
            if telling.incident in self.incidents:
                self.incidents[telling.incident] = replace(self.incidents[telling.incident], told=now)
        return decision

    def new_id(self):
        self.number += 1
        return f"i{self.number}"


def failure(subject, *, at=0, run="r1", partition="", **given):
    return alerting.Problem(kind="failure", subject=subject, partition=partition, since=at, at=at, run=run, **given)


def held(subject, origin, *, at=0, run="r1"):
    return alerting.Problem(kind="held", subject=subject, since=at, at=at, run=run, origin=origin)


def late(subject, *, at=0):
    return alerting.Problem(kind="late", subject=subject, since=at, at=at)


def right(subject, partition=""):
    return alerting.Cleared(subject=subject, kinds=frozenset({"failure", "held"}), partition=partition)


def test_what_is_late_because_something_above_failed_belongs_to_that_incident():
    project = Project({"asset:c": ["asset:b"], "asset:b": ["asset:a"]})
    project.decide(failure("asset:a"))
    project.decide(now=1, standing={"late": [late("asset:c", at=1)]})
    assert len(project.incidents) == 1
    assert [about for about, _, _ in project.told] == ["opened"]
    project.decide(right("asset:a"), now=2, standing={"late": [late("asset:c", at=1)]})
    assert len(project.incidents) == 1, "it is late still"
    project.decide(now=3, standing={"late": []})
    assert project.incidents == {}
    assert [about for about, _, _ in project.told] == ["opened", "resolved"]


def test_a_partition_after_another_is_the_same_incident_and_resolved_with_the_last():
    project = Project()
    project.decide(*(failure("asset:a", partition=f"p{number}") for number in range(50)))
    decision = project.decide(*(failure("asset:a", partition=f"q{number}") for number in range(30)), now=1)
    (grew,) = decision.events
    assert "29 more" in grew.detail
    for number in range(50):
        project.decide(right("asset:a", f"p{number}"), now=2)
    assert len(project.incidents) == 1
    for number in range(30):
        project.decide(right("asset:a", f"q{number}"), now=3)
    assert project.incidents == {}
    assert len(project.told) == 2


def test_what_does_not_last_is_no_incident():
    rule = alerting.Rule(name="slow", on=frozenset({"failure"}), after=10 * MINUTE)
    project = Project(rules=(rule,))
    assert project.decide(failure("asset:a")).wake == 10 * MINUTE
    project.decide(right("asset:a"), now=9 * MINUTE)
    project.decide(failure("asset:a", at=10 * MINUTE), now=10 * MINUTE)
    project.decide(failure("asset:a", at=15 * MINUTE, run="r2"), now=15 * MINUTE)
    assert project.incidents == {}
    project.decide(now=20 * MINUTE)
    assert len(project.incidents) == 1


def test_a_default_rule_is_for_what_no_other_rule_is_on():
    patient = alerting.Rule(name="mine", on=frozenset({"failure"}), select="asset:a", after=10 * MINUTE)
    default = alerting.Rule(name="default", on=frozenset({"failure"}), fallback=True)
    project = Project(rules=(patient, default))
    project.decide(failure("asset:a"), failure("asset:b"))
    assert [each.root for each in project.incidents.values()] == ["asset:b"]


def test_people_are_told_again_when_it_becomes_worse_and_not_else():
    critical = alerting.Rule(name="gold", on=frozenset({"failure"}), select="asset:gold", severity="critical")
    project = Project({"asset:gold": ["asset:a"], "asset:plain": ["asset:a"]}, rules=(ALL, critical))
    project.decide(failure("asset:a"))
    project.decide(held("asset:plain", "asset:a"), now=1)
    assert len(project.told) == 1
    project.decide(held("asset:gold", "asset:a"), now=2)
    assert [about for about, _, _ in project.told] == ["opened", "grew"]
    (incident,) = project.incidents.values()
    assert incident.severity == "critical"


def test_an_incident_becomes_worse_when_it_lasts_as_long_as_a_severer_rule_wants():
    soon = alerting.Rule(name="soon", on=frozenset({"failure"}), severity="warning")
    lasting = alerting.Rule(name="lasting", on=frozenset({"failure"}), severity="critical", after=30 * MINUTE)
    project = Project(rules=(soon, lasting))
    assert project.decide(failure("asset:a")).wake == 30 * MINUTE
    project.decide(now=29 * MINUTE)
    assert len(project.told) == 1
    project.decide(now=30 * MINUTE)
    assert [about for about, _, _ in project.told] == ["opened", "grew"]


def test_people_are_reminded_until_one_acknowledges():
    rule = alerting.Rule(name="r", on=frozenset({"failure"}), repeat=60 * MINUTE)
    project = Project(rules=(rule,))
    project.decide(failure("asset:a"))
    project.decide(now=59 * MINUTE)
    project.decide(now=61 * MINUTE)
    project.decide(now=62 * MINUTE)
    assert [about for about, _, _ in project.told] == ["opened", "reminder"]
    (incident,) = project.incidents
    project.incidents[incident] = replace(project.incidents[incident], acknowledged=True)
    project.decide(now=500 * MINUTE)
    assert len(project.told) == 2


def test_routes_add_channels_by_severity_owner_and_tag():
    channels = {name: replace(OPS["ops"], name=name) for name in ("ops", "pager", "team", "gold", "other")}
    routes = (
        alerting.Route(severity="critical", channels=("pager",)),
        alerting.Route(owner="owner-asset:*", channels=("team",)),
        alerting.Route(tag="gold", channels=("gold",)),
        alerting.Route(owner="nobody", channels=("other",)),
    )
    project = Project(routes=routes, channels=channels)
    project.decide(failure("asset:a"))
    assert project.told == [("opened", "asset:a", ("team", "gold"))]


def test_what_is_silenced_is_told_when_the_silence_ends():
    project = Project()
    project.silences = [alerting.Silence(id="s", matches={"root": "a*", "severity": "*"}, until=10 * MINUTE)]
    decision = project.decide(failure("asset:a"), failure("asset:b"))
    assert decision.wake == 10 * MINUTE
    assert [root for _, root, _ in project.told] == ["asset:b"]
    project.decide(now=10 * MINUTE)
    assert [root for _, root, _ in project.told] == ["asset:b", "asset:a"]


def test_a_flapping_incident_is_told_again_once_it_is_quiet():
    project = Project()
    for number in range(10):
        project.decide(failure("asset:a", at=number, run=f"r{number}"), now=number * MINUTE)
        if number < 9:
            project.decide(right("asset:a"), now=number * MINUTE + 1)
    assert [about for about, _, _ in project.told] == ["opened", "resolved"] * 3
    project.decide(now=67 * MINUTE)
    assert len(project.told) == 7


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 12))
    return {
        f"asset:{number}": [f"asset:{each}" for each in draw(st.sets(st.integers(0, number - 1), max_size=3))]
        if number
        else []
        for number in range(count)
    }


def all_above(graph, subject):
    found, waiting = set(), [subject]
    while waiting:
        for each in graph.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


@given(graph=graphs(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_every_problem_is_in_exactly_one_open_incident_and_its_root_is_upstream_or_itself(graph, data):
    project = Project(graph)
    subjects = list(graph)
    now = 0
    for _ in range(data.draw(st.integers(1, 8))):
        now += MINUTE
        news = []
        for subject in data.draw(st.lists(st.sampled_from(subjects), max_size=4)):
            action = data.draw(st.sampled_from(["fail", "right", "hold"]))
            if action == "fail":
                news.append(failure(subject, at=now, run=f"r{now}"))
            elif action == "right":
                news.append(right(subject))
            else:
                above = sorted(each for each in all_above(graph, subject) if ("failure", each, "") in project.problems)
                if above:
                    news.append(held(subject, data.draw(st.sampled_from(above)), at=now, run=f"r{now}"))
        behind = data.draw(st.sets(st.sampled_from(subjects), max_size=3))
        decision = project.decide(*news, now=now, standing={"late": [late(each, at=now) for each in sorted(behind)]})
        for problem in project.problems.values():
            assert problem.incident in project.incidents
            root = project.incidents[problem.incident].root
            began = all_above(graph, problem.subject) | {problem.subject}
            assert root in began or any(
                each.incident == problem.incident and each.subject in began for each in project.problems.values()
            )
        assert {each.incident for each in project.problems.values()} == set(project.incidents)
        keys = [each.key for each in project.incidents.values()]
        assert len(keys) == len(set(keys))
        again = project.decide(now=now)
        assert (again.events, again.kept, again.dropped, again.telling) == ([], [], [], []), decision


@given(graph=graphs(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_nothing_above_a_root_explains_it(graph, data):
    troubled = dict.fromkeys(data.draw(st.sets(st.sampled_from(list(graph)), min_size=1)), 1)
    subject = data.draw(st.sampled_from(list(graph)))
    root = roots.root_of(late(subject), troubled, lambda each: graph.get(each, ()))
    assert root == subject or root in all_above(graph, subject) & troubled.keys()
    assert not all_above(graph, root) & troubled.keys()
