"""The arguments of the decorators that define assets, each documented once.

They are kept as they were written; `build` checks them, so that all mistakes are told at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from weft.model import errors, spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weft.define import durations, policies, specs
    from weft.define.automations import conditions
    from weft.model import partitions as partitioning
    from weft.model import policies as model_policies
    from weft.storage import protocol as storage


class StepOptions(TypedDict, total=False):
    """What may be said of the body behind one asset or several."""

    key_prefix: specs.Names
    """Parts before the name, such as "trading" or ["trading", "eu"]."""
    deps: specs.AssetLike | specs.Dep | Sequence[specs.AssetLike | specs.Dep]
    """Assets that must be there first, beyond those that parameters name."""
    ins: Mapping[str, specs.AssetLike | specs.Dep]
    """What a parameter reads, where its name doesn't say it: {"param": "key"} or {"param": Dep(asset, mapping=…)}."""
    partitions: partitioning.Partitions | None
    """How the asset is divided."""
    retries: int | policies.Retry
    """How often a failed attempt is tried again."""
    retry_delay: durations.Duration
    """How long to wait before each retry."""
    retry_if: Callable[[BaseException], bool]
    """Tells of an exception whether to try again; any is retried unless given."""
    timeout: durations.Duration
    """How long one attempt may take."""
    code_version: str
    """Names the version of the code, in place of the fingerprint of the function."""
    config: Mapping[str, object] | object
    """Values of the parameter `config`: a mapping or an instance of its model; files and environment override them."""
    resources: Mapping[str, str]
    """Which resource a parameter gets, where its name doesn't say it: {"db": "warehouse"}."""
    executor: str
    """Where the body runs: "process", "inline" …"""
    pool: specs.Names
    """Pools whose slots it needs."""
    priority: int
    """Higher ones run first among those that are ready."""
    at_most_once: bool
    """A lost attempt ends the step instead of being tried again."""
    batch: bool
    """The body runs once for all partitions of a run and not once for each."""


class AssetOptions(StepOptions, total=False):
    """What may be said of an asset; the facts about it are those of `AssetSpec`."""

    name: str
    """The last part of the key; the function's name unless given."""
    group: str
    description: str
    owners: specs.Names
    tags: specs.Names | Mapping[str, str]
    kinds: specs.Names
    uri: str
    aliases: specs.Names
    metadata: Mapping[str, object]
    freshness: policies.FreshnessPolicy
    code_changes: model_policies.CodeChanges
    io: str | storage.IOManager
    automation: conditions.AutomationCondition
    """When weft asks for it by itself: AutomationCondition.eager(), say."""
    output_type: object
    """The type that the value is checked against; the return annotation unless given."""


class MultiAssetOptions(StepOptions, total=False):
    """What may be said of a body that makes several assets."""

    name: str
    """The name of the step; the function's name unless given."""
    outs: Mapping[str, specs.AssetOut]
    """The outputs by name."""
    specs: Sequence[specs.AssetSpec]
    """The outputs as specs, in place of `outs`; the name of an output is then its key."""
    can_subset: bool
    """Whether the body can make some of its outputs without the others; `context.asset_keys` says which."""
    group: str
    """The group of the outputs that have none of their own."""


STEP_NAMES = frozenset(StepOptions.__annotations__)
ASSET_NAMES = frozenset(AssetOptions.__annotations__)
MULTI_ASSET_NAMES = frozenset(MultiAssetOptions.__annotations__)


NOWHERE: Mapping[str, str] = {}


def check_names(
    decorator: str, given: Mapping[str, Any], known: frozenset[str], elsewhere: Mapping[str, str] = NOWHERE
) -> None:
    """Check that each of the arguments `given` to a decorator exists; `elsewhere` says what to write for others.

    Raises:
        UsageError: one does not; names near ones.
    """
    if given.keys() <= known:
        return
    unknown = sorted(given.keys() - known)[0]
    raise errors.UsageError(
        f"@{decorator} has no argument {unknown!r}.",
        remedy=elsewhere.get(unknown)
        or spelling.did_you_mean(unknown, known)
        or f"It has: {', '.join(sorted(known))}.",
    )
