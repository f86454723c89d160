"""The short notation of scenario files: how a graph, a history and a plan are written down.

graph       `name = { from = ["raw", "raw all", "raw window -1 -1"], partitions = "daily 2024-01-01", code = "c1" }`.
            More keys: `makes` (several outputs), `subsettable`, `policy`, `lag` (seconds), `external`. Partitions are
            `daily START [END]`, `monthly START`, `static a b`, `dynamic a b`. A mapping is one of `identity`, `all`,
            `last`, `window START END`, `specific KEY …`; left out, the usual one.
history     one line for each thing that happened, in order, such as `make raw 2024-01-01 = v1`; the words are keys of
            `_VERBS`. `*` is every partition that exists; versions may be a list for several outputs (`v1,v2`).
plan        `step[keys] status run_if: kind subject[partition] by RUN, …`; the partition where it is one alone, the run
            unless it is `r`; the root of a cause follows after `<-`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.unit.planner import oracle, world
from weft.model import plan
from weft.planner import planning


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One file, read and played: the world at its end, what is asked, and what is expected."""

    world: world.World
    request: plan.Request
    expected: Mapping[str, Any]


def read(path: Path) -> Scenario:
    """Read a scenario and play its history."""
    content = tomllib.loads(path.read_text())
    desired = _desired(content["graph"])
    played = world.World(desired, _moment(content.get("start", content["now"])))
    played.manifests = content.get("manifests", {})
    for line in content.get("history", ()):
        _play(played, line)
    if played.now != _moment(content["now"]):
        played.advance(_moment(content["now"]))
    asked = dict(content.get("request", {}))
    everything = [asset for maker in played.desired.makers.values() for asset in maker.outputs]
    request = plan.Request(assets=tuple(asked.pop("assets", everything)), **asked)
    return Scenario(world=played, request=request, expected=content["plan"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the graph -----------------------------------------------------------------------------------------------------


def _desired(graph: Mapping[str, Mapping[str, Any]]) -> oracle.Desired:
    desired = oracle.Desired(makers={}, externals={}, policies={}, lags={})
    for name, each in graph.items():
        scheme = _scheme(each.get("partitions", ""))
        if each.get("external"):
            desired = replace(desired, externals={**desired.externals, name: scheme})
            continue
        outputs = tuple(each.get("makes", [name]))
        maker = oracle.Maker(
            outputs=outputs,
            readings=tuple(_reading(desired, scheme, text) for text in each.get("from", ())),
            scheme=scheme,
            code=each.get("code", "c1"),
            subsettable=each.get("subsettable", False),
        )
        policies = {asset: each["policy"] for asset in outputs if "policy" in each}
        lags = {asset: float(each["lag"]) for asset in outputs if "lag" in each}
        desired = replace(
            desired,
            makers={**desired.makers, name: maker},
            policies={**desired.policies, **policies},
            lags={**desired.lags, **lags},
        )
    return desired


def _scheme(text: str) -> oracle.Scheme:
    match text.split():
        case []:
            return oracle.Scheme()
        case ["daily" | "monthly" as kind, start, *end]:
            return oracle.Scheme(
                kind=kind, start=date.fromisoformat(start), end=date.fromisoformat(end[0]) if end else None
            )
        case ["static" | "dynamic" as kind, *keys]:
            return oracle.Scheme(kind=kind, keys=tuple(keys))
    raise ValueError(f"no partitions: {text!r}")


def _reading(desired: oracle.Desired, down: oracle.Scheme, text: str) -> oracle.Reading:
    match text.split():
        case [asset]:
            up = desired.scheme(asset)
            timed = {"daily", "monthly"}
            usual = "identity" if up == down else "window" if {up.kind, down.kind} <= timed else "all"
            return oracle.Reading(asset=asset, how=usual)
        case [asset, "window", start, end]:
            return oracle.Reading(asset=asset, how="window", start=int(start), end=int(end))
        case [asset, "specific", *keys]:
            return oracle.Reading(asset=asset, how="specific", table={"*": tuple(keys)})
        case [asset, "identity" | "all" | "last" as how]:
            return oracle.Reading(asset=asset, how=how)
    raise ValueError(f"no dependency: {text!r}")


# --- the history ---------------------------------------------------------------------------------------------------


def _play(played: world.World, line: str) -> None:
    subject, _, value = line.partition(" = ")
    verb, *words = subject.split()
    _VERBS[verb](played, words, value.strip())


def _keys(played: world.World, asset: str, words: list[str]) -> list[oracle.Key]:
    universe = played.desired.scheme(asset).universe(played.now)
    if not words or words == ["*"]:
        return universe
    return [key for each in words for key in each.split(",")]


def _outputs(played: world.World, step: str, value: str) -> dict[str, str]:
    outputs = played.desired.makers[step].outputs
    versions = value.split(",")
    return dict(zip(outputs, versions * (len(outputs) if len(versions) == 1 else 1), strict=True))


def _first(played: world.World, step: str) -> str:
    return played.desired.makers[step].outputs[0]


def _make(played: world.World, words: list[str], value: str) -> None:
    """make STEP [KEYS] [by RUN] = VERSIONS."""
    run = "r"
    if "by" in words:
        words, run = words[: words.index("by")], words[-1]
    for key in _keys(played, _first(played, words[0]), words[1:]):
        played.succeed(words[0], key, _outputs(played, words[0], value), run)


def _fail(played: world.World, words: list[str], value: str) -> None:
    """fail STEP [KEYS] = MESSAGE."""
    for key in _keys(played, _first(played, words[0]), words[1:]):
        played.fail(words[0], key, message=value or "no")


def _reject(played: world.World, words: list[str], value: str) -> None:
    """reject STEP [KEYS] = VERSIONS: a blocking check failed; "-" for an output that was not rejected."""
    rejected = {asset: version for asset, version in _outputs(played, words[0], value).items() if version != "-"}
    for key in _keys(played, _first(played, words[0]), words[1:]):
        played.fail(words[0], key, rejected, message="check failed")


def _reuse(played: world.World, words: list[str], value: str) -> None:
    """reuse STEP [KEYS]."""
    played.reuse(words[0], _keys(played, _first(played, words[0]), words[1:]), played.desired.makers[words[0]].outputs)


def _observe(played: world.World, words: list[str], value: str) -> None:
    """observe EXTERNAL [KEYS] = VERSION."""
    for key in _keys(played, words[0], words[1:]):
        played.observe(words[0], key, value)


def _report(played: world.World, words: list[str], value: str) -> None:
    """report ASSET [KEYS] = VERSION: made by hand, by whatever code."""
    for key in _keys(played, words[0], words[1:]):
        played.report(words[0], key, value)


def _accept(played: world.World, words: list[str], value: str) -> None:
    """accept ASSET [KEYS]."""
    for key in _keys(played, words[0], words[1:]):
        played.accept(words[0], key)


def _rollback(played: world.World, words: list[str], value: str) -> None:
    """rollback ASSET [KEYS] = VERSION."""
    for key in _keys(played, words[0], words[1:]):
        made = played.oracle.versions.items()
        to = max(place for place, outputs in made if outputs.get((words[0], key), ("",))[0] == value)
        played.point(words[0], key, to, accept=True)


def _check(played: world.World, words: list[str], value: str) -> None:
    """check ASSET [KEYS] = passed|failed: checks ran on their own."""
    for key in _keys(played, words[0], words[1:]):
        played.check(words[0], key, passed=value == "passed")


def _reserve(played: world.World, words: list[str], value: str) -> None:
    """reserve ASSET [KEYS] = RUN: a live run is making it."""
    played.reserve(words[0], _keys(played, words[0], words[1:]), value)


def _code(played: world.World, words: list[str], value: str) -> None:
    """code STEP = DIGEST."""
    played.set_code(words[0], value)


def _reads(played: world.World, words: list[str], value: str) -> None:
    """reads STEP = DEPENDENCIES, separated by commas: it is redefined."""
    maker = played.desired.makers[words[0]]
    readings = tuple(_reading(played.desired, maker.scheme, each) for each in value.split(",") if each.strip())
    makers = {**played.desired.makers, words[0]: replace(maker, readings=readings)}
    played.redefine(replace(played.desired, makers=makers))


def _add(played: world.World, words: list[str], value: str) -> None:
    """add KEYS: to the dynamic partitions."""
    scheme = _dynamic(played)
    played.set_scheme("dynamic", replace(scheme, keys=(*scheme.keys, *words)))


def _remove(played: world.World, words: list[str], value: str) -> None:
    """remove KEYS: from the dynamic partitions."""
    scheme = _dynamic(played)
    played.set_scheme("dynamic", replace(scheme, removed=scheme.removed | set(words)))


def _dynamic(played: world.World) -> oracle.Scheme:
    return next(each.scheme for each in played.desired.makers.values() if each.scheme.kind == "dynamic")


def _at(played: world.World, words: list[str], value: str) -> None:
    """at MOMENT: time goes by."""
    played.advance(_moment(words[0]))


_VERBS: dict[str, Callable[[world.World, list[str], str], None]] = {
    "make": _make, "fail": _fail, "reject": _reject, "reuse": _reuse, "observe": _observe, "report": _report,
    "accept": _accept, "rollback": _rollback, "check": _check, "reserve": _reserve, "code": _code, "reads": _reads,
    "add": _add, "remove": _remove, "at": _at,
}  # fmt: skip


# --- the plan ------------------------------------------------------------------------------------------------------


def written(scenario: Scenario) -> dict[str, Any]:
    """The plan that the planner makes, in the notation; what is empty is left out."""
    played = scenario.world
    made = played.make_plan(scenario.request)
    found: dict[str, Any] = {
        "steps": [
            f"{line.step}{_of(played.keys(line.outputs[0], line.ordinals))} {line.status} {line.run_if}: "
            + _causes(line.causes)
            for line in made.steps
        ]
    }
    for name, held in (
        ("blocked", made.blocked), ("rejected", made.rejected), ("undecided", made.undecided), ("running", made.running)
    ):  # fmt: skip
        found[name] = [
            f"{each.asset}{_of(played.keys(each.asset, each.ordinals))}: {_causes(each.causes)}" for each in held
        ]
    found["fresh"] = made.fresh
    if "status" in scenario.expected:
        found["status"] = _statuses(played, scenario.expected["status"])
    return {key: value for key, value in found.items() if value or key in ("steps", "fresh")}


def _of(keys: Iterable[oracle.Key]) -> str:
    named = [key for key in keys if key is not None]
    return f"[{' '.join(named)}]" if named else ""


def _causes(causes: Iterable[plan.Cause]) -> str:
    return ", ".join(_cause(each) for each in causes)


def _cause(cause: plan.Cause) -> str:
    where = f"[{cause.partition}]" if cause.partition is not None else ""
    by = f" by {cause.run}" if cause.run not in (None, "r") else ""
    root = f" <- {_cause(cause.root)}" if cause.root is not None else ""
    return f"{cause.kind} {cause.subject}{where}{by}{root}"


def _statuses(played: world.World, assets: Iterable[str]) -> dict[str, str]:
    found = planning.status(played.graph, played.observed(), played.now, list(assets))
    return {
        asset: ", ".join(f"{word}{_of(played.keys(asset, each))}" for word, each in status.by_status.items())
        for asset, status in found.items()
    }
