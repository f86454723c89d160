"""Rules that people make while all runs: on words and on single events, without a restart."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.alerting.conftest import rule

from weft.model import alerting, control_events, errors, events
from weft.service.access import auditing
from weft.service.alerting import made_rules, rule_views
from weft.surfaces.cli import program

ANN = auditing.Actor(by="ann", via="cli")
DEFINED = """
from pathlib import Path

@asset
def orders() -> int:
    if Path(__file__).with_name("bad").exists():
        raise ValueError("no orders today")
    return 1

@asset
def report(orders: int) -> int:
    return orders

@task
def load():
    return 1

@dag
def nightly():
    load()

nightly()
"""


@pytest.fixture
def defined(watched):
    watched.define(DEFINED)
    return watched


def settings(watched, *names, rules=()):
    return alerting.Settings(rules=rules, channels={name: watched.channel(name) for name in names or ("ops",)})


def on_events(*types, subject=None, outcome=None, name="made", **given):
    match = rule_views.EventMatchView(types=list(types), subject=subject, outcome=outcome)
    return made_rules.NewRule(name=name, on=("event",), events=match, **given)


def add(watched, new, *names, rules=(), **given):
    return made_rules.add(watched.world(), settings(watched, *names, rules=rules), new, actor=ANN, **given)


def append(watched, *happened):
    with watched.ledger().transaction() as transaction:
        transaction.append(list(happened))


def paused(name="schedule:nightly"):
    return control_events.AutomationPaused(automation=name, by="bob", reason="holiday")


def test_an_event_that_matches_opens_an_incident_and_is_told_over_the_channel_of_its_rule(defined):
    channels = [defined.channel("ops"), defined.channel("other")]
    watching = defined.alerting(rule("failure"), channels=channels)
    add(defined, on_events("AutomationPaused", subject="automation:schedule:*", channels=("ops",)), "ops", "other")
    append(defined, paused(), paused("sensor:files"))
    watching.turn()
    (incident,) = defined.ledger().incidents()
    assert (incident.root, incident.rule, incident.severity) == ("automation:schedule:nightly", "made", "info")
    assert incident.title == "schedule:nightly: made"
    assert incident.detail == "Automation paused by bob. holiday"
    assert [(name, message.incident) for name, message in defined.sent] == [("ops", incident.id)]


def test_the_same_subject_again_is_one_more_occurrence_and_another_one_an_incident_of_its_own(defined):
    watching = defined.alerting()
    add(defined, on_events("LocationFailed"))
    failed = control_events.LocationFailed(location="main", problems=(control_events.Problem(message="no module"),))
    append(defined, failed, failed)
    watching.turn()
    append(defined, failed, control_events.LocationFailed(location="other"))
    watching.turn()
    found = {each.root: each for each in defined.ledger().unresolved()}
    assert found.keys() == {"location:main", "location:other"}
    (main,) = [each for each in defined.ledger().incidents() if each.root == "location:main"]
    assert main.occurrences == 3
    assert main.detail == "Location failed. no module"
    assert len(defined.sent) == 2


def test_only_the_outcome_that_is_named_counts_and_success_resolves(defined):
    watching = defined.alerting()
    add(defined, on_events("RunFinished", subject="pipeline:nightly", outcome="failed"))
    for number, outcome in enumerate(("succeeded", "failed")):
        run = f"r{number}"
        append(defined, events.RunCreated(run=run, execution="e", pipeline="nightly"))
        append(defined, events.RunFinished(run=run, outcome=outcome, pipeline="nightly"))
    watching.turn()
    (incident,) = defined.ledger().unresolved()
    assert (incident.root, incident.severity) == ("pipeline:nightly", "error")
    append(defined, events.RunCreated(run="r3", execution="e", pipeline="nightly"))
    append(defined, events.RunFinished(run="r3", outcome="succeeded", pipeline="nightly"))
    watching.turn()
    assert defined.ledger().unresolved() == []
    assert [about for about, _ in defined.told] == ["opened", "resolved"]
    assert defined.ledger().alert_problems() == []


def test_a_failed_attempt_is_about_its_asset_and_righted_by_one_that_succeeds(defined):
    watching = defined.alerting()
    add(defined, on_events("AttemptFailed", subject="orders"))
    bad = defined.project.folder / "bad"
    bad.write_text("")
    defined.project.materialize("*")
    watching.turn()
    (incident,) = defined.ledger().incidents()
    assert (incident.root, incident.detail) == ("asset:orders", "Attempt failed: failed. ValueError: no orders today")
    bad.unlink()
    defined.project.materialize("*")
    watching.turn()
    assert defined.ledger().unresolved() == []


def test_what_people_resolve_is_over_until_it_happens_once_more(defined):
    watching = defined.alerting()
    add(defined, on_events("AutomationPaused"))
    append(defined, paused())
    watching.turn()
    (first,) = defined.ledger().unresolved()
    append(defined, control_events.IncidentResolved(incident=first.id, by="ann"))
    watching.turn()
    assert defined.ledger().unresolved() == []
    assert defined.ledger().alert_problems() == []
    append(defined, paused())
    watching.turn()
    (second,) = defined.ledger().unresolved()
    assert second.id != first.id
    append(defined, control_events.AutomationResumed(automation="schedule:nightly", by="bob"))
    watching.turn()
    assert defined.ledger().unresolved() == []


def test_two_rules_on_one_event_tell_each_over_its_channel(defined):
    channels = [defined.channel("ops"), defined.channel("boss")]
    watching = defined.alerting(channels=channels)
    for name in ("ops", "boss"):
        add(defined, on_events("AutomationPaused", name=f"to-{name}", channels=(name,)), "ops", "boss")
    append(defined, paused())
    watching.turn()
    assert {name for name, _ in defined.sent} == {"ops", "boss"}
    assert {each.rule for each in defined.ledger().unresolved()} == {"to-ops", "to-boss"}


def test_a_rule_counts_from_when_it_was_made(defined):
    watching = defined.alerting()
    append(defined, paused())
    add(defined, on_events("AutomationPaused"))
    watching.turn()
    assert defined.ledger().incidents() == []


def test_a_rule_on_words_is_in_force_without_a_restart_and_survives_one(defined):
    watching = defined.alerting()
    (defined.project.folder / "bad").write_text("")
    defined.project.materialize("*")
    watching.turn()
    assert defined.ledger().incidents() == []
    add(defined, made_rules.NewRule(name="made", on=("failure",), select="orders", severity="critical"))
    watching.turn()
    (incident,) = defined.ledger().incidents()
    assert (incident.root, incident.rule, incident.severity) == ("asset:orders", "made", "critical")
    append(defined, control_events.IncidentResolved(incident=incident.id, by="ann"))
    again = defined.alerting()
    later = datetime.now(UTC) + timedelta(minutes=2)  # the lease of the first has run out
    again.turn(later)
    assert "made" in [each.name for each in again.settings.rules]
    made_rules.remove(defined.ledger(), settings(defined), "made", actor=ANN)
    again.turn(later)
    assert again.settings.rules == ()


def test_a_rule_that_is_gone_opens_nothing_and_leaves_what_it_opened(defined):
    watching = defined.alerting()
    add(defined, on_events("AutomationPaused"))
    append(defined, paused())
    watching.turn()
    made_rules.remove(defined.ledger(), settings(defined), "made", actor=ANN)
    append(defined, paused("schedule:other"))
    watching.turn()
    assert [each.root for each in defined.ledger().unresolved()] == ["automation:schedule:nightly"]


def test_all_that_is_wrong_with_a_rule_is_told_by_field(defined):
    defined.alerting()
    taken = alerting.Rule(name="taken", on=frozenset({"late"}))
    wrong = made_rules.NewRule(
        name="taken", on=("event", "late"), select="status:failed", severity="bad", channels=("opps",), after=-1,
        repeat=0, events=rule_views.EventMatchView(types=["RunFinshed", "IncidentOpened", "ChangeMade"], outcome="bad"),
    )  # fmt: skip
    with pytest.raises(errors.FieldsError) as refused:
        add(defined, wrong, rules=(taken,), may_see=set(made_rules.TYPES) - {"ChangeMade"})
    fields = [field for field, _, _ in refused.value.fields]
    assert sorted(set(fields)) == [
        "after", "channels", "events.outcome", "events.types", "name", "on", "repeat", "select", "severity",
    ]  # fmt: skip
    assert fields.count("events.types") == 3
    assert "RunFinished" in refused.value.message
    assert "ops" in refused.value.message
    for select in ("nothing_here", "tag:nowhere"):
        with pytest.raises(errors.FieldsError, match="select"):
            add(defined, made_rules.NewRule(name="x", on=("late",), select=select))
    for name in ("", " x", "a/b", "x" * 101, "a\nb"):
        with pytest.raises(errors.FieldsError, match="name"):
            add(defined, made_rules.NewRule(name=name, on=("late",)))
    assert defined.ledger().alert_rules() == []
    add(defined, made_rules.NewRule(name="x", on=("late",)))
    with pytest.raises(errors.FieldsError, match="name of a rule"):
        add(defined, made_rules.NewRule(name="x", on=("late",)))


def test_a_configured_rule_is_not_taken_away_and_wins_over_one_that_was_made(defined):
    defined.alerting()
    add(defined, made_rules.NewRule(name="x", on=("late",)))
    configured = settings(defined, rules=(alerting.Rule(name="x", on=frozenset({"check"})),))
    shown = made_rules.view(defined.ledger(), configured).rules
    assert [(each.name, each.on, each.source) for each in shown] == [("x", ["check"], "configured")]
    made_rules.remove(defined.ledger(), configured, "x", actor=ANN)
    with pytest.raises(errors.ConflictError, match="configuration"):
        made_rules.remove(defined.ledger(), configured, "x", actor=ANN)
    with pytest.raises(errors.NotFoundError):
        made_rules.remove(defined.ledger(), configured, "y", actor=ANN)
    add(defined, made_rules.NewRule(name="x", on=("late",)))
    assert defined.ledger().verify().passed


def test_rules_by_the_command_line(defined, monkeypatch, capsys):
    folder = defined.project.folder
    monkeypatch.chdir(folder)
    (folder / "weft.toml").write_text(
        'definitions = "definitions.py"\n[alerts]\ndefaults = false\n[alerts.channels.ops]\n'
        'webhook = "https://example.org/x"\n'
    )
    arguments = ["--event", "AutomationPaused", "--subject", "automation:schedule:*", "--tell", "ops", "--after", "10m"]
    assert program.run(["alerts", "rules", "add", "paused", *arguments]) == 0
    assert program.run(["alerts", "rules", "add", "late", "--on", "late", "--repeat", "4h"]) == 0
    capsys.readouterr()
    assert program.run(["alerts", "rules", "ls", "--json"]) == 0
    late, made = json.loads(capsys.readouterr().out)
    assert (late["on"], late["repeat"], late["events"]) == (["late"], 14400, None)
    assert (made["source"], made["channels"], made["after"]) == ("made", ["ops"], 600)
    assert made["events"] == {"types": ["AutomationPaused"], "subject": "automation:schedule:*", "outcome": None}
    assert program.run(["alerts", "rules", "ls"]) == 0
    assert "AutomationPaused of automation:schedule:*" in capsys.readouterr().out
    assert program.run(["alerts", "check"]) == 0
    assert "made by" in capsys.readouterr().out
    assert program.run(["alerts", "rules", "add", "x", "--on", "lat"]) == 2
    assert "late" in capsys.readouterr().err
    assert program.run(["alerts", "rules", "remove", "paused"]) == 0
    assert program.run(["alerts", "rules", "remove", "paused"]) == 2
    capsys.readouterr()
    assert program.run(["audit", "--json"]) == 0
    actions = [each["action"] for each in json.loads(capsys.readouterr().out)]
    assert actions.count("alerts.rules.add") == 2
    assert actions.count("alerts.rules.remove") == 1
