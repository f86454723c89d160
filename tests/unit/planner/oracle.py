"""What a plan must be, by definition: a brute-force judge that shares no code with the planner.

It reads the raw log, keeps one entry for each (asset, partition key), and asks of each partition in turn what the
words mean. It knows partitions and mappings by key and date, never by ordinal; what a version was made of are the data
versions themselves, not digests.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from weft.model import events

Key = str | None
Content = tuple[str | None, ...]
"""The data versions of a run of partitions, None for one without data; those without data at either end are left
out."""

DAY = timedelta(days=1)
FAILURES = ("failed", "timed_out", "crashed")


# --- what should exist ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """Partitions in plain words: none, static, daily, monthly or dynamic."""

    kind: str = "none"
    keys: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    removed: frozenset[str] = frozenset()

    def universe(self, now: datetime) -> list[Key]:
        """The keys that exist at `now`, in order."""
        if self.kind == "none":
            return [None]
        if self.kind in ("static", "dynamic"):
            return [key for key in self.keys if key not in self.removed]
        assert self.start is not None
        found: list[Key] = []
        day = self.start
        while True:
            after = day + DAY if self.kind == "daily" else next_month(day)
            if datetime.combine(after, datetime.min.time(), now.tzinfo) > now or (self.end and after > self.end):
                return found
            found.append(day.isoformat() if self.kind == "daily" else day.isoformat()[:7])
            day = after


def next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def shift_month(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A dependency: the asset that is read, and how its partitions are found."""

    asset: str
    how: str = "identity"
    start: int = 0
    end: int = 0
    table: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, key: Key, down: Scheme, up: Scheme, now: datetime) -> list[Key]:
        """The partitions of the asset that the partition `key` is made from, in order."""
        existing = up.universe(now)
        if self.how == "identity":
            named: Iterable[Key] = [key]
        elif self.how == "all":
            named = existing
        elif self.how == "last":
            named = existing[-1:]
        elif self.how == "specific":
            named = self.table["*"]
        elif self.how == "static":
            named = self.table.get(key or "", ())
        else:
            assert self.how == "window"
            named = self._overlapping(key or "", down, up)
        wanted = set(named)
        return [each for each in existing if each in wanted]

    def _overlapping(self, key: str, down: Scheme, up: Scheme) -> list[Key]:
        first = date.fromisoformat(key if down.kind == "daily" else key + "-01")
        last = first if down.kind == "daily" else next_month(first) - DAY
        found: list[Key] = []
        if up.kind == "daily":
            day, stop = first + self.start * DAY, last + self.end * DAY
            while day <= stop:
                found.append(day.isoformat())
                day += DAY
        else:
            month, final = shift_month(first, self.start), shift_month(last, self.end)
            while month <= final:
                found.append(month.isoformat()[:7])
                month = next_month(month)
        return found


@dataclass(frozen=True, kw_only=True)
class Maker:
    """A step."""

    outputs: tuple[str, ...]
    readings: tuple[Reading, ...] = ()
    scheme: Scheme = Scheme()
    code: str = "c0"
    subsettable: bool = False


@dataclass(frozen=True, kw_only=True)
class Desired:
    """The graph in plain words; steps in an order in which each comes after what it reads."""

    makers: Mapping[str, Maker]
    externals: Mapping[str, Scheme] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    lags: Mapping[str, float] = field(default_factory=dict)

    def maker_of(self, asset: str) -> str | None:
        return next((name for name, maker in self.makers.items() if asset in maker.outputs), None)

    def scheme(self, asset: str) -> Scheme:
        name = self.maker_of(asset)
        return self.externals[asset] if name is None else self.makers[name].scheme


# --- what happened -------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Entry:
    """What is known of one partition."""

    version: int = 0
    data: str | None = None
    first: str | None = None
    code: str = ""
    inputs: Mapping[str, Content] = field(default_factory=dict)
    failed: bool = False
    rejected: tuple[str, Mapping[str, Content]] | None = None
    accepted: tuple[object, object] | None = None
    confirmed: int = 0


