"""Why: the lines of a plan by what they have in common, and the causes of each, followed to where they begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from weft.model import keys, partition_set, plan, policies
from weft.planner import found as findings
from weft.planner import freshness
from weft.planner import standing as standings

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
_MOST_RUNS = 5  # causes of one kind and subject that are told apart by run; more are summed up
_MOST_NAMES = 4
_SAMPLE = 2000  # partitions of a line that are looked at one by one for their runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Partitions of a step that have status, condition and kinds of causes in common."""

    ordinals: PartitionSet
    status: plan.Status
    run_if: plan.RunIf
    baseline: plan.Baseline
    causes: tuple[plan.Cause, ...]


class Explainer:
    """Tells the causes of what an evaluation found."""

    def __init__(self, found: findings.Evaluation) -> None:
        """Explain `found`."""
        self._found = found
        self._roots: dict[tuple[keys.StepKey, PartitionSet], plan.Cause | None] = {}

    # --- lines
    # --------------------------------------------------------------------------------------------------------------

    def groups(self, standing: standings.Standing, due: PartitionSet, *, alone: bool = False) -> list[Group]:
        """Split what is due into lines, in order of the first partition; with `alone` nothing above runs."""
        if not due:
            return []
        reasons = [each for each in _reasons(standing) if not (alone and each[0] == "upstream")]
        conditional = due & standing.conditional
        parts: list[tuple[tuple[int, ...], PartitionSet]] = [
            ((), part) for part in (conditional, due - conditional) if part
        ]
        for number, (_, _, ordinals) in enumerate(reasons):
            if not ordinals:
                continue
            split: list[tuple[tuple[int, ...], PartitionSet]] = []
            for flags, part in parts:
                inside = part & ordinals
                if inside:
                    split.append(((*flags, number), inside))
                    part = part - inside
                if part:
                    split.append((flags, part))
            parts = split
        groups = []
        for flags, part in parts:
            found: list[plan.Cause] = []
            for number in flags:
                kind, subject, _ = reasons[number]
                found += self._causes(standing, kind, subject, part)
            groups.append(
                Group(
                    ordinals=part,
                    status=_status(standing, part),
                    run_if="inputs_changed" if part <= standing.conditional else "always",
                    baseline="recorded" if any(reasons[n][0] == "data_changed" for n in flags) else "standing",
                    causes=tuple(found),
                )
            )
        return sorted(groups, key=lambda group: group.ordinals.first)

    def _causes(
        self, standing: standings.Standing, kind: plan.CauseKind, subject: str, part: PartitionSet
    ) -> Iterable[plan.Cause]:
        match kind:
            case "missing" | "forced":
                yield plan.Cause(kind=kind, subject=subject, partition=self._only(subject, part))
            case "failed":
                yield from self._failures(standing, part)
            case "code_changed":
                yield from self.code_changes(standing, part)
            case "data_changed" | "dependency_changed":
                yield from self.data_changes(standing, kind, subject, part)
            case "upstream":
                yield self._upstream(standing, subject, part)
            case "overdue":
                yield from self._overdue(standing, part)
            case "check_failed" | "blocked" | "running":
                raise AssertionError(f"{kind} is never a reason to run")

    def _only(self, asset: str, ordinals: PartitionSet) -> keys.PartitionKey:
        """The key of a partition that is alone, else None."""
        definition = self._found.graph.assets[asset].partitions
        return definition.key(ordinals.first) if definition is not None and len(ordinals) == 1 else None

    def _failures(self, standing: standings.Standing, part: PartitionSet) -> Iterable[plan.Cause]:
        for asset in standing.outputs:
            failed = self._found.columns(asset).failed
            told: dict[tuple[str, str], list[int]] = {}
            for ordinal in sorted(failed):
                if ordinal in part:
                    told.setdefault((failed[ordinal].run, failed[ordinal].error), []).append(ordinal)
            for (run, error), ordinals in list(told.items())[:_MOST_RUNS]:
                failure = failed[ordinals[0]]
                attempts = f", {failure.attempts} attempts" if failure.attempts > 1 else ""
                word = "" if failure.outcome == "failed" else f"{failure.outcome.replace('_', ' ')}: "
                yield plan.Cause(
                    kind="failed",
                    subject=asset,
                    partition=self._only(asset, PartitionSet.of(ordinals)),
                    run=run or None,
                    at=_moment(failure.at),
                    detail=f"{word}{error}{attempts}{_of_many(ordinals)}",
                )
            if told:
                return

    def code_changes(self, standing: standings.Standing, part: PartitionSet) -> Iterable[plan.Cause]:
        """That other code made these: the first function that changed, and which others did."""
        step = standing.step
        for asset in standing.outputs:
            columns = self._found.columns(asset)
            before = {columns.code_of(each) for each in _sample(part)} - {"", step.code}
            if not before:
                continue
            first = next(each for each in part if columns.code_of(each) in before)
            names, told = self._changed_names(sorted(before), step.code)
            yield plan.Cause(
                kind="code_changed",
                subject=names[0] if names else step.key,
                partition=self._only(asset, part),
                run=columns.run_of(first) or None,
                at=_moment(columns.made_at[first]),
                detail=told,
            )
            return

    def _changed_names(self, before: Sequence[str], today: str) -> tuple[list[str], str]:
        """The functions that changed since the code that made the data, and a phrase that says so."""
        manifests = self._found.observed.manifests
        new = manifests.get(today)
        names: dict[str, str] = {}
        for digest in before:
            old = manifests.get(digest)
            if old is None or new is None:
                continue
            for name in sorted({*old, *new}):
                if old.get(name) != new.get(name):
                    names[name] = "added" if name not in old else "removed" if name not in new else "changed"
        if not names:
            return [], "the code changed"
        ordered = sorted(names, key=lambda name: ("changed", "added", "removed").index(names[name]))
        told = ", ".join(f"{name} {names[name]}" for name in ordered[:_MOST_NAMES])
        more = f" and {len(ordered) - _MOST_NAMES} more" if len(ordered) > _MOST_NAMES else ""
        return ordered, told + more

    def data_changes(
        self, standing: standings.Standing, kind: plan.CauseKind, slot: str, part: PartitionSet
    ) -> Iterable[plan.Cause]:
        """That an input has another version than was read: which run changed it, and when; by run, the newest first."""
        graph, step = self._found.graph, standing.step
        dependency = next(each for each in step.dependencies if each.slot == slot)
        subject = dependency.asset
        above, columns = self._found.columns(subject), self._found.columns(standing.outputs[0])
        identity = findings.is_identity(graph, step, dependency)
        read = _sample(part if identity else self._found.reads(step, dependency, part))
        oldest = min((columns.versions[each] for each in _sample(part) if each < columns.size), default=0)
        latest = max((columns.made_at[each] for each in _sample(part) if each < columns.size), default=0)
        changed: dict[str, list[int]] = {}
        for each in read:
            made = columns.versions[each] if identity and each < columns.size else oldest
            if each < above.size and (above.versions[each] > made or above.made_at[each] > latest):
                changed.setdefault(above.run_of(each), []).append(each)
        if not changed:
            yield plan.Cause(kind=kind, subject=subject, detail=_DETAILS[kind])
        newest = sorted(changed.items(), key=lambda item: -max(above.made_at[each] for each in item[1]))
        for run, ordinals in newest[:_MOST_RUNS]:
            yield plan.Cause(
                kind=kind,
                subject=subject,
                partition=self._only(subject, PartitionSet.of(sorted(ordinals))),
                run=run or None,
                at=_moment(max(above.made_at[each] for each in ordinals)),
                detail=_DETAILS[kind] + _of_many(ordinals),
            )

    def _upstream(self, standing: standings.Standing, slot: str, part: PartitionSet) -> plan.Cause:
        subject = next(each.asset for each in standing.step.dependencies if each.slot == slot)
        above, read = self._above(standing, slot, part)
        due = read & above.due if above is not None else EMPTY
        root = self._root(above, due) if above is not None and due else None
        return plan.Cause(
            kind="upstream",
            subject=subject,
            partition=self._only(subject, due) if due else None,
            run=root.run if root else None,
            at=root.at if root else None,
            detail=f"will be made again{_of_many(due)}",
            root=root,
        )

    def _root(self, standing: standings.Standing, due: PartitionSet) -> plan.Cause | None:
        """Where a chain of causes begins: the first cause above that is not itself the making of something above."""
        walked: list[tuple[keys.StepKey, PartitionSet]] = []
        found: plan.Cause | None = None
        while (where := (standing.step.key, due)) not in self._roots:
            walked.append(where)
            kind, slot, part = next(
                ((kind, slot, due & ordinals) for kind, slot, ordinals in _reasons(standing) if due & ordinals),
                ("missing", standing.outputs[0], EMPTY),
            )
            if kind != "upstream":
                found = next(iter(self._causes(standing, kind, slot, part)), None) if part else None
                break
            above, read = self._above(standing, slot, part)
            if above is None or not (due := read & above.due):
                break
            standing = above
        else:
            found = self._roots[where]
        for each in walked:
            self._roots[each] = found
        return found

    def _blocked_root(self, standing: standings.Standing, held: PartitionSet) -> plan.Cause | None:
        """The failed check at which a chain of what is held back begins."""
        while held:
            for asset, own in standing.own.items():
                if not held.isdisjoint(own.rejected & standing.rejected):
                    return next(iter(self.rejected(standing, asset, held)[1]), None)
            slot = next((slot for slot, blocked in standing.blocked_by.items() if not held.isdisjoint(blocked)), None)
            if slot is None:
                return None
            above, read = self._above(standing, slot, held)
            if above is None:
                return None
            standing, held = above, read & above.held
        return None

    def _above(
        self, standing: standings.Standing, slot: str, part: PartitionSet
    ) -> tuple[standings.Standing | None, PartitionSet]:
        """The step behind an input, and which of its partitions these ones read."""
        dependency = next(each for each in standing.step.dependencies if each.slot == slot)
        producer = self._found.graph.assets[dependency.asset].step
        above = self._found.standings.get(producer) if producer is not None else None
        return above, self._found.reads(standing.step, dependency, part)

    def _overdue(self, standing: standings.Standing, part: PartitionSet) -> Iterable[plan.Cause]:
        for subject, late in standing.overdue_for.items():
            if part & late:
                asset = self._found.graph.assets[subject]
                confirmed = self._found.columns(subject).confirmed_at
                yield plan.Cause(
                    kind="overdue",
                    subject=subject,
                    at=_moment(confirmed) if confirmed else None,
                    detail=_lateness(asset.freshness),
                )

    # --- what is left alone
    # -------------------------------------------------------------------------------------------------

    def blocked(self, standing: standings.Standing) -> tuple[PartitionSet, tuple[plan.Cause, ...]]:
        """What a failed blocking check above holds back."""
        why = []
        for slot, ordinals in standing.blocked_by.items():
            subject = next(each.asset for each in standing.step.dependencies if each.slot == slot)
            above, read = self._above(standing, slot, ordinals)
            held = read & above.held if above is not None else EMPTY
            root = self._blocked_root(above, held) if above is not None else None
            direct = above is not None and not held.isdisjoint(above.rejected)
            why.append(
                plan.Cause(
                    kind="blocked",
                    subject=subject,
                    partition=self._only(subject, held) if held else None,
                    run=root.run if root else None,
                    at=root.at if root else None,
                    detail=("a blocking check failed" if direct else "it is held back itself") + _of_many(held),
                    root=root,
                )
            )
        return standing.blocked, tuple(why)

    def rejected(
        self, standing: standings.Standing, asset: keys.AssetKey, part: PartitionSet | None = None
    ) -> tuple[PartitionSet, tuple[plan.Cause, ...]]:
        """What a blocking check rejected (of `part`), of unchanged code and inputs."""
        columns = self._found.columns(asset)
        ordinals = standing.own[asset].rejected & standing.rejected
        if part is not None:
            ordinals &= part
        why = []
        for ordinal in ordinals.take(_MOST_RUNS):
            failure = columns.failed.get(ordinal)
            why.append(
                plan.Cause(
                    kind="check_failed",
                    subject=asset,
                    partition=self._only(asset, PartitionSet.range(ordinal, ordinal + 1)),
                    run=(failure.run or None) if failure else None,
                    at=_moment(failure.at) if failure else None,
                    detail=failure.error if failure else "a blocking check failed",
                )
            )
        return ordinals, tuple(why)

    def undecided(self, standing: standings.Standing) -> tuple[PartitionSet, tuple[plan.Cause, ...]]:
        """What other code made, under a policy to ask."""
        return standing.undecided, tuple(self.code_changes(standing, standing.undecided)) if standing.undecided else ()

    def running(
        self, standing: standings.Standing, asset: keys.AssetKey
    ) -> tuple[PartitionSet, tuple[plan.Cause, ...]]:
        """What live runs are making."""
        why = tuple(
            plan.Cause(kind="running", subject=asset, run=run, partition=self._only(asset, made & standing.running))
            for run, made in self._found.observed.reserved.get(asset, ())
            if made & standing.running
        )
        return standing.running, why

    # --- statuses
    # -----------------------------------------------------------------------------------------------------------

    def status(self, asset_key: keys.AssetKey, *, causes: bool = True) -> plan.AssetStatus:
        """Where an asset stands; told without its causes where nobody reads them."""
        found = self._found
        asset, columns = found.graph.assets[asset_key], found.columns(asset_key)
        standing = found.standings.get(asset.step) if asset.step is not None else None
        last = columns.last_made
        by_status: dict[plan.Status, PartitionSet] = {}
        why: list[plan.Cause] = []
        if standing is None:
            # of what is made here nothing is wanted, as of a pipeline that nothing schedules
            by_status["fresh"] = findings.universe(asset.partitions, found.now) if asset.step is None else EMPTY
        else:
            rest = standing.wanted
            for word, ordinals in _words(standing, standing.own[asset_key]):
                by_status[word] = rest & ordinals
                rest -= ordinals
            by_status["fresh"] = rest
            why += self._why(standing, asset_key) if causes else ()
        outlook = freshness.outlook_of(asset, columns, found.now)
        return plan.AssetStatus(
            asset=asset_key,
            partitioned=asset.partitions is not None,
            late=outlook.late,
            freshness=outlook.state,
            deadline=outlook.deadline,
            by_status={word: ordinals for word, ordinals in by_status.items() if ordinals},
            causes=tuple(why),
            orphaned=tuple(columns.orphaned),
            last_success=_moment(last) if last else None,
        )

    def _why(self, standing: standings.Standing, asset: keys.AssetKey) -> Iterable[plan.Cause]:
        for group in self.groups(standing, standing.due):
            yield from group.causes
        for _, more in (
            self.blocked(standing), self.rejected(standing, asset), self.undecided(standing),
            self.running(standing, asset),
        ):  # fmt: skip
            yield from more


