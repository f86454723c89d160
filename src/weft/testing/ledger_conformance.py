"""What every ledger must do: subclass `LedgerConformance`, say with `ledger` how one is opened, and pytest runs it."""

from __future__ import annotations

import itertools
import random
from typing import Any

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


def draw_events(dice: random.Random, count: int) -> list[events.Event]:
    """Random events about the assets "plain", "daily" and "looked_at"; a history that could be."""
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
                )
            )
        )  # fmt: skip
    return found


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

    # --- runs, keys, documents ---

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
