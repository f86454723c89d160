"""weft: data pipelines as assets, with plan and apply.

The names below are all that most projects need. Each is imported when it is first used, so that `import weft` costs
next to nothing; partition mappings and the rarer kinds of partitions are in `weft.partitions`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it as true; `typing` takes longer to import than all else here
if TYPE_CHECKING:
    from weft.api import apply as apply
    from weft.api import materialize as materialize
    from weft.api import plan as plan
    from weft.define.assets import AssetDefinition as AssetDefinition
    from weft.define.assets import asset as asset
    from weft.define.assets import external_asset as external_asset
    from weft.define.assets import multi_asset as multi_asset
    from weft.define.checks import asset_check as asset_check
    from weft.define.context import Context as Context
    from weft.define.definitions import Definitions as Definitions
    from weft.define.jobs import job as job
    from weft.define.outputs import CheckResult as CheckResult
    from weft.define.outputs import DataVersion as DataVersion
    from weft.define.outputs import Output as Output
    from weft.define.policies import FreshnessPolicy as FreshnessPolicy
    from weft.define.policies import Retry as Retry
    from weft.define.resources import Resource as Resource
    from weft.define.sources import EnvVar as EnvVar
    from weft.define.specs import AssetOut as AssetOut
    from weft.define.specs import AssetSpec as AssetSpec
    from weft.define.specs import Dep as Dep
    from weft.model import partitions as partitions
    from weft.model.partitions import CalendarPartitions as CalendarPartitions
    from weft.model.partitions import DailyPartitions as DailyPartitions
    from weft.model.partitions import DynamicPartitions as DynamicPartitions
    from weft.model.partitions import HourlyPartitions as HourlyPartitions
    from weft.model.partitions import MonthlyPartitions as MonthlyPartitions
    from weft.model.partitions import MultiPartitions as MultiPartitions
    from weft.model.partitions import StaticPartitions as StaticPartitions
    from weft.model.partitions import TimeWindowMapping as TimeWindowMapping
    from weft.model.partitions import WeeklyPartitions as WeeklyPartitions
    from weft.storage.protocol import IOManager as IOManager

__version__ = "0.1.0"

_HOMES = {
    "AssetDefinition": "weft.define.assets",
    "AssetOut": "weft.define.specs",
    "AssetSpec": "weft.define.specs",
    "CalendarPartitions": "weft.model.partitions",
    "CheckResult": "weft.define.outputs",
    "Context": "weft.define.context",
    "DailyPartitions": "weft.model.partitions",
    "DataVersion": "weft.define.outputs",
    "Definitions": "weft.define.definitions",
    "Dep": "weft.define.specs",
    "DynamicPartitions": "weft.model.partitions",
    "EnvVar": "weft.define.sources",
    "FreshnessPolicy": "weft.define.policies",
    "HourlyPartitions": "weft.model.partitions",
    "IOManager": "weft.storage.protocol",
    "MonthlyPartitions": "weft.model.partitions",
    "MultiPartitions": "weft.model.partitions",
    "Output": "weft.define.outputs",
    "Resource": "weft.define.resources",
    "Retry": "weft.define.policies",
    "StaticPartitions": "weft.model.partitions",
    "TimeWindowMapping": "weft.model.partitions",
    "WeeklyPartitions": "weft.model.partitions",
    "apply": "weft.api",
    "asset": "weft.define.assets",
    "asset_check": "weft.define.checks",
    "external_asset": "weft.define.assets",
    "job": "weft.define.jobs",
    "materialize": "weft.api",
    "multi_asset": "weft.define.assets",
    "partitions": "weft.model",
    "plan": "weft.api",
}
"""The module of each public name; the block above says the same to type checkers."""

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604, RUF100 - the keys are the names


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        from weft.model import spelling

        near = spelling.did_you_mean(name, _HOMES)
        raise AttributeError(f"module 'weft' has no attribute {name!r}.{' ' + near if near else ''}")
    import importlib

    value = (
        getattr(importlib.import_module(home), name)
        if name != "partitions"
        else importlib.import_module("weft.model.partitions")
    )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
