"""From the checks that users define to the graph's checks and their bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weft.define import assets, bodies, checks, describing, parameters, signatures, specs
from weft.model import graph, keys


def build_checks(
    given: Iterable[checks.CheckDefinition],
    known: Mapping[keys.AssetKey, graph.Asset],
    scope: parameters.Scope,
) -> dict[keys.AssetKey, list[bodies.CheckBody]]:
    """Return the checks of each asset that has some; what is wrong is added to the scope's problems and left out."""
    made: dict[keys.AssetKey, list[bodies.CheckBody]] = {}
    for check in given:
        built = _build_check(check, known, scope)
        if built is None:
            continue
        others = made.setdefault(built.check.asset, [])
        twin = next((each for each in others if each.check.name == built.check.name), None)
        if twin is not None:
            scope.found.add(
                "duplicate-check",
                f"The asset {built.check.asset!r} has two checks called {built.check.name!r}: "
                f"at {twin.check.location} and at {check.location}.",
                remedy='Give one of them another name: @asset_check(name="…").',
                location=check.location,
            )
            continue
        others.append(built)
    return made


def _build_check(
    check: checks.CheckDefinition, known: Mapping[keys.AssetKey, graph.Asset], scope: parameters.Scope
) -> bodies.CheckBody | None:
    subject = f"The check {check.name!r}"
    body = parameters.Body(subject=subject, location=check.location, resources=check.resources)
    filling = parameters.fill(body, signatures.read(check.function), scope)
    required = [name for name in filling.free if name not in filling.optional]
    free = [name for name in required if name not in scope.resources]
    if check.asset is None and not free and len(required) == 1:
        free = required
    for name in required:
        if name not in free:
            filling.resources[name] = name
    asset = _asset_of(check, free, body, scope)
    if len(free) > 1:
        scope.found.add(
            "missing-dependency",
            f"{subject} has the parameters {', '.join(map(repr, free))}; it can get the value of its asset in one, "
            "and the others are no resources.",
            remedy="A check reads one asset; make an asset of what needs several.",
            location=check.location,
        )
        return None
    if check.severity not in ("warn", "error"):
        scope.found.add(
            "wrong-argument",
            f"{subject}: severity is {check.severity!r}.",
            remedy='Write "warn" or "error".',
            location=check.location,
        )
        return None
    if asset is None:
        return None
    target = known[asset]
    if target.step is None and not target.observable:
        scope.found.add(
            "check-never-runs",
            f"{subject} judges {asset!r}, which comes from outside and isn't observed, so that it would never run.",
            remedy=f'Give the asset a function that observes it: AssetSpec("{asset}", observe=…).',
            location=check.location,
        )
        return None
    return bodies.CheckBody(
        check=graph.Check(
            name=check.name,
            asset=asset,
            blocking=bool(check.blocking),
            severity="warn" if check.severity == "warn" else "error",
            description=check.description,
            location=check.location,
        ),
        function=check.function,
        parameters=filling.parameters(),
        value=free[0] if free else None,
        config=describing.config_values(check.config, subject, check.location, scope.found),
    )


def _asset_of(
    check: checks.CheckDefinition, free: list[str], body: parameters.Body, scope: parameters.Scope
) -> keys.AssetKey | None:
    """Return the asset that is judged: the one that is given, else the one that the free parameter names."""
    given = check.asset
    if given is None:
        if len(free) != 1:
            scope.found.add(
                "check-of-unknown-asset",
                f"{body.subject} doesn't say which asset it judges.",
                remedy='Write @asset_check(asset="…").',
                location=check.location,
            )
            return None
        given = free[0]
    name = given.key if isinstance(given, (assets.AssetDefinition, specs.AssetSpec)) else given
    matches = scope.assets.find(name) if isinstance(name, str) else []
    if len(matches) == 1:
        return matches[0]
    near = scope.found.suggestion(name, scope.assets.keys) if isinstance(name, str) else None
    scope.found.add(
        "check-of-unknown-asset",
        f"{body.subject} judges {name!r}, which "
        + (f"may be {' or '.join(map(repr, matches[:5]))}." if matches else "is not defined."),
        remedy="Give the whole key." if matches else near or 'Write @asset_check(asset="the/key").',
        location=check.location,
    )
    return None
