"""The names that generated clients have, of operations and of schemas: each one unique and without a dot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from weft.surfaces.http import routing

_CHANGES = {"PUT": "update", "PATCH": "update", "DELETE": "delete"}
_SAME_IN_BOTH = ("status", "access")


def operation_ids(routes: Iterable[routing.Route]) -> dict[tuple[str, str], str]:
    """The name of each route's operation by method and path: `list_runs`, `get_run`, `cancel_run`.

    Raises:
        ValueError: two routes would have the same name.
    """
    found: dict[tuple[str, str], str] = {}
    for route in routes:
        name = _operation_id(route)
        if name in found.values():
            raise ValueError(f"two operations would be named {name}, one of them {route.method} {route.path}")
        found[route.method, route.path] = name
    return found


def _operation_id(route: routing.Route) -> str:
    segments = [each for each in route.template.split("/") if each]
    words: list[str] = []
    for place, each in enumerate(segments):
        if each.startswith("{"):
            continue
        is_one = place + 1 < len(segments)
        words.append(_singular(each) if is_one else each)
    words = [re.sub(r"\W", "_", each) for each in words]
    last = segments[-1]
    if route.method == "GET":
        is_list = route.answer is not None and _is_list(route.answer)
        return "_".join(["list" if is_list else "get", *words])
    if route.method in _CHANGES:
        return "_".join([_CHANGES[route.method], *words[:-1], _singular(words[-1])])
    if last.startswith("{"):
        return "_".join(["create", *words])
    if _singular(last) != last or len(words) == 1:
        return "_".join(["create", *words[:-1], _singular(words[-1])])
    return "_".join([words[-1], *words[:-1]])


def _is_list(answer: Any) -> bool:
    if getattr(answer, "__origin__", None) is list:
        return True
    return isinstance(answer, type) and issubclass(answer, msgspec.Struct) and "items" in answer.__struct_fields__


def _singular(word: str) -> str:
    if word in _SAME_IN_BOTH or not word.endswith("s") or word.endswith("ss"):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def plain_schemas(document: Any, components: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Schemas and components with names that have no dots, and without what generators stumble over.

    Of types with one name the module is put before it: `RunRunsLogPage` and `LogsLogPage`. A tuple of fixed length is
    an array of so many items of any of its types: few generators know that more items may be forbidden.
    """
    new: dict[str, str] = {}
    for name in components:
        short = name.rpartition(".")[2]
        module = name.rpartition(".")[0].rpartition(".")[2]
        camel = "".join(part.title() for part in module.split("_"))
        new[name] = f"{camel}{short}" if module else short
    if len(set(new.values())) < len(new):
        raise ValueError(f"two schemas would have one name among {sorted(new.values())}")

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(each) for each in value]
        if not isinstance(value, dict):
            return value
        found = {key: renamed(each) for key, each in value.items()}
        reference = found.get("$ref")
        if isinstance(reference, str):
            prefix, _, name = reference.rpartition("/")
            found["$ref"] = f"{prefix}/{new.get(name, name)}"
        if "prefixItems" in found and found.get("items") is False:
            kinds = found.pop("prefixItems")
            unique = [each for place, each in enumerate(kinds) if each not in kinds[:place]]
            found["items"] = unique[0] if len(unique) == 1 else {"anyOf": unique}
        return found

    return renamed(document), {
        new[name]: renamed(each) | ({"title": new[name]} if "title" in each else {})
        for name, each in sorted(components.items())
    }