_DETAILS = {"data_changed": "changed", "dependency_changed": "is read for the first time, made"}


def _reasons(standing: standings.Standing) -> Iterable[tuple[plan.CauseKind, str, PartitionSet]]:
    """The sets of a standing that make something due, most telling first."""
    first = standing.outputs[0]
    yield "forced", first, standing.forced
    yield "failed", first, standing.failed
    for asset, own in standing.own.items():
        yield "missing", asset, own.missing
    yield "code_changed", first, standing.code | standing.undecided
    for asset, ordinals in standing.by_input("added").items():
        yield "dependency_changed", asset, ordinals
    for asset, ordinals in standing.by_input("data").items():
        yield "data_changed", asset, ordinals
    yield "overdue", first, standing.overdue
    for asset, ordinals in standing.upstream.items():
        # what has no data needs no further reason, unless it waits for one
        yield "upstream", asset, ordinals - (standing.missing - standing.conditional)


def _words(standing: standings.Standing, own: standings.Own) -> Iterable[tuple[plan.Status, PartitionSet]]:
    """Sets of one output by the one word for them, in order of precedence.

    What is in an earlier one is not in a later one.
    """
    above = standings.union(standing.upstream.values()) - standing.late - own.accepted
    yield "running", standing.running
    yield "failed", own.failed | own.rejected
    yield "blocked", standing.blocked
    yield "missing", own.missing
    yield "stale", own.stale | own.undecided | above
    yield "overdue", standing.late


def _status(standing: standings.Standing, part: PartitionSet) -> plan.Status:
    """The worst word of any output for these partitions."""
    found: plan.Status = "fresh"
    for own in standing.own.values():
        for word, ordinals in _words(standing, own):
            if word not in ("running", "blocked") and not part.isdisjoint(ordinals):
                found = min(found, word, key=plan.STATUSES.index)
                break
    return found


def _sample(ordinals: PartitionSet) -> Iterable[int]:
    for count, ordinal in enumerate(ordinals):
        if count == _SAMPLE:
            return
        yield ordinal


def _of_many(ordinals: Sequence[int] | PartitionSet) -> str:
    count = len(ordinals)
    return f" ({count:,} partitions)" if count > 1 else ""


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def _lateness(policy: policies.FreshnessPolicy | None) -> str:
    if policy is not None and policy.cron:
        return f"not made in time for {policy.cron}"
    return f"older than {_duration(policy.max_lag if policy is not None else 0.0)} allows"


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