@dataclass(kw_only=True)
class Verdict:
    """What the oracle says of one step and partition. `reasons` are pairs of a kind and what it is about."""

    outputs: tuple[str, ...]
    own: dict[str, set[tuple[str, str]]]
    reasons: set[tuple[str, str]] = field(default_factory=set)
    rejected: bool = False
    was_rejected: bool = False
    blocked: bool = False
    undecided: bool = False
    due: bool = False
    late: bool = False
    late_for: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    settled: bool = False
    is_source: bool = False

    @property
    def held(self) -> bool:
        return self.rejected or self.blocked

    @property
    def always(self) -> bool:
        kinds = ("missing", "failed", "code", "added", *(["overdue"] if self.is_source else []))
        found = {kind for kind, _ in self.reasons}
        if "data" in found and "upstream" not in found and not self.was_rejected:
            return True  # nothing above runs: it differs, and it will
        return any(kind in kinds for kind in found)

    @property
    def fresh(self) -> bool:
        return not (self.due or self.held or self.undecided)


class Oracle:
    """Keeps the entries; `desired` and `now` are what held when the next event happened, and are set from outside."""

    def __init__(self, desired: Desired, now: datetime) -> None:
        self.desired = desired
        self.now = now
        self.entries: dict[tuple[str, Key], Entry] = {}
        self.versions: dict[int, dict[tuple[str, Key], tuple[str, str, Mapping[str, Content]]]] = {}

    def entry(self, asset: str, key: Key) -> Entry:
        return self.entries.get((asset, key)) or Entry()

    def content(self, reading: Reading, key: Key, scheme: Scheme) -> Content:
        """The data versions that a partition of a step would read of an asset."""
        keys = reading.keys(key, scheme, self.desired.scheme(reading.asset), self.now)
        found = [self.entry(reading.asset, each).data for each in keys]
        while found and found[-1] is None:
            found.pop()
        while found and found[0] is None:
            found.pop(0)
        return tuple(found)

    def inputs(self, step: str, key: Key) -> dict[str, Content]:
        """The data versions that a partition of a step would read, by asset."""
        maker = self.desired.makers[step]
        return {reading.asset: self.content(reading, key, maker.scheme) for reading in maker.readings}

    # --- the log ---------------------------------------------------------------------------------------------------

    def happened(self, position: int, at: datetime, event: events.Event) -> None:
        """Take an event in. What a step read is looked up here and now, not taken from the event."""
        match event:
            case events.StepSucceeded():
                inputs = self.inputs(event.step, event.partition)
                for output in event.outputs:
                    self._publish(position, at, event.partition, output, inputs)
            case events.Materialized():
                self._publish(position, at, event.partition, event.output, {})
            case events.AttemptFailed():
                inputs = self.inputs(event.step, event.partition)
                for asset in event.assets:
                    self._entry(asset, event.partition).failed = event.retry_at is None
                for output in event.outputs:
                    self._remember(position, event.partition, output, inputs)
                    self._entry(output.asset, event.partition).rejected = (output.code, inputs)
            case events.StepsFinished():
                for asset in event.assets:
                    for key in event.partitions:
                        entry = self._entry(asset, key)
                        entry.failed = event.outcome in FAILURES
                        if event.outcome == "reused":
                            entry.confirmed = micro(at)
            case events.Observed():
                entry = self._entry(event.asset, event.partition)
                entry.data, entry.version = event.data_version, position
                entry.first = entry.first or event.data_version
            case events.ChecksEvaluated():
                entry = self._entry(event.asset, event.partition)
                made = self.versions.get(event.version_id, {}).get((event.asset, event.partition))
                entry.rejected = (event.code, made[2] if made else {}) if event.rejected else None
            case events.VersionPointed():
                self._point(at, event)
            case events.Accepted():
                entry = self._entry(event.asset, event.partition)
                entry.failed, entry.rejected = False, None
                entry.accepted = self._standing_causes(event.asset, event.partition) if event.signature else None
            case _:
                pass

    def _entry(self, asset: str, key: Key) -> Entry:
        return self.entries.setdefault((asset, key), Entry())

    def _remember(self, position: int, key: Key, output: events.Materialization, inputs: Mapping[str, Content]) -> None:
        made = (output.value.data_version, output.code, inputs)
        self.versions.setdefault(position, {})[output.asset, key] = made

    def _publish(
        self, position: int, at: datetime, key: Key, output: events.Materialization, inputs: Mapping[str, Content]
    ) -> None:
        self._remember(position, key, output, inputs)
        self.entries[output.asset, key] = Entry(
            version=position, data=output.value.data_version, code=output.code, inputs=inputs, confirmed=micro(at)
        )

    def _point(self, at: datetime, event: events.VersionPointed) -> None:
        data, code, inputs = self.versions[event.to][event.asset, event.partition]
        entry = Entry(version=event.to, data=data, code=code, inputs=inputs, confirmed=micro(at))
        self.entries[event.asset, event.partition] = entry
        entry.accepted = self._standing_causes(event.asset, event.partition) if event.signature else None

    def _standing_causes(self, asset: str, key: Key) -> tuple[object, object]:
        step = self.desired.maker_of(asset)
        assert step is not None
        verdicts = self._judge_all({asset: self.desired.scheme(asset).universe(self.now)})
        return self._own_causes(step, asset, key), self._causes_above(verdicts, step, key)

    def _own_causes(self, step: str, asset: str, key: Key) -> object:
        """What acceptance of an asset's own state binds to: its version, the code of today, and what is read."""
        return self.entry(asset, key).version, self.desired.makers[step].code, self.inputs(step, key)

    def _causes_above(self, verdicts: Mapping[tuple[str, Key], Verdict], step: str, key: Key) -> object:
        """What acceptance of something due above binds to: the causes of that, all the way up; and being late."""
        above = {}
        for asset, name, each in self._made_from(step, key):
            verdict = verdicts.get((name, each))
            if verdict is not None and (verdict.due or verdict.held):
                own = self._own_causes(name, asset, each)
                above[asset, each] = (own, self._causes_above(verdicts, name, each))
        verdict = verdicts.get((step, key))
        return above, set(verdict.late_for) if verdict else set()

    # --- what is to be done ----------------------------------------------------------------------------------------

    def _made_from(self, step: str, key: Key) -> list[tuple[str, str, Key]]:
        """The asset, step and partition of all that a step and partition is made from, directly."""
        maker = self.desired.makers[step]
        found = []
        for reading in maker.readings:
            name = self.desired.maker_of(reading.asset)
            if name is not None:
                keys = reading.keys(key, maker.scheme, self.desired.scheme(reading.asset), self.now)
                found += [(reading.asset, name, each) for each in keys]
        return found

    def scope(
        self, wanted: Mapping[str, Sequence[Key]], fine: Container[tuple[str, Key]], *, exact: bool
    ) -> tuple[dict[str, set[str]], set[tuple[str, Key]]]:
        """The outputs by step, and the step and partitions, that are wanted and, unless `exact`, all that these are
        made from.

        Where all outputs that are wanted are `fine` as they are, nothing above is asked for.
        """
        outputs: dict[str, set[str]] = {}
        members: dict[str, set[Key]] = {}

        def want(asset: str, keys: Iterable[Key]) -> None:
            step = self.desired.maker_of(asset)
            if step is not None and (found := set(keys)):
                maker = self.desired.makers[step]
                outputs.setdefault(step, set()).update([asset] if maker.subsettable else maker.outputs)
                members.setdefault(step, set()).update(found)

        for asset, keys in wanted.items():
            want(asset, keys)
        for step, maker in reversed(self.desired.makers.items()):
            for key in () if exact else members.get(step, ()):
                if not all((asset, key) in fine for asset in outputs[step]):
                    for reading in maker.readings:
                        want(
                            reading.asset, reading.keys(key, maker.scheme, self.desired.scheme(reading.asset), self.now)
                        )
        return outputs, {(step, key) for step, keys in members.items() for key in keys}

    def judge(
        self, wanted: Mapping[str, Sequence[Key]], *, exact: bool = False, rebuild: bool = False, status: bool = False
    ) -> dict[tuple[str, Key], Verdict]:
        """Judge each step and partition that concerns `wanted`, what is read before what reads it.

        What is accepted, with what is due above it, is fresh (`status`); in a plan it asks for nothing and follows
        what runs anyway.
        """
        verdicts = self._judge_all(wanted, exact=exact, rebuild=rebuild)
        fine = {(asset, key) for (_, key), each in verdicts.items() for asset in each.accepted}
        if fine and not exact and not status:
            return self._judge_all(wanted, fine, rebuild=rebuild, first=False)
        return verdicts

    def _judge_all(
        self,
        wanted: Mapping[str, Sequence[Key]],
        fine: Container[tuple[str, Key]] = (),
        *,
        exact: bool = False,
        rebuild: bool = False,
        first: bool = True,
    ) -> dict[tuple[str, Key], Verdict]:
        outputs, members = self.scope(wanted, fine, exact=exact)
        late = {} if exact else self._late(outputs, members, fine)
        verdicts: dict[tuple[str, Key], Verdict] = {}
        for step, maker in self.desired.makers.items():
            made = tuple(each for each in maker.outputs if each in outputs.get(step, ()))
            for key in maker.scheme.universe(self.now):
                if (step, key) in members:
                    verdict = Verdict(outputs=made, own={}, late_for=late.get((step, key), set()))
                    verdict.is_source = all(self.desired.maker_of(each.asset) is None for each in maker.readings)
                    verdicts[step, key] = verdict
                    verdict.settled = all((asset, key) in fine for asset in made)
                    self._judge(verdicts, step, key, verdict, rebuild=rebuild, first=first)
        return verdicts

    def _judge(
        self,
        verdicts: Mapping[tuple[str, Key], Verdict],
        step: str,
        key: Key,
        verdict: Verdict,
        *,
        rebuild: bool,
        first: bool,
    ) -> None:
        above = {(name, each): verdicts.get((name, each)) for _, name, each in self._made_from(step, key)}
        accepted = [self._accept(verdicts, step, key, asset, verdict, rebuild=rebuild) for asset in verdict.outputs]
        verdict.settled = verdict.settled or (first and all(each == "all" for each in accepted))
        verdict.reasons |= {("overdue", subject) for subject in verdict.late_for}
        verdict.reasons |= {("upstream", name) for (name, _), each in above.items() if each is not None and each.due}
        if verdict.settled:
            verdict.reasons = {each for each in verdict.reasons if each[0] == "upstream" and not first}
        for own in verdict.own.values():
            verdict.reasons |= own
        verdict.undecided = ("undecided", step) in verdict.reasons
        verdict.reasons.discard(("undecided", step))
        verdict.blocked = any(each is not None and each.held for each in above.values())
        if any(self._rejected_as_it_stands(step, key, asset) for asset in verdict.outputs):
            # the same code would make the same of the same inputs; only if one of these may change is there anything
            # to try
            verdict.was_rejected = True
            verdict.undecided = False
            verdict.reasons = {each for each in verdict.reasons if each[0] == "upstream"}
            verdict.rejected = not verdict.reasons
        verdict.due = bool(verdict.reasons) and not verdict.held
        verdict.undecided = verdict.undecided and not verdict.due and not verdict.held
        kinds = {kind for kind, _ in verdict.reasons}
        firm = any(each is not None and each.due and not each.late for each in above.values()) and "upstream" in kinds
        verdict.late = verdict.due and kinds <= {"overdue", "upstream"} and not firm

    def _accept(
        self,
        verdicts: Mapping[tuple[str, Key], Verdict],
        step: str,
        key: Key,
        asset: str,
        verdict: Verdict,
        *,
        rebuild: bool,
    ) -> str:
        """Note the reasons of one output of its own, without those that are accepted; tells how much is: "", "own"
        or "all"."""
        reasons = self._own_reasons(step, key, asset, rebuild=rebuild)
        held = any(self._rejected_as_it_stands(step, key, each) for each in verdict.outputs)
        entry, how = self.entry(asset, key), ""
        if entry.accepted is not None and entry.data is not None:
            own, above = entry.accepted
            if own == self._own_causes(step, asset, key):
                reasons = {each for each in reasons if each[0] == "failed"}
                how = "all" if above == self._causes_above(verdicts, step, key) and (held or not reasons) else "own"
        verdict.own[asset] = reasons
        if how == "all":
            verdict.accepted.add(asset)
        return how

    def _own_reasons(self, step: str, key: Key, asset: str, *, rebuild: bool) -> set[tuple[str, str]]:
        maker, entry = self.desired.makers[step], self.entry(asset, key)
        reasons = set()
        if entry.failed:
            reasons.add(("failed", asset))
        if entry.data is None:
            return {*reasons, ("missing", asset)}
        if entry.code and entry.code != maker.code:
            policy = self.desired.policies.get(asset, "stale")
            if policy == "stale" or (policy == "ask" and rebuild):
                reasons.add(("code", step))
            elif policy == "ask":
                reasons.add(("undecided", step))
        for reading in maker.readings:
            now, before = self.content(reading, key, maker.scheme), entry.inputs.get(reading.asset, ())
            if now == before:
                continue
            if before:
                reasons.add(("data", reading.asset))
            elif self._is_news(reading, key, maker.scheme, entry):
                external = self.desired.maker_of(reading.asset) is None
                reasons.add(("data" if external else "added", reading.asset))
        return reasons

    def _is_news(self, reading: Reading, key: Key, scheme: Scheme, entry: Entry) -> bool:
        """Whether something that was not read before counts: not if it was merely not observed, or who reported it
        didn't say."""
        if self.desired.maker_of(reading.asset) is not None:
            return entry.code != ""
        keys = reading.keys(key, scheme, self.desired.scheme(reading.asset), self.now)
        seen = [self.entry(reading.asset, each) for each in keys]
        return any(each.data != each.first for each in seen)

    def _rejected_as_it_stands(self, step: str, key: Key, asset: str) -> bool:
        rejected = self.entry(asset, key).rejected
        if rejected is None or rejected[0] not in ("", self.desired.makers[step].code):
            return False
        return all(rejected[1].get(name, ()) == content for name, content in self.inputs(step, key).items())

    def _late(
        self, outputs: Mapping[str, set[str]], members: set[tuple[str, Key]], fine: Container[tuple[str, Key]]
    ) -> dict[tuple[str, Key], set[str]]:
        """What is to be made again because something is later than it may be: its sources, or itself where these
        have partitions."""
        found: dict[tuple[str, Key], set[str]] = {}
        for step in outputs:
            for asset in outputs[step]:
                confirmed, lag = self.entry(asset, None).confirmed, self.desired.lags.get(asset)
                if lag is None or not confirmed or micro(self.now) - confirmed <= lag * 1e6:
                    continue
                if (step, None) in members and (asset, None) not in fine:
                    for source in self._sources(step) or [(step, None)]:
                        found.setdefault(source, set()).add(asset)
        return found

    def _sources(self, step: str) -> set[tuple[str, Key]]:
        """The steps without partitions, above or itself, that read nothing that a step makes."""
        sources, waiting, seen = set(), [(step, None)], set()
        while waiting:
            each: tuple[str, Key] = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            maker = self.desired.makers[each[0]]
            if all(self.desired.maker_of(reading.asset) is None for reading in maker.readings) and each[1] is None:
                sources.add(each)
            waiting += [(name, key) for _, name, key in self._made_from(*each)]
        return sources

    # --- what would happen -----------------------------------------------------------------------------------------

    def would_run(
        self, step: str, key: Key, outputs: Iterable[str], standing: Mapping[str, Content] | None = None
    ) -> str:
        """What becomes of a conditional line when its turn comes: "run", "same" as it is, or "rejected" as before.

        A change is measured by what stood when the run began (`standing`), else by what was recorded.
        """
        inputs = self.inputs(step, key)
        if any(self._rejected_as_it_stands(step, key, asset) for asset in outputs):
            return "rejected"
        for asset in outputs:
            before = self.entry(asset, key).inputs if standing is None else standing
            if self.entry(asset, key).data is None or any(before.get(name, ()) != inputs[name] for name in inputs):
                return "run"
        return "same"

    def word(self, verdict: Verdict, asset: str, key: Key, *, running: bool = False) -> str:
        """The one word for a partition of an asset, by the stated precedence."""
        step = self.desired.maker_of(asset)
        assert step is not None
        own = {kind for kind, _ in verdict.own[asset]}
        above = "upstream" in {kind for kind, _ in verdict.reasons} and asset not in verdict.accepted
        pulled = above and verdict.due and not verdict.late
        undecided = "undecided" in own and not verdict.held
        for word, holds in (
            ("running", running),
            ("failed", "failed" in own or self._rejected_as_it_stands(step, key, asset)),
            ("blocked", verdict.blocked),
            ("missing", "missing" in own),
            ("stale", pulled or undecided or not own.isdisjoint({"code", "data", "added"})),
            ("overdue", verdict.late),
        ):
            if holds:
                return word
        return "fresh"


def micro(moment: datetime) -> int:
    """Microseconds since the epoch."""
    return int(moment.timestamp() * 1_000_000)
