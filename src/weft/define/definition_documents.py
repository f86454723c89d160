"""One document for each definition of a snapshot: what a version of an asset, a pipeline, a job or automation is.

Made of the snapshot's JSON values. A document stands for itself: partitions and mappings are written out in it, and
files and lines are no part of it, so that equal documents are equal definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from weft.define import pipeline_snapshot

Json: TypeAlias = "dict[str, Any]"


def documents(snapshot: Mapping[str, Any]) -> dict[str, Json]:
    """The document of each definition by name: `asset:KEY`, `pipeline:NAME`, `job:NAME`, `automation:ID`.

    That of an asset has it under "asset", the step that makes it under "step" and its checks under "checks".
    """
    partitions, mappings = snapshot["partitions"], snapshot["mappings"]
    steps = {each["key"]: _step(each, partitions, mappings) for each in snapshot["steps"]}
    checks: dict[str, list[Json]] = {}
    for each in snapshot["checks"]:
        checks.setdefault(each["asset"], []).append(_placeless(each))
    found: dict[str, Json] = {}
    for each in snapshot["assets"]:
        document: Json = {"asset": _divided(each, partitions)}
        if each.get("step") in steps:
            document["step"] = steps[each["step"]]
        if each["key"] in checks:
            document["checks"] = checks[each["key"]]
        found[f"asset:{each['key']}"] = document
    for each in snapshot.get("pipelines", ()):
        found[f"pipeline:{each['name']}"] = {
            "pipeline": _divided(pipeline_snapshot.without_places(each), partitions),
        }
    for each in snapshot["jobs"]:
        found[f"job:{each['name']}"] = {"job": _placeless(each)}
    for each in snapshot.get("automations", ()):
        found[f"automation:{each['id']}"] = {"automation": _placeless(each)}
    return found


def is_made(document: Mapping[str, Any]) -> bool:
    """Whether what a document defines is made where it is defined, unlike an external asset."""
    asset = document.get("asset")
    return asset is None or "step" in asset or "made_by" in asset


def codes(document: Mapping[str, Any]) -> list[str]:
    """The digests of the code that a document names."""
    pipeline = document.get("pipeline", {})
    found = [document.get("step", {}).get("code"), pipeline.get("code")]
    found += [each.get("code") for each in pipeline.get("steps", ())]
    return list(dict.fromkeys(each for each in found if each))


def _placeless(value: Mapping[str, Any]) -> Json:
    return {name: each for name, each in value.items() if name != "at"}


def _divided(value: Mapping[str, Any], partitions: list[Json]) -> Json:
    found = _placeless(value)
    if "partitions" in found:
        found["partitions"] = partitions[found["partitions"]]
    return found


def _step(step: Mapping[str, Any], partitions: list[Json], mappings: list[Json]) -> Json:
    found = _divided(step, partitions)
    if "dependencies" in found:
        found["dependencies"] = [{**each, "mapping": mappings[each["mapping"]]} for each in found["dependencies"]]
    return found
