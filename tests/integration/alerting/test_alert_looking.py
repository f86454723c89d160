from __future__ import annotations

import json
import os
from datetime import timedelta

from tests.integration.alerting.conftest import rule

from weft.model import control_events as control
from weft.model import events
from weft.ports import locations as ports

FRESH = """
from datetime import timedelta

@asset
def orders() -> int:
    return 1

@asset(freshness=FreshnessPolicy(max_lag=timedelta(hours=1), warn=timedelta(minutes=10)))
def report(orders: int) -> int:
    return orders
"""

SENSED = """
@asset(owners=["team:files"], tags={"tier": "gold"})
def files() -> int:
    return 1

@sensor(target=["files"])
def new_files(context):
    return SkipReason("none")
"""


def test_what_becomes_late_opens_an_incident_when_it_does_and_no_event_is_needed(watched):
    watched.define(FRESH)
    watched.project.materialize("*")
    watching = watched.alerting(rule("late", "due_soon"))
    now = watched.serving.clock.now()
    watching.turn(now)
    assert watched.ledger().incidents() == []
    for minute in range(1, 62):
        watching.turn(now + timedelta(minutes=minute))
    assert [title for _, title in watched.told] == [
        "report is about to be late", "report is about to be late", "report is late",
    ]  # fmt: skip
    watched.project.materialize("report")
    watching.turn(now + timedelta(minutes=62))
    assert watched.told[-1][0] == "opened", "made now, which is an hour ago by then"


def test_a_location_that_does_not_load_is_an_incident_until_it_does(watched):
    watched.define(FRESH)
    watching = watched.alerting(rule("location"))
    ledger = watched.ledger()
    problem = control.Problem(message="NameError: asse", file="definitions.py", line=3)
    ledger.append([control.LocationFailed(location="main", problems=(problem,), source="definitions.py")])
    now = watched.serving.clock.now() + timedelta(seconds=10)
    watching.turn(now)
    (incident,) = ledger.unresolved()
    assert (incident.key, incident.title) == ("location:location:main", "The code location main does not load")
    ledger.append([control.LocationLoaded(location="main", snapshot=ledger.locations()[0].snapshot)])
    watching.turn(now + timedelta(seconds=10))
    assert [about for about, _ in watched.told] == ["opened", "resolved"]


def test_a_sensor_that_fails_is_an_incident_until_it_decides_again(watched):
    watched.define(SENSED)
    watching = watched.alerting(rule("automation"))
    ledger = watched.ledger()
    ledger.append(
        [control.TickDecided(automation="sensor:new_files", tick="1", due=1, decision="failed", reason="OSError: gone")]
    )
    now = watched.serving.clock.now()
    watching.turn(now)
    assert [each.root for each in ledger.unresolved()] == ["automation:sensor:new_files"]
    ledger.append([control.TickDecided(automation="sensor:new_files", tick="2", due=2, decision="skipped")])
    watching.turn(now)
    assert ledger.unresolved() == []


def waiting_run(ledger):
    ledger.append(
        [events.RunCreated(run="w1", execution="w1", pipeline="trading", steps=1, pool="default", location="main")]
    )


def worker(ledger, now, **body):
    ledger.put_worker_seen(
        ports.WorkerRow(
            id="worker-1", kind="worker", owner=str(os.getpid()), started=0, seen=int(now.timestamp() * 1e6),
            body=json.dumps({"location": "main", "takes_runs": True, "pools": ["default"], **body}).encode(),
        )
    )  # fmt: skip


def test_runs_that_no_worker_takes_are_an_incident_until_one_is_there(watched):
    watched.define(FRESH)
    watching = watched.alerting(rule("worker"))
    ledger = watched.ledger()
    waiting_run(ledger)
    now = watched.serving.clock.now()
    watching.turn(now + timedelta(seconds=20))
    assert ledger.unresolved() == []
    now += timedelta(seconds=90)
    worker(ledger, now, location="other")
    watching.turn(now)
    assert [each.root for each in ledger.unresolved()] == ["pool:default"]
    worker(ledger, now)
    watching.turn(now + timedelta(seconds=10))
    assert ledger.unresolved() == []


def test_a_scheduler_that_is_seen_no_more_is_critical(watched):
    watched.define(FRESH)
    watching = watched.alerting(rule("scheduler"))
    ledger = watched.ledger()
    now = watched.serving.clock.now()
    row = ports.WorkerRow(id="s1", kind="scheduler", owner="x", started=0, seen=int(now.timestamp() * 1e6), body=b"{}")
    ledger.put_worker_seen(row)
    watching.turn(now + timedelta(seconds=30))
    assert ledger.unresolved() == []
    watching.turn(now + timedelta(seconds=90))
    assert [(each.root, each.severity) for each in ledger.unresolved()] == [("scheduler", "critical")]


SLOW = """
@task
def load():
    pass

@dag
def trading():
    load()
"""


def test_a_run_that_takes_unusually_long_is_told_while_it_runs(watched):
    from weft import api

    watched.define(SLOW)
    for _ in range(6):
        api.run("trading", file=watched.file, start=watched.project.folder, executor="inline")
    watching = watched.alerting(rule("duration"))
    ledger = watched.ledger()
    ledger.append([events.RunCreated(run="slow", execution="slow", pipeline="trading", steps=1)])
    ledger.append([events.RunStarted(run="slow")])
    now = watched.serving.clock.now()
    watching.turn(now + timedelta(seconds=1))
    assert ledger.unresolved() == []
    watching.turn(now + timedelta(seconds=60))
    watching.turn(now + timedelta(seconds=120))
    (incident,) = ledger.unresolved()
    assert incident.title == "trading takes unusually long"
    assert len(watched.sent) == 1
    ledger.append([events.RunFinished(run="slow", outcome="succeeded")])
    watching.turn(now + timedelta(seconds=130))
    assert ledger.unresolved() == []


