"""`webhook`: a delivery from another system starts something, by a mapping and without code of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weft.define import specs
from weft.model import automations

if TYPE_CHECKING:
    from weft.define import durations
    from weft.model import diagnostics

Signature = automations.Signature

GITHUB = Signature(header="X-Hub-Signature-256", prefix="sha256=", timestamp="")
STRIPE = Signature(header="Stripe-Signature", prefix="", timestamp="t=", field="v1")
WEFT = Signature()

SIGNATURES: Mapping[str, automations.Signature] = {"weft": WEFT, "github": GITHUB, "stripe": STRIPE}
"""How well-known senders sign."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WebhookDefinition:
    """A webhook, as it was written."""

    name: str
    target: Any
    secret: Any
    params: Mapping[str, object] = field(default_factory=dict)
    partition: str = ""
    dedupe: str = ""
    signature: object = "weft"
    tolerance: durations.Duration = 300
    most_bytes: int = 1_000_000
    paused: bool = False
    description: str = ""
    location: diagnostics.SourceLocation | None = None


def webhook(
    name: str,
    *,
    target: Any,
    secret: Any,
    params: Mapping[str, object] | None = None,
    partition: str = "",
    dedupe: str = "",
    signature: object = "weft",
    tolerance: durations.Duration = "5m",
    most_bytes: int = 1_000_000,
    paused: bool = False,
    description: str = "",
) -> WebhookDefinition:
    """Have deliveries of another system start a pipeline, or a plan of assets.

    Args:
        name: the last part of its address.
        target: the name of a pipeline or its definition; or a selection of assets.
        secret: `EnvVar("NAME")`, or the name of the environment variable, with which deliveries are signed.
        params: the pipeline's parameters: paths into the body such as "$.order.id", or plain values.
        partition: a path that gives the partition, or a key.
        dedupe: a path, or "header:NAME", by which the same delivery is known again.
        signature: how the sender signs: "weft", "github", "stripe", or a `Signature`.
        tolerance: how far the time of a delivery may lie from now.
        most_bytes: how large a body may be.
        paused: whether it waits to be resumed before it takes deliveries.
        description: what it is for.
    """
    return WebhookDefinition(
        name=name,
        target=target,
        secret=secret,
        params=params or {},
        partition=partition,
        dedupe=dedupe,
        signature=signature,
        tolerance=tolerance,
        most_bytes=most_bytes,
        paused=paused,
        description=description,
        location=specs.caller(1),
    )
