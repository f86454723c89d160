"""weft: data pipelines as assets, flows and DAGs, with plan and apply.

The names below are all that most projects need. Each is imported when it is first used, so that `import weft` costs
next to nothing; partition mappings and the rarer kinds of partitions are in `weft.partitions`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it as true; `typing` takes longer to import than all else here
if TYPE_CHECKING:
    from weft import artifacts as artifacts
    from weft import operators as operators
    from weft import partitions as partitions
    from weft import timetables as timetables
    from weft.api import apply as apply
    from weft.api import backfill as backfill
    from weft.api import materialize as materialize
    from weft.api import plan as plan
    from weft.api import rerun as rerun
    from weft.api import run as run
    from weft.define.asset_conditions import Asset as Asset
    from weft.define.asset_conditions import AssetAll as AssetAll
    from weft.define.asset_conditions import AssetAny as AssetAny
    from weft.define.assets import AssetDefinition as AssetDefinition
    from weft.define.assets import asset as asset
    from weft.define.assets import external_asset as external_asset
    from weft.define.assets import multi_asset as multi_asset
    from weft.define.automations.conditions import AutomationCondition as AutomationCondition
    from weft.define.automations.context import RunRequest as RunRequest
    from weft.define.automations.context import SensorContext as SensorContext
    from weft.define.automations.context import SkipReason as SkipReason
    from weft.define.automations.sensors import sensor as sensor
    from weft.define.automations.webhooks import webhook as webhook
    from weft.define.caching import Cache as Cache
    from weft.define.caching import Inputs as Inputs
    from weft.define.caching import InRun as InRun
    from weft.define.caching import Source as Source
    from weft.define.caching import by_key as by_key
    from weft.define.checks import asset_check as asset_check
    from weft.define.context import Context as Context
    from weft.define.dags.declaration import DAG as DAG
    from weft.define.dags.decorators import dag as dag
    from weft.define.dags.decorators import setup as setup
    from weft.define.dags.decorators import task_group as task_group
    from weft.define.dags.decorators import teardown as teardown
    from weft.define.dags.edges import Label as Label
    from weft.define.dags.edges import chain as chain
    from weft.define.dags.edges import chain_linear as chain_linear
    from weft.define.dags.edges import cross_downstream as cross_downstream
    from weft.define.dags.groups import TaskGroup as TaskGroup
    from weft.define.dags.params import Param as Param
    from weft.define.definitions import Definitions as Definitions
    from weft.define.flows import flow as flow
    from weft.define.futures import unmapped as unmapped
    from weft.define.futures import wait as wait
    from weft.define.jobs import job as job
    from weft.define.ops import DynamicOut as DynamicOut
    from weft.define.ops import DynamicOutput as DynamicOutput
    from weft.define.ops import In as In
    from weft.define.ops import Out as Out
    from weft.define.ops import graph as graph
    from weft.define.ops import op as op
    from weft.define.outputs import CheckResult as CheckResult
    from weft.define.outputs import DataVersion as DataVersion
    from weft.define.outputs import Output as Output
    from weft.define.pausing import Suspended as Suspended
    from weft.define.pausing import pause as pause
    from weft.define.pausing import suspend as suspend
    from weft.define.policies import FreshnessPolicy as FreshnessPolicy
    from weft.define.policies import Retry as Retry
    from weft.define.resources import Resource as Resource
    from weft.define.signals import Defer as Defer
    from weft.define.signals import Fail as Fail
    from weft.define.signals import Skip as Skip
    from weft.define.sources import EnvVar as EnvVar
    from weft.define.specs import AssetOut as AssetOut
    from weft.define.specs import AssetSpec as AssetSpec
    from weft.define.specs import Dep as Dep
    from weft.define.task_context import TaskContext as TaskContext
    from weft.define.task_context import current_context as current_context
    from weft.define.tasks import task as task
    from weft.define.transactions import transaction as transaction
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
    from weft.worker.slots import concurrency as concurrency

__version__ = "0.1.0"

_HOMES = {
    "Asset": "weft.define.asset_conditions",
    "AssetAll": "weft.define.asset_conditions",
    "AssetAny": "weft.define.asset_conditions",
    "AssetDefinition": "weft.define.assets",
    "AssetOut": "weft.define.specs",
    "AssetSpec": "weft.define.specs",
    "AutomationCondition": "weft.define.automations.conditions",
    "Cache": "weft.define.caching",
    "CalendarPartitions": "weft.model.partitions",
    "CheckResult": "weft.define.outputs",
    "Context": "weft.define.context",
    "DAG": "weft.define.dags.declaration",
    "DailyPartitions": "weft.model.partitions",
    "DataVersion": "weft.define.outputs",
    "Defer": "weft.define.signals",
    "Definitions": "weft.define.definitions",
    "Dep": "weft.define.specs",
    "DynamicOut": "weft.define.ops",
    "DynamicOutput": "weft.define.ops",
    "DynamicPartitions": "weft.model.partitions",
    "EnvVar": "weft.define.sources",
    "Fail": "weft.define.signals",
    "FreshnessPolicy": "weft.define.policies",
    "HourlyPartitions": "weft.model.partitions",
    "IOManager": "weft.storage.protocol",
    "In": "weft.define.ops",
    "InRun": "weft.define.caching",
    "Inputs": "weft.define.caching",
    "Label": "weft.define.dags.edges",
    "MonthlyPartitions": "weft.model.partitions",
    "MultiPartitions": "weft.model.partitions",
    "Out": "weft.define.ops",
    "Output": "weft.define.outputs",
    "Param": "weft.define.dags.params",
    "Resource": "weft.define.resources",
    "Retry": "weft.define.policies",
    "RunRequest": "weft.define.automations.context",
    "SensorContext": "weft.define.automations.context",
    "Skip": "weft.define.signals",
    "SkipReason": "weft.define.automations.context",
    "Source": "weft.define.caching",
    "StaticPartitions": "weft.model.partitions",
    "Suspended": "weft.define.pausing",
    "TaskContext": "weft.define.task_context",
    "TaskGroup": "weft.define.dags.groups",
    "TimeWindowMapping": "weft.model.partitions",
    "WeeklyPartitions": "weft.model.partitions",
    "apply": "weft.api",
    "artifacts": "weft",
    "asset": "weft.define.assets",
    "asset_check": "weft.define.checks",
    "backfill": "weft.api",
    "by_key": "weft.define.caching",
    "chain": "weft.define.dags.edges",
    "chain_linear": "weft.define.dags.edges",
    "concurrency": "weft.worker.slots",
    "cross_downstream": "weft.define.dags.edges",
    "current_context": "weft.define.task_context",
    "dag": "weft.define.dags.decorators",
    "external_asset": "weft.define.assets",
    "flow": "weft.define.flows",
    "graph": "weft.define.ops",
    "job": "weft.define.jobs",
    "materialize": "weft.api",
    "multi_asset": "weft.define.assets",
    "op": "weft.define.ops",
    "operators": "weft",
    "partitions": "weft",
    "pause": "weft.define.pausing",
    "plan": "weft.api",
    "rerun": "weft.api",
    "run": "weft.api",
    "sensor": "weft.define.automations.sensors",
    "setup": "weft.define.dags.decorators",
    "suspend": "weft.define.pausing",
    "task": "weft.define.tasks",
    "task_group": "weft.define.dags.decorators",
    "teardown": "weft.define.dags.decorators",
    "timetables": "weft",
    "transaction": "weft.define.transactions",
    "unmapped": "weft.define.futures",
    "wait": "weft.define.futures",
    "webhook": "weft.define.automations.webhooks",
}
"""The module of each public name; the block above says the same to type checkers."""

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604, RUF100 - the keys are the names


_MODULES = frozenset({"artifacts", "operators", "partitions", "timetables"})
_HIDDEN = {
    "flow_starter": ("weft.flow_start", "starter"),
    "test_pipeline": ("weft.api", "test_pipeline"),
}
"""Names by which weft's own lower layers reach what is above them, when a flow or a DAG is run by calling it."""


def __getattr__(name: str) -> object:
    import importlib

    home = _HOMES.get(name)
    if home is None:
        if name in _HIDDEN:
            module, attribute = _HIDDEN[name]
            return getattr(importlib.import_module(module), attribute)
        from weft.model import spelling

        near = spelling.did_you_mean(name, _HOMES)
        raise AttributeError(f"module 'weft' has no attribute {name!r}.{' ' + near if near else ''}")
    value = (
        importlib.import_module(f"{home}.{name}") if name in _MODULES else getattr(importlib.import_module(home), name)
    )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
