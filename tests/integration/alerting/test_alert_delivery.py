from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import timedelta

from tests.integration.alerting.conftest import rule

from weft.model import control_events as control
from weft.model import errors, events
from weft.service.alerting import delivery as alerting_delivery

ONE = """
from pathlib import Path

@asset
def orders() -> int:
    if Path(__file__).with_name("bad").exists():
        raise ValueError("no orders today")
    return 1
"""


def fail(watched):
    (watched.project.folder / "bad").write_text("")
    watched.project.materialize("orders")


def sent_events(ledger):
    return [event for _, _, event in ledger.events() if isinstance(event, control.NotificationSent)]


def test_what_could_not_be_sent_is_tried_again_later_and_recorded(watched):
    watched.define(ONE)
    watching = watched.alerting(rule("failure"))
    fail(watched)
    now = watched.serving.clock.now()
    watched.refusing = errors.WeftError("example.org answered 503.")
    wake = watching.turn(now)
    assert wake - now <= timedelta(seconds=6)
    watching.turn(now + timedelta(seconds=1))
    assert [(each.error, each.attempt) for each in sent_events(watched.ledger())] == [("example.org answered 503.", 1)]
    watched.refusing = None
    watching.turn(now + timedelta(seconds=6))
    assert watched.told == [("opened", "orders failed")]
    assert [(each.error, each.attempt) for each in sent_events(watched.ledger())][1:] == [("", 2)]
    assert watched.ledger().alert_messages() == []


def test_a_message_that_nobody_takes_is_given_up_and_that_stands_in_the_timeline(watched):
    watched.define(ONE)
    watching = watched.alerting(rule("failure"))
    fail(watched)
    watched.refusing = RuntimeError("https://user:s3cret@host refused")
    now = watched.serving.clock.now()
    for _ in range(alerting_delivery.MOST_ATTEMPTS):
        watching.turn(now)
        now += timedelta(hours=1)
    found = sent_events(watched.ledger())
    assert len(found) == 2
    assert found[-1].error.endswith("Given up.")
    assert not any("s3cret" in each.error for each in found)
    assert watched.ledger().alert_messages() == []


def test_only_one_of_two_decides_and_the_other_takes_over_when_its_lease_runs_out(watched):
    watched.define(ONE)
    first = watched.alerting(rule("failure"))
    second = watched.alerting(rule("failure"))
    fail(watched)
    now = watched.serving.clock.now()
    wake = second.turn(now)
    assert watched.sent == []
    assert wake > now + timedelta(seconds=30)
    first.turn(now)
    second.turn(now)
    assert watched.told == [("opened", "orders failed")]
    (watched.project.folder / "bad").unlink()
    watched.project.materialize("orders")
    second.turn(now + timedelta(minutes=2))
    assert watched.told[1:] == [("resolved", "orders failed")]
    first.turn(now + timedelta(minutes=2))
    assert len(watched.sent) == 2


def test_two_at_once_in_threads_tell_each_failure_once(watched):
    watched.define(ONE)
    both = [watched.alerting(rule("failure")) for _ in range(2)]
    threads = [threading.Thread(target=each.run, daemon=True) for each in both]
    for each in threads:
        each.start()
    fail(watched)
    listener = watched.ledger().listen()
    ledger = watched.ledger()
    until = time.monotonic() + 60
    while not (is_sent := bool(sent_events(ledger))) and time.monotonic() < until:
        listener.wait(0.1)
    for each in both:
        each.stop()
    for each in threads:
        each.join(60)
    listener.close()
    assert is_sent
    assert watched.told == [("opened", "orders failed")]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from weft import wiring
    from weft.model import alerting as model
    from weft.service.alerting import loop as alerting

    def send(channel, message, timestamp):
        os.kill(os.getpid(), signal.SIGKILL)

    settings = model.Settings(
        rules=(model.Rule(name="all", on=frozenset({"failure"})),),
        channels={"ops": model.Channel(name="ops", kind="webhook", address="https://example.org")},
    )
    folder = Path(sys.argv[1])
    serving = wiring.open_serving(wiring.Place(start=folder, file=str(folder / "definitions.py")))
    alerting.Alerting(serving, settings, send=send).turn()
"""


def test_a_process_killed_between_its_decision_and_sending_loses_nothing(watched):
    watched.define(ONE)
    first = watched.alerting(rule("failure"))
    ledger = watched.ledger()
    first._hand_over(ledger)
    fail(watched)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(watched.project.folder)], env=dict(os.environ), check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert len(ledger.unresolved()) == 1
    assert sent_events(ledger) == []
    first.turn(watched.serving.clock.now() + timedelta(minutes=2))
    assert watched.told == [("opened", "orders failed")]
    assert len(ledger.incidents()) == 1


def test_a_flood_of_incidents_is_told_in_a_few_messages(watched):
    watched.define(
        """
        def make(number):
            @asset(name=f"a{number}")
            def body() -> int:
                return 1
            return body

        made = [make(number) for number in range(50)]
        """
    )
    watching = watched.alerting(rule("failure"))
    ledger = watched.ledger()
    error = events.Error(kind="ValueError", message="no")
    ledger.append(
        [events.AttemptFailed(run="r", step=f"a{number}", assets=(f"a{number}",), error=error) for number in range(50)]
    )
    now = watched.serving.clock.now()
    for second in range(5):
        watching.turn(now + timedelta(seconds=second))
    assert len(ledger.unresolved()) == 50
    assert len(watched.sent) == alerting_delivery.MOST_MESSAGES + 1
    _, last = watched.sent[-1]
    assert (last.title, last.count) == ("30 more incidents", 30)
    assert all(each.told is not None for each in ledger.unresolved())
    assert ledger.verify().passed
