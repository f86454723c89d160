"""The modules whose routes make up the API. A resource is here, or it is not served."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from weft.surfaces.http import routing

MODULES: tuple[str, ...] = (
    "description",
    "session_routes",
    "account_routes",
    "audit_routes",
    "resources.health",
    "resources.events",
    "resources.changes",
    "resources.metrics",
    "resources.runs",
    "resources.run_actions",
    "resources.logs",
    "resources.assets",
    "resources.partition_views",
    "resources.checks",
    "resources.overview",
    "resources.cloth",
    "resources.schedules",
    "resources.queue",
    "resources.places",
    "resources.connections",
    "resources.operations",
    "resources.artifacts",
    "resources.automations",
    "resources.incidents",
    "resources.alerts",
    "resources.bulk",
    "resources.run_parts",
    "resources.run_values",
    "resources.run_views",
    "resources.asset_changes",
    "resources.executions",
    "resources.plans",
    "resources.pipelines",
    "resources.statuses",
    "resources.outlines",
    "resources.attempts",
    "resources.results",
)
"""Modules of `weft.surfaces.http`, each with `routes`."""


@functools.cache
def modules() -> tuple[ModuleType, ...]:
    """The modules, imported."""
    return tuple(importlib.import_module(f"weft.surfaces.http.{name}") for name in MODULES)


@functools.cache
def table() -> routing.Table:
    """All routes of the API."""
    return routing.Table(route for module in modules() for route in module.routes.all)
