"""`Definitions`: what a project defines, listed by hand, with what its bodies are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.define import specs
from weft.model import diagnostics

if TYPE_CHECKING:
    from weft.define import assets as asset_definitions
    from weft.define import checks as check_definitions
    from weft.define import jobs as job_definitions
    from weft.define.automations import sensors as automation_sensors
    from weft.define.automations import webhooks as automation_webhooks
    from weft.define.dags import decorators
    from weft.storage import protocol as storage


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Definitions:
    """Definitions to load. What a module defines counts without being listed; this adds what it doesn't name.

    Args:
        assets: definitions and specs of assets.
        checks: checks of assets.
        jobs: named selections, and graphs of ops.
        pipelines: DAGs, flows and their deployments.
        sensors: functions that look outside now and then, and say what is to be run.
        webhooks: deliveries of other systems that start something.
        resources: objects by the name of the parameter that gets them; a `Resource` class takes its values from files
            and environment.
        io_managers: IO managers by the name that `io=` gives; "default" is used where nothing else is said.
    """

    assets: Sequence[asset_definitions.StepDefinition[..., Any] | specs.AssetSpec] = ()
    checks: Sequence[check_definitions.CheckDefinition] = ()
    jobs: Sequence[job_definitions.JobDefinition | decorators.DagDefinition] = ()
    pipelines: Sequence[object] = ()
    sensors: Sequence[automation_sensors.SensorDefinition] = ()
    webhooks: Sequence[automation_webhooks.WebhookDefinition] = ()
    resources: Mapping[str, object] = field(default_factory=dict)
    io_managers: Mapping[str, storage.IOManager] = field(default_factory=dict)
    location: diagnostics.SourceLocation | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.location is None:
            object.__setattr__(self, "location", specs.caller(2))
