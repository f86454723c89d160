"""Assets by their URIs (`Asset`), and conditions over several: `a & (b | c)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from weft.define import specs
from weft.model import errors, keys

_OTHER = re.compile(r"[^A-Za-z0-9_.\-]+")


class Asset(specs.AssetSpec):
    """An asset by the name that other systems know it by: `Asset("s3://data/raw/trades/")`.

    Its key is made of the URI (`data/raw/trades`) unless a name is given. Those of one URI are the same asset, wherever
    they are written; so is the asset of the project that has the URI as an alias.
    """

    __slots__ = ()

    def __init__(self, name: str | None = None, uri: str | None = None, *, extra: Any = None, **facts: Any) -> None:
        """Make it of a name, a URI, or both.

        Args:
            name: the asset's key; or its URI, where it has "://" in it.
            uri: the name by which other systems know it.
            extra: facts about it, each a JSON value.
            **facts: further arguments of `AssetSpec`.

        Raises:
            UsageError: neither is given, or nothing of the URI can be a key.
        """
        if name is not None and uri is None and "://" in name:
            name, uri = None, name
        if name is None:
            if not uri:
                raise errors.UsageError(
                    "Asset() was given no name and no URI.", remedy='Write Asset("s3://bucket/path").'
                )
            name = key_of(uri)
        if extra is not None:
            facts.setdefault("metadata", extra)
        facts.setdefault("location", specs.caller(1))
        super().__init__(name, uri=uri, **facts)


def key_of(uri: str) -> str:
    """Return the key of the asset that a URI names: host and path, without the scheme.

    Raises:
        UsageError: nothing of it can be a key.
    """
    parts = [_OTHER.sub("_", each).strip("_") for each in uri.partition("://")[2].partition("?")[0].split("/")]
    named = [each if re.match("[A-Za-z_]", each) else f"_{each}" for each in parts if each]
    key = "/".join(named)
    if not key or keys.problem_with(key) is not None:
        raise errors.UsageError(f"The URI {uri!r} gives no key.", remedy="Give a name as well: Asset(name, uri).")
    return key


@dataclass(frozen=True, slots=True, eq=False)
class AssetCondition:
    """All or any of several assets and conditions."""

    kind: Literal["all", "any"]
    parts: tuple[Any, ...]

    def __and__(self, other: Any) -> AssetCondition:
        """Both."""
        return joined("all", self, other)

    def __or__(self, other: Any) -> AssetCondition:
        """One of them."""
        return joined("any", self, other)


def joined(kind: Literal["all", "any"], first: Any, second: Any) -> AssetCondition:
    """Join two conditions; equal kinds become one.

    Raises:
        UsageError: one is neither an asset nor a condition.
    """
    from weft.define import assets

    parts: list[Any] = []
    for each in (first, second):
        if isinstance(each, AssetCondition) and each.kind == kind:
            parts.extend(each.parts)
        elif isinstance(each, (AssetCondition, specs.AssetSpec, assets.AssetDefinition)):
            parts.append(each)
        else:
            sign = "&" if kind == "all" else "|"
            raise errors.UsageError(
                f"{each!r} stands at an {sign!r} between assets, but is neither an asset nor a condition.",
                remedy=f"Join assets: Asset(…) {sign} Asset(…).",
            )
    return AssetCondition(kind, tuple(parts))


def AssetAll(*parts: specs.AssetLike | AssetCondition) -> AssetCondition:  # noqa: N802 - reads as the condition it is
    """All of these."""
    return AssetCondition("all", parts)


def AssetAny(*parts: specs.AssetLike | AssetCondition) -> AssetCondition:  # noqa: N802
    """One of these."""
    return AssetCondition("any", parts)


def is_asset(given: object) -> bool:
    """Whether something names or defines one asset."""
    from weft.define import assets

    return isinstance(given, (str, specs.AssetSpec, assets.AssetDefinition))


def leaves(condition: Any) -> list[Any]:
    """Return the assets in a condition, in order."""
    if isinstance(condition, AssetCondition):
        return [leaf for each in condition.parts for leaf in leaves(each)]
    return [condition]
