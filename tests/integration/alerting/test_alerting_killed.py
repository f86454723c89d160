from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from tests.integration.alerting.conftest import rule

from weft.model import events, stored

MANY = """
def make(number):
    @asset(name=f"a{number}", deps=[f"a{number - 1}"] if number % 4 else [])
    def body() -> None:
        return None
    return body

made = [make(number) for number in range(12)]
"""

WATCHING = """
    import sys, threading
    from pathlib import Path
    from weft import wiring
    from weft.model import alerting as model
    from weft.service.alerting import loop as alerting

    folder = Path(sys.argv[1])

    def send(channel, message, timestamp):
        with open(folder / "sent", "a") as file:
            file.write(f"{message.incident} {message.about}\\n")

    settings = model.Settings(
        rules=(model.Rule(name="all", on=frozenset({"failure"})),),
        channels={"ops": model.Channel(name="ops", kind="webhook", address="https://example.org")},
    )
    serving = wiring.open_serving(wiring.Place(start=folder, file=str(folder / "definitions.py")))
    watching = alerting.Alerting(serving, settings, send=send)
    watching.turn()
    print("ready", flush=True)
    while True:
        watching.turn()
"""


def failed(asset, run):
    error = events.Error(kind="ValueError", message="no")
    return events.AttemptFailed(run=run, step=asset, assets=(asset,), error=error)


def made(asset, run):
    value = stored.StoredValue(format="json", data_version=f"v{run}", inline=b"1")
    return events.StepSucceeded(run=run, step=asset, outputs=(events.Materialization(asset=asset, value=value),))


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_however_often_alerting_is_killed(watched):
    watched.define(MANY)
    ledger = watched.ledger()
    chance = random.Random(7)
    failing: set[str] = set()
    for life in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WATCHING), str(watched.project.folder)], stdout=subprocess.PIPE
        )
        try:
            assert process.stdout.readline() == b"ready\n"
            for number in range(40):
                asset, run = f"a{chance.randrange(12)}", f"r{life}-{number}"
                if chance.random() < 0.5:
                    failing.add(asset)
                    ledger.append([failed(asset, run)])
                else:
                    failing.discard(asset)
                    ledger.append([made(asset, run)])
        finally:
            process.kill()  # in the middle of whatever it does
            process.wait()
            process.stdout.close()
        with ledger.transaction() as transaction:  # as if the dead one's lease had run out
            state = transaction.alert_state()
            transaction.set_alert_state(type(state)(position=state.position))
    last = watched.alerting(rule("failure"))
    for second in range(5):
        last.turn(watched.serving.clock.now() + timedelta(minutes=2, seconds=second))
    assert {each.subject for each in ledger.alert_problems()} == {f"asset:{each}" for each in failing}
    assert sorted(each.root for each in ledger.unresolved()) == sorted(f"asset:{each}" for each in failing)
    by_incident = {each.id: [] for each in ledger.incidents()}
    for line in (watched.project.folder / "sent").read_text().splitlines():
        by_incident[line.split()[0]].append(line.split()[1])
    for _, message in watched.sent:
        by_incident[message.incident].append(message.about)
    assert ledger.alert_messages() == []
    for incident, told in by_incident.items():
        recorded = [each for each in ledger.incident_entries(incident) if each.kind == "notified"]
        assert len(recorded) <= len(told) <= len(recorded) + 2, (incident, told)
    assert ledger.verify().passed
