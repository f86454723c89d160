"""What every ledger must do: subclass `LedgerConformance`, say with `ledger` how one is opened, and pytest runs it."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from weft.model import columns as columns_model
from weft.model import errors, events, partition_set, partitions, stored
from weft.ports import ledger as ledgers

DAILY = partitions.DailyPartitions(start_date="2024-01-01", end_date="2024-03-01")
_KEYS = ("2024-01-01", "2024-01-05", "2024-02-28", "elsewhere", "gone")


def value(data_version: str) -> stored.StoredValue:
    """A stored value of which only the version matters."""
    return stored.StoredValue(format="none", data_version=data_version)


def succeeded(asset: str, partition: str | None, data_version: str, **more: Any) -> events.StepSucceeded:
    """The event that an asset's partition was made."""
    output = events.Materialization(asset=asset, value=value(data_version), **more)
    return events.StepSucceeded(run="r", step=asset, partition=partition, outputs=(output,), duration=1_000_000)


def task_succeeded(run: str, step: str, item: str = "", **more: Any) -> events.StepSucceeded:
    """The event that a step run of a pipeline has its result."""
    result = events.TaskResult(value=value(f"v{item}"), **more)
    return events.StepSucceeded(run=run, step=step, item=item, started=5, duration=7, task=result)


def draw_events(dice: random.Random, count: int, *, pipelines: bool = True) -> list[events.Event]:
    """Random events about the assets "plain", "daily" and "looked_at" (and pipelines); a history that could be."""
    found: list[events.Event] = []
    for _ in range(count):
        asset = dice.choice(("plain", "daily", "daily", "daily"))
        key = None if asset == "plain" else dice.choice(_KEYS)
        code = dice.choice(("c1", "c2"))
        inputs = {
            each: events.InputRecord(digest=dice.randint(1, 2**64 - 1)) for each in ("u", "w") if dice.random() < 0.6
        }
        made = events.Materialization(
            asset=asset,
            value=value(f"v{dice.randint(1, 4)}"),
            code=code,
            inputs=inputs,
            rejected=dice.random() < 0.2,
            checks=(events.CheckResult(name="sound", passed=dice.random() < 0.5),),
        )
        run = f"r{dice.randint(1, 3)}"
        found.append(
            dice.choice(
                (
                    events.StepSucceeded(run=run, step=asset, partition=key, outputs=(_accepted(made),), attempt=2),
                    events.AttemptFailed(
                        run=run, step=asset, partition=key, outputs=(made,), assets=(asset,),
                        outcome=dice.choice(("failed", "crashed")), error=events.Error(kind="E", message="no"),
                    ),
                    events.StepsFinished(
                        run=run, step=asset, partitions=(key,), assets=(asset,),
                        outcome=dice.choice(("reused", "crashed", "upstream_failed")),
                    ),
                    events.Materialized(output=_accepted(made), partition=key, run=run),
                    events.Observed(asset="looked_at", partition=dice.choice(_KEYS), data_version=f"v{dice.random()}"),
                    events.ChecksEvaluated(
                        asset=asset, partition=key, results=made.checks, version_id=1, rejected=made.rejected,
                        code=code, inputs=inputs,
                    ),
                    events.VersionPointed(
                        asset=asset, partition=key, to=1, data_version="v1", code=code, inputs=inputs, signature="s"
                    ),
                    events.Accepted(asset=asset, partition=key, signature=f"s{dice.random()}", reason="so", by="me"),
                    *([_draw_of_pipeline(dice, run)] if pipelines else ()),
                )
            )
        )  # fmt: skip
    return found


def _draw_of_pipeline(dice: random.Random, run: str) -> events.Event:
    """An event of a pipeline's run, over few steps and items, so that they meet."""
    step, item = dice.choice(("p:a", "p:b")), dice.choice(("", "0", "1.2"))
    return dice.choice(
        (
            events.AttemptsStarted(run=run, step=step, items=(item, "7")),
            task_succeeded(run, step, item, cache=dice.choice(("", "k"))),
            events.AttemptFailed(run=run, step=step, item=item, retry_at=dice.choice((None, 9))),
            events.AttemptsLost(run=run, step=step, items=(item,)),
            events.StepsFinished(
                run=run, step=step, items=(item,), outcome=dice.choice(("skipped", "rolled_back", "crashed"))
            ),
            events.StepReused(run=run, step=step, item=item, source_run="q"),
            events.StepParked(run=run, step=step, item=item, until=dice.randint(1, 9)),
            events.StepMapped(run=run, step=step, count=dice.randint(0, 9)),
            events.ArtifactMade(run=run, key=dice.choice("kl"), kind="link", value=value("v")),
            events.InputRequested(run=run, key="k", suspended=dice.random() < 0.5),
            events.InputGiven(run=run, key="k", by="me"),
            events.RunCreated(run=run, execution="e", pipeline="daily", steps=3),
            events.RunFinished(
                run=run, outcome=dice.choice(("succeeded", "failed", "cancelled")), pipeline="daily",
                partition=dice.choice(_KEYS),
            ),
        )
    )  # fmt: skip


