from __future__ import annotations

from datetime import timedelta

from tests.integration.alerting.conftest import rule

BROKEN = """
from pathlib import Path

def bad(name):
    return Path(__file__).with_name(name).exists()

@asset(owners=["team:trading"])
def orders() -> int:
    if bad("orders-bad"):
        raise ValueError("no orders today")
    return 1

@asset(tags={"tier": "gold"})
def report(orders: int) -> int:
    return orders

@asset
def dashboard(report: int) -> int:
    if bad("dashboard-bad"):
        raise KeyError("colour")
    return report
"""


def break_(watched, name, broken=True):
    path = watched.project.folder / f"{name}-bad"
    path.write_text("") if broken else path.unlink()


def test_a_failure_and_all_that_it_holds_up_is_one_incident_that_is_told_once(watched):
    watched.define(BROKEN)
    watching = watched.alerting(rule("failure"))
    break_(watched, "orders")
    watched.project.materialize("*")
    watching.turn()
    (incident,) = watched.ledger().incidents()
    assert (incident.root, incident.title, incident.owners) == ("asset:orders", "orders failed", ("team:trading",))
    assert incident.detail == "ValueError: no orders today"
    assert watched.told == [("opened", "orders failed")]
    _, message = watched.sent[0]
    assert message.hits == ("asset:orders", "asset:dashboard", "asset:report") or set(message.hits) == {
        "asset:orders", "asset:report", "asset:dashboard",
    }  # fmt: skip
    assert message.command == "weft plan +orders"
    watching.turn()
    assert len(watched.sent) == 1

    break_(watched, "orders", broken=False)
    watched.project.materialize("orders")
    watching.turn()
    assert watched.told[1:] == [("resolved", "orders failed")]
    assert watched.ledger().unresolved() == []
    assert watched.ledger().alert_problems() == []


def test_what_failed_on_its_own_is_an_incident_of_its_own(watched):
    watched.define(BROKEN)
    watching = watched.alerting(rule("failure"))
    watched.project.materialize("*")
    break_(watched, "orders")
    break_(watched, "dashboard")
    watched.project.materialize("orders")
    watched.project.materialize("dashboard")
    watching.turn()
    assert {each.root for each in watched.ledger().unresolved()} == {"asset:orders", "asset:dashboard"}


def test_a_rule_is_told_the_root_of_what_it_selects_though_that_is_not_selected(watched):
    watched.define(BROKEN)
    watching = watched.alerting(rule("failure", select="tag:tier=gold"))
    break_(watched, "orders")
    watched.project.materialize("*")
    watching.turn()
    (incident,) = watched.ledger().unresolved()
    assert (incident.root, incident.subject) == ("asset:orders", "asset:report")
    assert watched.sent[0][1].chain == ("asset:orders", "asset:report")


def test_a_rejected_version_is_a_failed_check(watched):
    watched.define(
        """
        @asset
        def number() -> int:
            return -1

        @asset
        def double(number: int) -> int:
            return number * 2

        @asset_check(asset="number", blocking=True)
        def positive(number: int) -> bool:
            return number > 0
        """
    )
    watching = watched.alerting(rule("check"))
    watched.project.materialize("*")
    watching.turn()
    (incident,) = watched.ledger().incidents()
    assert incident.title == "number: a check failed"
    assert "positive" in incident.detail


def test_a_pipeline_that_fails_says_which_of_its_tasks_did(watched):
    watched.define(
        """
        from pathlib import Path

        @task
        def load():
            if Path(__file__).with_name("load-bad").exists():
                raise ValueError("nothing there")

        @dag(tags=["nightly"], owners=["ann"])
        def trading():
            load()
        """
    )
    watching = watched.alerting(rule("failure", select="tag:nightly"))
    break_(watched, "load")
    run(watched, "trading")
    watching.turn()
    (incident,) = watched.ledger().incidents()
    assert (incident.root, incident.title, incident.detail) == ("pipeline:trading", "trading failed", "Failed: load")
    break_(watched, "load", broken=False)
    run(watched, "trading")
    watching.turn()
    assert watched.told == [("opened", "trading failed"), ("resolved", "trading failed")]


def run(watched, pipeline):
    from weft import api

    return api.run(pipeline, file=watched.file, start=watched.project.folder, executor="inline")


def test_a_silenced_incident_is_kept_and_told_when_the_silence_is_over(watched):
    from weft.service.access import auditing
    from weft.service.alerting import incidents

    watched.define(BROKEN)
    watching = watched.alerting(rule("failure"))
    ledger = watched.ledger()
    now = watched.serving.clock.now()
    made = incidents.silence(
        ledger, {"root": "ord*"}, until=now + timedelta(hours=1), now=now, actor=auditing.Actor(by="ann", via="cli")
    )
    break_(watched, "orders")
    watched.project.materialize("orders")
    watching.turn()
    assert len(ledger.unresolved()) == 1
    assert watched.sent == []
    incidents.unsilence(ledger, made.id, now=now, actor=auditing.Actor(by="ann", via="cli"))
    watching.turn()
    assert watched.told == [("opened", "orders failed")]


def test_what_opens_again_and_again_is_kept_but_no_longer_told(watched):
    watched.define(BROKEN)
    watching = watched.alerting(rule("failure"))
    for _ in range(6):
        break_(watched, "orders")
        watched.project.materialize("orders")
        watching.turn()
        break_(watched, "orders", broken=False)
        watched.project.materialize("orders")
        watching.turn()
    assert len(watched.ledger().incidents()) == 6
    assert len(watched.sent) == 6


def test_nothing_that_failed_before_alerting_began_is_told(watched):
    watched.define(BROKEN)
    break_(watched, "orders")
    watched.project.materialize("orders")
    watching = watched.alerting(rule("failure"))
    watching.turn()
    assert watched.ledger().incidents() == []


def test_what_is_resolved_by_a_person_is_told_again_only_when_it_fails_again(watched):
    from weft.service.access import auditing
    from weft.service.alerting import incidents

    watched.define(BROKEN)
    watching = watched.alerting(rule("failure"))
    break_(watched, "orders")
    watched.project.materialize("orders")
    watching.turn()
    ledger = watched.ledger()
    first = ledger.unresolved()[0].id
    incidents.resolve(ledger, first, actor=auditing.Actor(by="ann", via="cli"))
    watching.turn()
    watching.turn()
    assert ledger.unresolved() == []
    assert watched.told == [("opened", "orders failed"), ("resolved", "orders failed")]
    watched.project.materialize("orders")
    watching.turn()
    (second,) = ledger.unresolved()
    assert second.id != first
    assert incidents.show(ledger, second.id).earlier == [first]


def test_after_a_stop_what_failed_meanwhile_is_told_and_what_was_mended_is_not(watched):
    watched.define(BROKEN)
    first = watched.alerting(rule("failure"))
    first._hand_over(watched.ledger())
    break_(watched, "orders")
    watched.project.materialize("orders")
    break_(watched, "orders", broken=False)
    watched.project.materialize("*")
    break_(watched, "dashboard")
    watched.project.materialize("dashboard")
    second = watched.alerting(rule("failure"))
    second.turn()
    assert watched.told == [("opened", "dashboard failed")]
