"""The verb `check`: checks run alone, against the latest version of each partition, also one that a check rejected.

A rejected version that passes now becomes current; a current one that fails a blocking check holds back what is
downstream.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from weft.model import errors, events, keys, partitions, stored
from weft.ports import executor as executors
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import publishing, refreshing
from weft.service.plan import planning


class CheckView(views.View, frozen=True, kw_only=True):
    """What one check found of one partition."""

    asset: str
    partition: str | None
    check: str
    passed: bool
    blocking: bool
    severity: str
    description: str
    version: str
    published: bool = False
    """Whether the version became current by this: it had been rejected and passes now."""

    @property
    def serious(self) -> bool:
        """Whether this is a failure that counts."""
        return not self.passed and (self.blocking or self.severity == "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A version to be checked; `made` is what it was made of, None for an external asset."""

    asset: keys.AssetKey
    partition: keys.PartitionKey
    version: int
    value: stored.StoredValue
    made: events.Materialization | None
    was_rejected: bool


def check(
    world: worlds.World,
    selection: str | None,
    chosen: str | None,
    *,
    assets: Collection[keys.AssetKey] | None = None,
    executor: str | None = None,
    jobs: int | None = None,
) -> list[CheckView]:
    """Run the checks of a selection, or of `assets` where these are given, and record what they found.

    Raises:
        UsageError: a wrong selection or partition, or nothing that is selected has checks.
        WeftError: a check could not be run at all.
    """
    subjects = _subjects(world, checked(world, selection) if assets is None else assets, chosen)
    assignments = _assignments(world, subjects)
    reports, _ = refreshing.run_all(world, assignments, executor=executor, jobs=jobs)
    found: list[CheckView] = []
    batch: list[events.Event] = []
    published: list[keys.AssetKey] = []
    for subject, report in zip(subjects, reports, strict=True):
        if report.outcome != "succeeded":
            told = report.error.told if report.error else report.outcome
            raise errors.WeftError(
                f"The checks of {_name(subject)} could not be run: {told}.",
                remedy=f"Mend that, then `weft check {subject.asset}` again.",
            )
        results = report.outputs[0].checks
        fails = any(each.blocking and not each.passed for each in results)
        batch.append(_evaluated(subject, results, rejected=fails))
        passes = subject.was_rejected and not fails
        if passes and subject.made is not None:
            batch.append(_pointed(world, subject, subject.made))
            published.append(subject.asset)
        found += [
            CheckView(
                asset=subject.asset, partition=subject.partition, check=each.name, passed=each.passed,
                blocking=each.blocking, severity=each.severity, description=each.description,
                version=views.version_name(subject.version), published=passes,
            )
            for each in results
        ]  # fmt: skip
    _record(world, subjects, batch)
    publishing.publish(world, dict.fromkeys(published))
    return found


def checked(world: worlds.World, selection: str | None) -> list[keys.AssetKey]:
    """The assets of a selection that have checks; no user code is needed.

    Raises:
        UsageError: a wrong selection, or nothing that is selected has checks.
    """
    found = [asset for asset in planning.select(world, selection) if world.graph.checks_of.get(asset)]
    if not found:
        raise errors.UsageError(
            "Nothing that is selected has checks.",
            remedy="Define some with @asset_check; `weft ls --json` shows who has them.",
        )
    return found


def _subjects(world: worlds.World, assets: Collection[keys.AssetKey], chosen: str | None) -> list[_Subject]:
    graph = world.graph
    known = world.ledger.columns(
        {asset: graph.assets[asset].partitions for asset in assets},
        external=frozenset(asset for asset in assets if graph.assets[asset].step is None),
    )
    found: list[_Subject] = []
    for asset in assets:
        definition, columns = graph.assets[asset].partitions, known[asset]
        if definition is None:
            ordinals = [0]
        elif chosen is not None:
            ordinals = list(partitions.parse_selection(chosen, definition, world.clock.now()))
        else:
            ordinals = list(definition.universe(world.clock.now()))
        versions: dict[int, int] = {}
        for ordinal in ordinals:
            rejection = columns.rejected.get(ordinal)
            version = rejection.version if rejection else columns.versions[ordinal] if ordinal < columns.size else 0
            if version:
                versions[ordinal] = version
        made = world.ledger.materializations(asset, versions.values())
        for ordinal, version in versions.items():
            materialization = made[version][1] if version in made else None
            value = materialization.value if materialization else stored.StoredValue(format="none", data_version="")
            current = columns.versions[ordinal] if ordinal < columns.size else 0
            found.append(
                _Subject(
                    asset=asset,
                    partition=definition.key(ordinal) if definition is not None else None,
                    version=version,
                    value=value,
                    made=materialization,
                    was_rejected=ordinal in columns.rejected and version != current,
                )
            )
    if not found:
        raise errors.UsageError(
            f"There is no data to check of {', '.join(list(assets)[:5])}.", remedy="Make it first, with `weft apply`."
        )
    return found


def _assignments(world: worlds.World, subjects: list[_Subject]) -> list[executors.Assignment]:
    run = f"check-{secrets.token_hex(6)}"
    found = []
    for number, subject in enumerate(subjects):
        step = world.graph.assets[subject.asset].step
        found.append(
            executors.Assignment(
                id=number, run=run, step=step or subject.asset, partition=subject.partition, attempt=1,
                tag=f"{run}.{number}", code=world.graph.steps[step].code if step is not None else "",
                outputs=(subject.asset,), inputs=(), check_only=subject.value,
            )
        )  # fmt: skip
    return found


def _evaluated(subject: _Subject, results: tuple[events.CheckResult, ...], *, rejected: bool) -> events.ChecksEvaluated:
    made = subject.made
    return events.ChecksEvaluated(
        asset=subject.asset,
        results=results,
        version_id=subject.version,
        partition=subject.partition,
        rejected=rejected,
        code=made.code if made is not None and rejected else "",
        inputs=made.inputs if made is not None and rejected else {},
    )


def _pointed(world: worlds.World, subject: _Subject, made: events.Materialization) -> events.VersionPointed:
    return events.VersionPointed(
        asset=subject.asset,
        to=subject.version,
        data_version=made.value.data_version,
        code=made.code,
        inputs=made.inputs,
        partition=subject.partition,
        reason="check_passed",
        by=world.user,
    )


def _record(world: worlds.World, subjects: list[_Subject], batch: list[events.Event]) -> None:
    """Write what was found, unless a partition got another version meanwhile: then it says nothing of that."""
    position = max(subject.version for subject in subjects)
    with world.ledger.transaction() as transaction:
        if transaction.position() > position:
            now = world.ledger.columns(
                {subject.asset: world.graph.assets[subject.asset].partitions for subject in subjects}
            )
            for subject in subjects:
                definition = world.graph.assets[subject.asset].partitions
                ordinal = definition.ordinal(subject.partition) if definition is not None and subject.partition else 0
                columns = now[subject.asset]
                rejection = columns.rejected.get(ordinal)
                latest = rejection.version if rejection else columns.versions[ordinal]
                if latest != subject.version:
                    raise errors.ReservationError(
                        f"{_name(subject)} got another version while it was checked; nothing was recorded.",
                        remedy="Check again.",
                    )
        transaction.append(batch)


def _name(subject: _Subject) -> str:
    return subject.asset if subject.partition is None else f"{subject.asset}[{subject.partition}]"