def test_a_step_that_took_far_longer_than_ever_is_told_until_it_is_as_before(watched):
    watched.define(FRESH)
    for _ in range(6):
        watched.project.materialize("orders")
    watching = watched.alerting(rule("duration"))
    ledger = watched.ledger()
    *_, (_, _, last) = (each for each in ledger.events() if isinstance(each[2], events.StepSucceeded))
    import msgspec

    ledger.append([msgspec.structs.replace(last, duration=60_000_000)])
    now = watched.serving.clock.now()
    watching.turn(now)
    assert [each.title for each in ledger.unresolved()] == ["orders takes unusually long"]
    watched.project.materialize("orders")
    watching.turn(now)
    assert ledger.unresolved() == []


def test_what_stays_stale_for_longer_than_a_rule_allows_is_told(watched):
    watched.define(FRESH)
    watched.project.materialize("*")
    watching = watched.alerting(rule("stale", select="report", after=3600 * 1_000_000))
    now = watched.serving.clock.now()
    watched.define(FRESH.replace("return orders\n", "return orders + 1\n"))
    watching.turn(now + timedelta(minutes=1))
    watching.turn(now + timedelta(minutes=59))
    assert watched.sent == []
    watching.turn(now + timedelta(minutes=62))
    assert watched.told == [("opened", "report is stale")]


def test_what_was_under_way_in_a_run_of_assets_that_nobody_goes_on_with_failed(watched):
    watched.define(FRESH)
    watching = watched.alerting(rule("failure"))
    ledger = watched.ledger()
    ledger.append([events.RunCreated(run="lost", execution="lost", steps=1)])
    ledger.append([events.RunStarted(run="lost"), events.AttemptsStarted(run="lost", step="orders")])
    ledger.append([events.RunFinished(run="lost", outcome="crashed", reason="process 1 died")])
    watching.turn()
    (incident,) = ledger.incidents()
    assert (incident.root, incident.detail) == ("asset:orders", "process 1 died")


def test_what_is_defined_no_more_is_wrong_no_more(watched):
    watched.define(FRESH)
    watching = watched.alerting(rule("failure"))
    ledger = watched.ledger()
    error = events.Error(kind="ValueError", message="no")
    ledger.append([events.AttemptFailed(run="r", step="report", assets=("report",), error=error)])
    watching.turn()
    assert len(ledger.unresolved()) == 1
    watched.define("@asset\ndef orders() -> int:\n    return 1\n")
    watching.turn()
    assert ledger.unresolved() == []


def test_after_a_start_everyone_gets_time_to_appear(watched):
    watched.define(FRESH)
    ledger = watched.ledger()
    now = watched.serving.clock.now()
    row = ports.WorkerRow(id="s1", kind="scheduler", owner="x", started=0, seen=1, body=b"{}")
    ledger.put_worker_seen(row)
    waiting_run(ledger)
    watching = watched.alerting(rule("scheduler", "worker"))
    watching.turn(now + timedelta(seconds=50))
    assert ledger.unresolved() == []
    watching.turn(now + timedelta(seconds=70))
    assert {each.root for each in ledger.unresolved()} == {"scheduler", "pool:default"}


def test_an_automation_is_selected_and_owned_as_what_it_is_for_and_a_paused_one_is_right(watched):
    watched.define(SENSED)
    watching = watched.alerting(rule("automation", select="tag:tier=gold"))
    ledger = watched.ledger()
    failed = control.TickDecided(automation="sensor:new_files", tick="1", due=1, decision="failed", reason="OSError")
    other = control.TickDecided(automation="schedule:none", tick="1", due=1, decision="failed", reason="no such")
    ledger.append([failed, other])
    watching.turn()
    (incident,) = ledger.unresolved()
    assert (incident.root, incident.owners) == ("automation:sensor:new_files", ("team:files",))
    ledger.append([control.AutomationPaused(automation="sensor:new_files", by="ann")])
    watching.turn()
    assert ledger.unresolved() == []


def test_what_an_automation_started_and_could_not_be_carried_out_is_told(watched):
    watched.define(SENSED)
    watching = watched.alerting(rule("automation"))
    ledger = watched.ledger()
    ledger.append([control.ExecutionCreated(execution="e1", kind="automation", automation="sensor:new_files")])
    ledger.append([control.ExecutionFinished(execution="e1", outcome="failed", reason="The selection is wrong.")])
    watching.turn()
    assert [each.root for each in ledger.unresolved()] == ["automation:sensor:new_files"]
    assert ledger.incidents()[0].detail == "The selection is wrong."


def test_a_selection_of_what_is_defined_no_more_stops_nothing_else(watched):
    watched.define(FRESH)
    watching = watched.alerting(
        rule("stale", "failure", select="gone", name="gone"),
        rule("failure", name="all"),
        rule("stale", select="report"),
    )
    ledger = watched.ledger()
    error = events.Error(kind="ValueError", message="no")
    ledger.append([events.AttemptFailed(run="r", step="report", assets=("report",), error=error)])
    watching.turn()
    assert [each.rule for each in ledger.unresolved()] == ["all"]