def _accepted(made: events.Materialization) -> events.Materialization:
    return events.Materialization(asset=made.asset, value=made.value, code=made.code, inputs=made.inputs)


def seen(known: columns_model.Columns, size: int) -> dict[str, object]:
    """Columns as plain values, whatever the order of their names and however far they reach."""
    places = range(size)
    return {
        "tokens": [known.token_of(each) for each in places],
        "versions": [known.versions[each] if each < known.size else 0 for each in places],
        "codes": [known.code_of(each) for each in places],
        "made": [(known.made_at[each] if each < known.size else 0, known.run_of(each)) for each in places],
        "inputs": [[known.input_of(each, asset) for asset in ("u", "w")] for each in places],
        "failed": known.failed,
        "rejected": {each: (got.version, got.code, dict(got.inputs)) for each, got in known.rejected.items()},
        "accepted": known.accepted,
        "first_tokens": known.first_tokens,
        "confirmed_at": known.confirmed_at,
        "orphaned": sorted(known.orphaned),
    }


class LedgerConformance:
    """The suite. `ledger` is a fixture that gives an empty ledger, and closes it; anew for each test."""

    @pytest.fixture
    def ledger(self) -> Any:
        """An empty ledger."""
        raise NotImplementedError("say how a ledger is opened")

    # --- the log ---

    def test_positions_count_from_one_without_a_gap(self, ledger: Any) -> None:
        """Positions are the order of the log."""
        assert ledger.position() == 0
        assert ledger.append([succeeded("a", None, "v1"), succeeded("a", None, "v2")]) == 1
        assert ledger.append([succeeded("b", None, "v1")]) == 3
        assert ledger.position() == 3
        assert [position for position, _, _ in ledger.events()] == [1, 2, 3]

    def test_events_come_back_as_they_were_written(self, ledger: Any) -> None:
        """By run, after a position, up to a limit."""
        written = draw_events(random.Random(7), 40)  # noqa: S311
        ledger.append(written)
        assert [event for _, _, event in ledger.events()] == written
        of_run = [each for each in written if getattr(each, "run", None) == "r1"]
        assert [event for _, _, event in ledger.events("r1")] == of_run
        assert [place for place, _, _ in ledger.events(after=10, limit=3)] == [11, 12, 13]

    def test_a_text_that_is_no_unicode_is_written_all_the_same(self, ledger: Any) -> None:
        """A file name in an error message may be anything; that must not cost the run."""
        failed = events.AttemptFailed(
            run="r", step="a", assets=("a",), error=events.Error(kind="OSError", message="no \udcff.txt")
        )
        ledger.append([failed])
        ((_, _, event),) = ledger.events()
        assert event.error.message == "no \\udcff.txt"
        assert ledger.columns({"a": None})["a"].failed[0].error == "OSError: no \\udcff.txt"
        assert ledger.verify().passed

    def test_a_transaction_that_fails_leaves_nothing(self, ledger: Any) -> None:
        """Events, tables, leases, reservations, documents: all or none."""
        with pytest.raises(RuntimeError, match="stop"), ledger.transaction() as transaction:  # noqa: PT012
            transaction.append([succeeded("a", None, "v1"), events.RunCreated(run="r", execution="r")])
            transaction.set_lease(ledgers.LeaseRow(run="r", epoch=1, owner="me", expires=1))
            transaction.reserve("r", "a", "", partition_set.PartitionSet.range(0, 1))
            transaction.put_document("d", "plan", b"")
            raise RuntimeError("stop")
        assert ledger.position() == 0
        assert ledger.runs() == []
        assert ledger.versions("a") == []
        assert ledger.lease("r") is None
        assert ledger.reserved_assets() == []
        assert ledger.document("d") is None
        assert ledger.append([succeeded("a", None, "v1")]) == 1

    # --- leases and reservations ---

    def test_an_append_under_an_old_epoch_is_refused_whole(self, ledger: Any) -> None:
        """Invariant 2: one writer per run."""
        old, new = ledgers.Lease(run="r", epoch=1), ledgers.Lease(run="r", epoch=2)
        self._own(ledger, old)
        ledger.append([succeeded("a", None, "v1")], lease=old)
        self._own(ledger, new)
        with pytest.raises(errors.FencedError, match="epoch 2, this one had 1"):
            ledger.append([succeeded("a", None, "v2")], lease=old)
        assert ledger.position() == 1
        assert not ledger.renew_lease(old, 99)
        assert ledger.renew_lease(new, 99)
        assert ledger.lease("r").expires == 99
        ledger.append([succeeded("a", None, "v2")], lease=new)

    def test_a_released_run_can_be_written_by_nobody(self, ledger: Any) -> None:
        """A finished run never reopens."""
        lease = ledgers.Lease(run="r", epoch=1)
        self._own(ledger, lease)
        with ledger.transaction() as transaction:
            transaction.reserve("r", "a", "f", partition_set.PartitionSet.range(0, 3))
            transaction.release("r")
        with pytest.raises(errors.FencedError, match="it has ended"):
            ledger.append([succeeded("a", None, "v2")], lease=lease)
        assert not ledger.renew_lease(lease, 99)
        assert ledger.reserved_assets() == []

    def test_reservations_are_seen_by_everyone_until_released(self, ledger: Any) -> None:
        """Invariant 6."""
        held = partition_set.PartitionSet.of([1, 5, 6])
        with ledger.transaction() as transaction:
            transaction.reserve("r", "a", "f", held)
            assert transaction.reservations("a") == [("r", "f", held)]
        assert ledger.reservations("a") == [("r", "f", held)]
        assert ledger.reservations("b") == []
        assert ledger.reserved_assets() == ["a"]

    def _own(self, ledger: Any, lease: ledgers.Lease) -> None:
        with ledger.transaction() as transaction:
            transaction.set_lease(ledgers.LeaseRow(run=lease.run, epoch=lease.epoch, owner="me", expires=1))

    # --- what was made ---

    def test_columns_are_what_the_events_say(self, ledger: Any) -> None:
        """Against the last event that speaks of each partition, looked for one by one."""
        for seed in range(20):
            asset = f"a{seed}"
            dice = random.Random(seed)  # noqa: S311
            last: dict[str, tuple[int, str]] = {}
            for _ in range(30):
                key, version = dice.choice(_KEYS), f"v{dice.randint(1, 3)}"
                last[key] = (ledger.append([succeeded(asset, key, version, code="c")]), version)
            known = ledger.columns({asset: DAILY})[asset]
            for key, (position, version) in last.items():
                ordinal = DAILY.find(key)
                if ordinal is None:
                    assert key in known.orphaned
                else:
                    assert known.versions[ordinal] == position
                    assert ledger.materializations(asset, [position])[position][1].value.data_version == version
                    assert known.code_of(ordinal) == "c"
                    assert known.run_of(ordinal) == "r"

    def test_a_kept_summary_changes_nothing_that_is_read(self, ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The columns are the same with a summary under them, whatever happened since."""
        for seed in range(16):
            dice = random.Random(seed)  # noqa: S311
            removed: list[str] = []
            for turn in range(4):
                ledger.append(draw_events(dice, dice.randint(1, 30)))
                if turn % 2:  # the same definition as before, or one that keys came to or went from
                    removed = dice.sample(_KEYS[:3], dice.randint(0, 2))
                names = partitions.DynamicPartitions("names").with_keys(_KEYS[: 3 + turn // 2], removed)
                definition = names if seed % 2 else DAILY
                assets = {"daily": definition, "plain": None, "looked_at": definition}
                external = frozenset({"looked_at"})
                kept = ledger.columns(assets, external=external)
                with ledger.transaction() as transaction:
                    self.drop_summaries(transaction)
                fresh = ledger.columns(assets, external=external)
                for asset in assets:
                    assert seen(kept[asset], 70) == seen(fresh[asset], 70), f"seed {seed}: {asset}"
                self.keep_summaries(ledger, assets, monkeypatch)

    def drop_summaries(self, transaction: Any) -> None:
        """Let go of all summaries; a store without any has nothing to do."""

    def keep_summaries(self, ledger: Any, assets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep summaries now, however few rows there are."""
        ledger.save_columns(assets)

    def test_versions_come_newest_first_with_the_current_one_marked(self, ledger: Any) -> None:
        """Of all partitions, or of some; a limit counts what was asked for."""
        first = ledger.append([succeeded("a", "x", "v1")])
        second = ledger.append([succeeded("a", "x", "v2")])
        other = ledger.append([succeeded("a", "y", "v1")])
        assert [row.id for row in ledger.versions("a")] == [other, second, first]
        assert [(row.id, row.current) for row in ledger.versions("a", ["x"])] == [(second, True), (first, False)]
        assert [row.id for row in ledger.versions("a", ["x"], limit=1)] == [second]
        assert [row.id for row in ledger.versions("a", limit=1)] == [other]
        ledger.append([events.VersionPointed(asset="a", partition="x", to=first, data_version="v1")])
        assert [row.id for row in ledger.versions("a", ["x"]) if row.current] == [first]
        ledger.append([events.VersionsRemoved(asset="a", partitions=("x",), versions=(second,))])
        assert [row.id for row in ledger.versions("a", ["x"])] == [first]

    def test_a_rejected_version_is_kept_but_not_current(self, ledger: Any) -> None:
        """Checks run before the pointer moves."""
        good = ledger.append([succeeded("a", None, "v1")])
        made = events.Materialization(
            asset="a",
            value=value("v2"),
            rejected=True,
            checks=(events.CheckResult(name="sound", passed=False, blocking=True),),
        )
        bad = ledger.append([events.AttemptFailed(run="r", step="a", outputs=(made,), assets=("a",))])
        known = ledger.columns({"a": None})["a"]
        assert known.versions[0] == good
        assert known.rejected[0].version == bad
        assert [(row.id, row.state, row.current) for row in ledger.versions("a")] == [
            (bad, "rejected", False),
            (good, "", True),
        ]
        (check,) = ledger.checks("a")
        assert (check.name, check.passed, check.blocking, check.version) == ("sound", False, True, bad)

    # --- runs ---

    def test_runs_count_what_became_of_their_steps(self, ledger: Any) -> None:
        """And tell which are live."""
        ledger.append([events.RunCreated(run="ab1", execution="e", steps=6), events.RunStarted(run="ab1")])
        ledger.append(
            [
                events.StepSucceeded(run="ab1", step="a"),
                events.AttemptFailed(run="ab1", step="b", retry_at=5),
                events.AttemptFailed(run="ab1", step="b"),
                events.StepsFinished(run="ab1", step="c", partitions=("x", "y"), outcome="upstream_failed"),
                events.StepsFinished(run="ab1", step="d", outcome="reused"),
                events.StepsFinished(run="ab1", step="e", outcome="crashed"),
            ]
        )
        (run,) = ledger.runs(live=True)
        assert (run.phase, run.steps, run.succeeded, run.reused, run.failed, run.held) == ("running", 6, 1, 1, 2, 2)
        ledger.append([events.RunFinished(run="ab1", outcome="failed"), events.RunCreated(run="a_2", execution="e")])
        assert [row.id for row in ledger.runs(live=True)] == ["a_2"]
        assert {row.id for row in ledger.runs()} == {"ab1", "a_2"}
        assert [row.id for row in ledger.runs_with_prefix("a_")] == ["a_2"]
        assert len(ledger.runs(limit=1)) == 1

    def test_runs_are_found_by_pipeline_interval_and_parent(self, ledger: Any) -> None:
        """With what asked for them, their parameters and the run that they repeat."""
        ledger.append([events.RunCreated(run="r1", execution="e", pipeline="etl", partition="2024-01-01")])
        ledger.append(
            [
                events.RunCreated(
                    run="r2", execution="e", pipeline="etl", partition="2024-01-02", trigger="rerun", rerun_of="r1",
                    params=msgspec.Raw(b'{"n":3}'),
                ),
                events.RunCreated(
                    run="r3", execution="e", pipeline="part", trigger="subflow", parent="r2", parent_step="etl:call",
                    parent_item="4",
                ),
            ]
        )  # fmt: skip
        assert {row.id for row in ledger.runs(pipeline="etl")} == {"r1", "r2"}
        (second,) = ledger.runs(pipeline="etl", partition="2024-01-02")
        assert (second.id, second.trigger, second.rerun_of, second.params) == ("r2", "rerun", "r1", b'{"n":3}')
        (child,) = ledger.runs(parent="r2")
        assert (child.id, child.parent, child.parent_step, child.parent_item) == ("r3", "r2", "etl:call", "4")
        assert (child.partition, child.params, child.pipeline) == (None, None, "part")
        assert {row.id for row in ledger.runs(parent="")} == {"r1", "r2"}
        assert ledger.runs(pipeline="other") == ledger.runs(parent="r1") == []

    def test_an_interval_of_a_pipeline_is_known_like_a_partition_of_an_asset(self, ledger: Any) -> None:
        """A success is a version that says nothing of the content; a failure is told; a cancelled run changes none."""
        days = ("2024-01-01", "2024-01-02", "2024-01-03")
        read = {"u": events.InputRecord(digest=17)}
        told = events.Error(kind="KeyError", message="'price'")

        def ended(run: str, day: str, outcome: events.Outcome, **more: Any) -> events.RunFinished:
            return events.RunFinished(
                run=run, outcome=outcome, pipeline="daily", partition=day, code="c", inputs=read, **more
            )

        finished = [
            ended("r1", days[0], "succeeded"),
            ended("r2", days[1], "failed", error=told),
            ended("r3", days[2], "failed"),
            ended("r4", days[2], "succeeded"),
            ended("r5", days[0], "cancelled"),
            ended("r6", days[1], "cancelled"),
        ]
        ledger.append(finished)
        ledger.append([events.RunFinished(run="r7", outcome="succeeded", pipeline="daily")])
        known = ledger.columns({"daily": DAILY})["daily"]
        first, second, third = (DAILY.ordinal(each) for each in days)
        assert [known.versions[each] for each in (first, second, third)] == [1, 0, 4]
        assert (known.run_of(first), known.code_of(first), known.input_of(first, "u")) == ("r1", "c", 17)
        assert known.token_of(first) != known.token_of(third)
        assert set(known.failed) == {second}
        assert (known.failed[second].run, known.failed[second].error) == ("r2", "KeyError: 'price'")
        assert ledger.versions("daily") == []
        assert ledger.versioned_assets() == []

    # --- step runs of pipelines ---

    def test_step_runs_say_where_they_stand(self, ledger: Any) -> None:
        """In the order in which they began; what has not begun has no row."""
        ledger.append(
            [
                events.RunCreated(run="r", execution="e", pipeline="p", steps=4),
                events.AttemptsStarted(run="r", step="p:get", items=("",)),
                events.AttemptsStarted(run="r", step="a"),
            ]
        )
        (row,) = ledger.step_runs("r")
        assert (row.step, row.item, row.phase, row.outcome, row.attempt) == ("p:get", "", "running", None, 1)
        ledger.append(
            [
                task_succeeded("r", "p:get"),
                events.StepMapped(run="r", step="p:each", count=12),
                events.AttemptsStarted(run="r", step="p:each", items=tuple(str(n) for n in range(11))),
                events.StepParked(run="r", step="p:each", item="2", until=99, reason="no file yet"),
                events.AttemptFailed(
                    run="r", step="p:each", item="3", retry_at=77, error=events.Error(kind="E", message="no")
                ),
                events.AttemptFailed(run="r", step="p:each", item="4", outcome="timed_out"),
                events.AttemptsLost(run="r", step="p:each", items=("5", "6"), reason="a worker died"),
                events.StepReused(run="r", step="p:each", item="10", source_run="q"),
                events.StepsFinished(run="r", step="p:put", outcome="upstream_failed", reason="p:each failed"),
            ]
        )
        found = {(row.step, row.item): row for row in ledger.step_runs("r")}
        assert list(found) == [("p:get", ""), *(("p:each", str(n)) for n in range(11)), ("p:put", "")]
        done = found["p:get", ""]
        assert (done.phase, done.outcome, done.started, done.duration) == ("finished", "succeeded", 5, 7)
        parked, retried, lost = (found["p:each", item] for item in "235")
        assert (parked.phase, parked.until, parked.reason) == ("waiting", 99, "no file yet")
        assert (retried.phase, retried.until, retried.reason, retried.outcome) == ("waiting", 77, "E: no", None)
        assert (lost.phase, lost.reason) == ("waiting", "a worker died")
        assert (found["p:each", "4"].phase, found["p:each", "4"].outcome) == ("finished", "timed_out")
        reused = found["p:each", "10"]
        assert (reused.outcome, reused.reason, reused.source_run) == ("reused", "cached", "q")
        assert (found["p:put", ""].outcome, found["p:put", ""].reason) == ("upstream_failed", "p:each failed")
        assert ledger.step_counts("r") == {("p:each", ""): 12}
        (run,) = ledger.runs()
        assert (run.steps, run.succeeded, run.reused, run.failed, run.held) == (15, 1, 1, 1, 1)
        assert ledger.verify().passed

    def test_what_was_rolled_back_no_longer_counts_as_done(self, ledger: Any) -> None:
        """It succeeded, and then it did not."""
        ledger.append([events.RunCreated(run="r", execution="e"), task_succeeded("r", "f:put", "3")])
        ledger.append([events.StepsFinished(run="r", step="f:put", items=("3",), outcome="rolled_back")])
        (row,) = ledger.step_runs("r")
        assert (row.outcome, row.duration) == ("rolled_back", 7)
        assert [(run.succeeded, run.held) for run in ledger.runs()] == [(0, 1)]

    def test_the_cache_gives_the_newest_result_that_has_not_expired(self, ledger: Any) -> None:
        """And says which run made it."""
        ledger.append([task_succeeded("r1", "p:a", cache="k"), task_succeeded("r1", "p:a", "7")])
        ledger.append([task_succeeded("r2", "q:a", "1", cache="k", expires=1000, named={"n": value("v")})])
        found = ledger.cached("k", now=999)
        assert (found.run, found.step, found.item) == ("r2", "q:a", "1")
        assert found.result.value.data_version == "v1"
        assert found.result.named == {"n": value("v")}
        assert ledger.cached("k", now=1000) is None
        assert ledger.cached("other", now=0) is None
        assert (ledger.cached_runs(now=999), ledger.cached_runs(now=1000)) == ({"r2"}, set())
        ledger.append([task_succeeded("r3", "p:a", cache="k"), events.RunCreated(run="r3", execution="e")])
        assert ledger.cached("k", now=5000).run == "r3"
        ledger.append([events.RunValuesRemoved(runs=("r3", "r9"), reason="old")])
        assert ledger.cached("k", now=5000) is None
        assert ledger.cached_runs(now=999) == set()
        assert [row.values_removed for row in ledger.runs_with_prefix("r3")] == [True]

    def test_artifacts_have_versions_by_key(self, ledger: Any) -> None:
        """Found by run, key and asset; the newest of a key is marked."""
        made = [
            events.ArtifactMade(run=run, key=key, kind="markdown", value=value(key), step="p:a", **more)
            for run, key, more in (
                ("r1", "report", {"description": "of the day"}),
                ("r1", "chart", {"asset": "a/b", "partition": "x"}),
                ("r2", "report", {"item": "3"}),
            )
        ]
        ledger.append(made)
        assert [(row.id, row.key, row.latest) for row in ledger.artifacts()] == [
            (3, "report", True),
            (2, "chart", True),
            (1, "report", False),
        ]
        assert [row.id for row in ledger.artifacts(latest=True)] == [3, 2]
        assert [row.id for row in ledger.artifacts(key="report", limit=1)] == [3]
        assert [row.id for row in ledger.artifacts(run="r1")] == [2, 1]
        (chart,) = ledger.artifacts(asset="a/b")
        assert (chart.id, chart.partition, chart.step, chart.item) == (2, "x", "p:a", "")
        assert ledger.artifact(1) == made[0]
        assert ledger.artifact(4) is None

    def test_a_question_to_a_person_is_open_until_it_is_answered_or_its_run_ends(self, ledger: Any) -> None:
        """A run whose process ended meanwhile is suspended, until a process takes it up again."""
        ledger.append([events.RunCreated(run="r", execution="e"), events.RunStarted(run="r")])
        ledger.append(
            [
                events.InputRequested(run="r", key="ok", message="Ship it?", schema=msgspec.Raw(b"{}"), suspended=True),
                events.InputRequested(run="r", key="other"),
            ]
        )
        assert [run.phase for run in ledger.runs()] == ["suspended"]
        assert {row.key for row in ledger.input_requests(open_only=True)} == {"ok", "other"}
        ledger.append([events.InputGiven(run="r", key="ok", value=msgspec.Raw(b'{"yes":true}'), by="me")])
        asked = {row.key: row for row in ledger.input_requests("r")}
        assert (asked["ok"].schema, asked["ok"].message, asked["ok"].suspended) == (b"{}", "Ship it?", True)
        assert (asked["ok"].value, asked["ok"].by) == (b'{"yes":true}', "me")
        assert asked["ok"].answered
        assert asked["other"].answered is None
        assert [row.key for row in ledger.input_requests(open_only=True)] == ["other"]
        ledger.append([events.RunStarted(run="r", epoch=2)])
        assert [run.phase for run in ledger.runs()] == ["running"]
        ledger.append([events.RunFinished(run="r", outcome="cancelled")])
        assert ledger.input_requests(open_only=True) == []
        assert ledger.input_requests("elsewhere") == []

    def test_what_people_decided_is_told_newest_first(self, ledger: Any) -> None:
        """Who, why, and of which partition."""
        said = [
            events.Accepted(asset="a", partition="x", signature="s", reason="known gap", by="me"),
            events.VersionPointed(asset="a", partition="x", to=1, data_version="v", by="you", note="worse"),
            events.Accepted(asset="b", signature="s", reason="so", by="me"),
        ]
        ledger.append([succeeded("a", "x", "v1"), *said])
        assert [event for _, event in ledger.decisions("a")] == [said[1], said[0]]
        assert ledger.decisions("c") == []

    def test_checks_keep_their_metadata(self, ledger: Any) -> None:
        """What a check counted is why it is believed."""
        found = events.CheckResult(name="sound", passed=True, metadata={"rows": msgspec.Raw(b"3")})
        ledger.append([events.ChecksEvaluated(asset="a", results=(found,), version_id=1)])
        assert [row.metadata for row in ledger.checks("a")] == [{"rows": 3}]

    def test_runs_wait_in_work_pools(self, ledger: Any) -> None:
        """A pool can be changed and removed; its runs are found by it."""
        row = ledgers.WorkPoolRow(name="big", type="process", config='{"a":1}', slots=None, paused=False, created=5)
        ledger.put_work_pool(row)
        ledger.put_work_pool(replace(row, name="also", slots=3))
        ledger.put_work_pool(replace(row, paused=True, slots=2, created=9))
        assert ledger.work_pools() == [replace(row, name="also", slots=3), replace(row, paused=True, slots=2)]
        assert ledger.remove_work_pool("also")
        assert not ledger.remove_work_pool("also")
        ledger.append(
            [events.RunCreated(run="r1", execution="e", pool="big"), events.RunCreated(run="r2", execution="e")]
        )
        assert [(run.id, run.pool) for run in ledger.runs(pool="big", live=True)] == [("r1", "big")]

    # --- keys, documents ---

    def test_dynamic_keys_keep_the_order_in_which_they_came(self, ledger: Any) -> None:
        """Ordinals are that order, so removing and adding again must not move a key."""
        ledger.append([events.PartitionsAdded(name="n", keys=("b", "a"))])
        ledger.append([events.PartitionsRemoved(name="n", keys=("b",)), events.PartitionsAdded(name="n", keys=("c",))])
        assert ledger.dynamic_keys() == {"n": (["b", "a", "c"], ["b"])}
        ledger.append([events.PartitionsAdded(name="n", keys=("b",))])
        assert ledger.dynamic_keys() == {"n": (["b", "a", "c"], [])}

    def test_durations_are_averaged_by_step(self, ledger: Any) -> None:
        """Forecasts are made of them."""
        ledger.append([events.StepSucceeded(run="r", step="a", duration=each) for each in (1_000_000, 3_000_000)])
        ledger.append([events.StepSucceeded(run="r", step="b", duration=500_000)])
        assert ledger.step_seconds() == {"a": 2.0, "b": 0.5}

    def test_verify_passes_on_any_history(self, ledger: Any) -> None:
        """Invariant 7, in batches of any size."""
        dice = random.Random(3)  # noqa: S311
        waiting = iter(draw_events(dice, 300))
        while batch := list(itertools.islice(waiting, dice.randint(1, 40))):
            ledger.append(batch)
        verification = ledger.verify()
        assert verification.passed, verification.differences
        assert verification.events == 300
