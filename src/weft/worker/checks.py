"""Checks: run in memory on the value that was just made. A check that raises has not passed, and says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from weft.define import outputs as defined
from weft.model import events
from weft.worker import failures, masking, metadata, texts


def evaluate(check: Any, call: Callable[[], object], masks: masking.Masks) -> events.CheckResult:
    """Run one check.

    Args:
        check: the `graph.Check`.
        call: binds the check's parameters and calls its function.
        masks: the secrets that must not show in what it says.

    Returns:
        What it found. What is raised by Python itself or by a cancellation (no Exception) goes through.
    """
    try:
        returned = call()
        passed, description, facts, severity = _verdict(returned)
        encoded = metadata.encode(facts, masks)
    except Exception as error:  # whatever a check raises means that it did not pass
        told = failures.describe(error, masks)
        text = f"The check raised {told.kind}: {told.message}"
        return events.CheckResult(
            name=check.name,
            passed=False,
            blocking=check.blocking,
            severity=check.severity,
            description=text,
            metadata=metadata.encode({"traceback": told.traceback}, masks),
        )
    return events.CheckResult(
        name=check.name,
        passed=passed,
        blocking=check.blocking,
        severity=check.severity if severity is None or passed else severity,
        description=texts.storable(masks.text(description)),
        metadata=encoded,
    )


def _verdict(returned: object) -> tuple[bool, str, Mapping[str, object], str | None]:
    if isinstance(returned, bool):
        return returned, "", {}, None
    if isinstance(returned, defined.CheckResult):
        if not _is_truth(returned.passed):
            raise TypeError(f"CheckResult.passed is {returned.passed!r}; give True or False")
        return bool(returned.passed), returned.description, returned.metadata or {}, returned.severity
    if _is_truth(returned):
        return bool(returned), "", {}, None
    raise TypeError(f"the check returned {type(returned).__name__}; return True, False or CheckResult(passed=…)")


def _is_truth(value: object) -> bool:
    """Tell whether a value is a bool, Python's or numpy's."""
    kind = type(value)
    return kind is bool or (kind.__module__ == "numpy" and kind.__name__ in {"bool", "bool_"})
