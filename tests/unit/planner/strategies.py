"""Random graphs and histories, drawn from a string of bytes, so that a case costs little and shrinks towards few
and small choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TypeVar

from hypothesis import strategies as st

from tests.unit.planner import oracle, world
from weft.model import plan

_Choice = TypeVar("_Choice")

MOMENTS = (
    datetime(2024, 1, 31, 12, tzinfo=UTC),
    datetime(2024, 2, 1, 12, tzinfo=UTC),
    datetime(2024, 2, 2, 12, tzinfo=UTC),
    datetime(2024, 2, 3, 12, tzinfo=UTC),
    datetime(2024, 3, 1, 12, tzinfo=UTC),
)
NONE = oracle.Scheme()
STATIC = oracle.Scheme(kind="static", keys=("a", "b", "c"))
DAILY = oracle.Scheme(kind="daily", start=date(2024, 1, 29), end=date(2024, 2, 4))
LATER = oracle.Scheme(kind="daily", start=date(2024, 1, 30), end=date(2024, 2, 3))
MONTHLY = oracle.Scheme(kind="monthly", start=date(2023, 12, 1))
DYNAMIC = oracle.Scheme(kind="dynamic", keys=("k0",))
SCHEMES = (NONE, NONE, NONE, STATIC, DAILY, DAILY, LATER, MONTHLY, DYNAMIC)
TIMED = ("daily", "monthly")


class Dice:
    """Choices read off bytes; when these are used up, always the first choice."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def below(self, bound: int) -> int:
        if self._place >= len(self._content):
            return 0
        found = self._content[self._place]
        self._place += 1
        return found % bound

    def one(self, choices: Sequence[_Choice]) -> _Choice:
        return choices[self.below(len(choices))]

    def chance(self, of_256: int) -> bool:
        """True with this chance; False when the bytes are used up."""
        return self.below(256) >= 256 - of_256

    def some(self, choices: Sequence[_Choice]) -> list[_Choice]:
        return [each for each in choices if self.chance(128)]

    @property
    def used_up(self) -> bool:
        return self._place >= len(self._content)


def draw_reading(dice: Dice, asset: str, down: oracle.Scheme, up: oracle.Scheme) -> oracle.Reading:
    """One of the mappings that relate two schemes."""
    ways = [oracle.Reading(asset=asset, how="all")]
    if down.kind == up.kind and (down.kind != "daily" or down == up):
        ways[:0] = [oracle.Reading(asset=asset)] * 4
    elif down.kind == up.kind:
        ways[:0] = [oracle.Reading(asset=asset)] * 2
    if down.kind in TIMED and up.kind in TIMED:
        start = dice.one((0, -1, -2, 1))
        end = dice.one((0, start))
        ways[:0] = [oracle.Reading(asset=asset, how="window", start=start, end=max(start, end))] * 4
    if up.kind != "none":
        ways.append(oracle.Reading(asset=asset, how="last"))
    if up.kind == "static":
        ways.append(oracle.Reading(asset=asset, how="specific", table={"*": ("b",)}))
        if down.kind == "static":
            ways.append(oracle.Reading(asset=asset, how="static", table={"a": ("b", "c"), "b": ("a",)}))
    return dice.one(ways)


def draw_desired(dice: Dice, most: int = 8) -> oracle.Desired:
    """A graph."""
    externals = {f"x{number}": dice.one(SCHEMES) for number in range(dice.below(3))}
    schemes = dict(externals)
    makers: dict[str, oracle.Maker] = {}
    policies: dict[str, str] = {}
    lags: dict[str, float] = {}
    count = 1 + min(dice.below(most), dice.below(most) + 1)
    common = dice.one(SCHEMES)
    for number in range(count):
        several = dice.chance(40)
        name = f"s{number}"
        outputs = (f"{name}a", f"{name}b") if several else (name,)
        scheme = common if dice.chance(110) else dice.one(SCHEMES)
        above = list(schemes)
        readings = {}
        for _ in range(dice.below(3) if number else dice.below(2)):
            if above:
                asset = above[-1 - dice.below(min(4, len(above)))]
                readings[asset] = draw_reading(dice, asset, scheme, schemes[asset])
        makers[name] = oracle.Maker(
            outputs=outputs,
            readings=tuple(readings.values()),
            scheme=scheme,
            subsettable=several and dice.chance(100),
        )
        for asset in outputs:
            schemes[asset] = scheme
            if dice.chance(50):
                policies[asset] = dice.one(("forward_only", "ask"))
            if scheme.kind == "none" and dice.chance(40):
                lags[asset] = 100_000.0
    return oracle.Desired(makers=makers, externals=externals, policies=policies, lags=lags)


