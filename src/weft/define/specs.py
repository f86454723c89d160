"""What users say of an asset (`AssetSpec`, `AssetOut`) and of what it depends on (`Dep`).

These keep what was written as it was written; `build` checks it, so that all mistakes are told at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from weft.model import diagnostics, keys

if TYPE_CHECKING:
    from weft.define import asset_conditions, assets, policies
    from weft.define.automations import conditions
    from weft.model import partitions as partitioning
    from weft.model import policies as model_policies
    from weft.storage import protocol as storage

Names: TypeAlias = "str | Sequence[str]"
AssetLike: TypeAlias = "str | AssetSpec | assets.AssetDefinition[..., Any]"
"""A key, or the object that defines the asset."""


@dataclass(frozen=True, slots=True)
class Dep:
    """A dependency on an asset, with the mapping of its partitions where the default one is not meant.

    Args:
        asset: the asset's key or definition.
        mapping: which of its partitions a partition needs; found by the partitions of both unless given.
    """

    asset: AssetLike
    mapping: partitioning.PartitionMapping | None = None


def caller(depth: int) -> diagnostics.SourceLocation | None:
    """Return where the code `depth` frames above the caller of this function stands."""
    try:
        frame = sys._getframe(depth + 1)
    except ValueError:
        return None
    return diagnostics.SourceLocation(file=frame.f_code.co_filename, line=frame.f_lineno)


@dataclass(frozen=True, slots=True, eq=False)
class AssetSpec:
    """An asset as such, without what makes it: data from outside, or an output of a `multi_asset`.

    Args:
        key: the asset's key, such as "trading/prices".
        key_prefix: parts before the key.
        group: the group that it is shown in.
        description: what it is, in words.
        owners: people (e-mail addresses) or teams ("team:trading").
        tags: words, or names with values.
        kinds: what it is made of or with ("parquet", "sql").
        uri: the name by which other systems know it; the first alias.
        aliases: further such names.
        metadata: facts about the definition, each a JSON value.
        partitions: how it is divided; None for not at all.
        freshness: how old it may become.
        code_changes: what a code change means for history: "stale", "forward_only" or "ask".
        io: the IO manager that stores it, or its name.
        output_type: the type of the value, checked when it is made.
        observe: for data from outside, a function that returns its data version (text or `DataVersion`).
        automation: when weft asks for it by itself.
    """

    key: str
    key_prefix: Names | None = None
    group: str | None = None
    description: str | None = None
    owners: Names = ()
    tags: Names | Mapping[str, str] = ()
    kinds: Names = ()
    uri: str | None = None
    aliases: Names = ()
    metadata: Mapping[str, object] | None = None
    partitions: partitioning.Partitions | None = None
    freshness: policies.FreshnessPolicy | None = None
    code_changes: model_policies.CodeChanges | None = None
    io: str | storage.IOManager | None = None
    output_type: object = None
    observe: Callable[..., object] | None = None
    automation: conditions.AutomationCondition | None = field(default=None, kw_only=True)
    location: diagnostics.SourceLocation | None = field(default=None, kw_only=True, repr=False)

    def __post_init__(self) -> None:
        if self.location is None:
            object.__setattr__(self, "location", caller(2))
        if self.key_prefix:
            object.__setattr__(self, "key", keys.join(prefix_of(self.key_prefix), self.key))
            object.__setattr__(self, "key_prefix", None)

    def __and__(self, other: Any) -> asset_conditions.AssetCondition:
        """Both, as a condition for a schedule."""
        from weft.define import asset_conditions

        return asset_conditions.joined("all", self, other)

    def __or__(self, other: Any) -> asset_conditions.AssetCondition:
        """One of them, as a condition for a schedule."""
        from weft.define import asset_conditions

        return asset_conditions.joined("any", self, other)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AssetOut:
    """One output of a `multi_asset`; its fields are those of `AssetSpec`, its key the output's name unless given."""

    key: str | None = None
    key_prefix: Names | None = None
    group: str | None = None
    description: str | None = None
    owners: Names = ()
    tags: Names | Mapping[str, str] = ()
    kinds: Names = ()
    uri: str | None = None
    aliases: Names = ()
    metadata: Mapping[str, object] | None = None
    partitions: partitioning.Partitions | None = None
    freshness: policies.FreshnessPolicy | None = None
    code_changes: model_policies.CodeChanges | None = None
    io: str | storage.IOManager | None = None
    output_type: object = None
    automation: conditions.AutomationCondition | None = None

    def spec(self, name: str, location: diagnostics.SourceLocation | None) -> AssetSpec:
        """Return the spec of the output called `name`."""
        given = {each: getattr(self, each) for each in _OUT_FIELDS}
        return AssetSpec(self.key or name, location=location, **given)


_OUT_FIELDS = tuple(each.name for each in fields(AssetOut) if each.name != "key")


def prefix_of(given: Names | None) -> str:
    """Return a prefix as text."""
    if not given:
        return ""
    return given if isinstance(given, str) else "/".join(given)