@dataclass
class Player:
    """Plays a history."""

    dice: Dice
    world: world.World

    def partition(self) -> tuple[str, oracle.Key] | None:
        """One step and partition that exists."""
        step = self.dice.one(list(self.world.desired.makers))
        universe = self.world.desired.makers[step].scheme.universe(self.world.now)
        return (step, self.dice.one(universe)) if universe else None

    def versions(self, assets: Sequence[str]) -> dict[str, str]:
        return {asset: f"d{self.dice.below(3)}" for asset in assets}

    def build(self) -> None:
        """Make all there is, in order, with a few gaps."""
        gaps = self.dice.one((0, 0, 20))
        for step, maker in self.world.desired.makers.items():
            for key in maker.scheme.universe(self.world.now):
                if not self.dice.chance(gaps):
                    self.world.succeed(step, key, self.versions(maker.outputs))

    def step(self) -> None:
        """Let one thing happen."""
        self.dice.one(
            (
                self.make, self.make, self.make, self.fail, self.fail, self.reject, self.reject, self.change_code,
                self.change_code, self.observe, self.observe, self.wait, self.point, self.accept, self.accept,
                self.change_readings, self.reuse, self.check, self.report, self.change_keys, self.build,
            )
        )()  # fmt: skip

    def make(self) -> None:
        if found := self.partition():
            self.world.succeed(*found, self.versions(self.world.desired.makers[found[0]].outputs))

    def fail(self) -> None:
        if found := self.partition():
            self.world.fail(*found)

    def reject(self) -> None:
        if found := self.partition():
            outputs = self.world.desired.makers[found[0]].outputs
            chosen = outputs[: 1 + self.dice.below(len(outputs))]
            self.world.fail(*found, rejected=self.versions(chosen))

    def change_code(self) -> None:
        step = self.dice.one(list(self.world.desired.makers))
        self.world.set_code(step, self.dice.one(("c1", "c0", "c2")))

    def observe(self) -> None:
        if self.world.desired.externals:
            asset = self.dice.one(list(self.world.desired.externals))
            for key in self.world.desired.externals[asset].universe(self.world.now):
                if self.dice.chance(150):
                    self.world.observe(asset, key, f"d{self.dice.below(3)}")

    def wait(self) -> None:
        later = [each for each in MOMENTS if each > self.world.now]
        if later:
            self.world.advance(later[min(self.dice.below(3), len(later) - 1)])

    def point(self) -> None:
        made = [
            (asset, key, version)
            for version, outputs in self.world.oracle.versions.items()
            for asset, key in outputs
            if key in self.world.desired.scheme(asset).universe(self.world.now)
        ]
        if made:
            asset, key, version = self.dice.one(made)
            self.world.point(asset, key, version, accept=self.dice.chance(160))

    def accept(self) -> None:
        if found := self.partition():
            outputs = self.world.desired.makers[found[0]].outputs
            for asset in outputs[: 1 + self.dice.below(len(outputs))]:
                if self.world.oracle.entry(asset, found[1]).version:
                    self.world.accept(asset, found[1])

    def change_readings(self) -> None:
        """Read one asset more, or one less."""
        makers = self.world.desired.makers
        step = self.dice.one(list(makers))
        place, maker = list(makers).index(step), makers[step]
        if maker.readings and self.dice.chance(128):
            readings = maker.readings[1:]
        else:
            earlier = [asset for each in list(makers.values())[:place] for asset in each.outputs]
            known = {reading.asset for reading in maker.readings}
            others = [asset for asset in (*self.world.desired.externals, *earlier) if asset not in known]
            if not others:
                return
            asset = self.dice.one(others)
            added = draw_reading(self.dice, asset, maker.scheme, self.world.desired.scheme(asset))
            readings = (*maker.readings, added)
        changed = {**makers, step: replace(maker, readings=readings)}
        self.world.redefine(replace(self.world.desired, makers=changed), f"{step} reads {readings}")

    def reuse(self) -> None:
        if found := self.partition():
            outputs = self.world.desired.makers[found[0]].outputs
            if self.world.oracle.would_run(*found, outputs) == "same":
                self.world.reuse(found[0], [found[1]], outputs)

    def check(self) -> None:
        if found := self.partition():
            for asset in self.world.desired.makers[found[0]].outputs[:1]:
                if self.world.oracle.entry(asset, found[1]).version:
                    self.world.check(asset, found[1], passed=self.dice.chance(80))

    def report(self) -> None:
        if found := self.partition():
            self.world.report(self.world.desired.makers[found[0]].outputs[0], found[1], f"d{self.dice.below(3)}")

    def change_keys(self) -> None:
        schemes = [each.scheme for each in self.world.desired.makers.values()]
        schemes += self.world.desired.externals.values()
        dynamic = next((each for each in schemes if each.kind == "dynamic"), None)
        if dynamic is None:
            return
        if self.dice.chance(150) and len(dynamic.keys) < 5:
            changed = replace(dynamic, keys=(*dynamic.keys, f"k{len(dynamic.keys)}"))
        else:
            changed = replace(dynamic, removed=dynamic.removed ^ {self.dice.one(dynamic.keys)})
        self.world.set_scheme("dynamic", changed)


def play(content: bytes, *, most: int = 8) -> tuple[world.World, Dice]:
    """A world with a history."""
    dice = Dice(content)
    desired = draw_desired(dice, most)
    player = Player(dice, world.World(desired, MOMENTS[dice.below(4)]))
    if not dice.chance(30):
        player.build()
    for _ in range(dice.below(16)):
        if dice.used_up:
            break
        player.step()
    return player.world, dice


def draw_request(dice: Dice, played: world.World) -> tuple[plan.Request, dict[str, list[oracle.Key]]]:
    """A request, and the partitions by asset that it is about."""
    desired = played.desired
    assets = [asset for maker in desired.makers.values() for asset in maker.outputs]
    if dice.chance(100):
        assets = dice.some(assets) or assets[-1:]
    wanted: dict[str, list[oracle.Key]] = {asset: desired.scheme(asset).universe(played.now) for asset in assets}
    text = None
    if dice.chance(60):
        keys = sorted({key for each in wanted.values() for key in each if key is not None})
        if keys:
            key = dice.one(keys)
            text = key
            wanted = {asset: [key] for asset, each in wanted.items() if key in each}
    options = dice.below(12)
    request = plan.Request(
        assets=tuple(assets),
        partitions=text,
        exact=options == 11,
        only_failed=options == 10,
        rebuild_undecided=options in (8, 9),
    )
    return request, wanted


CONTENTS = st.binary(min_size=60, max_size=400)
