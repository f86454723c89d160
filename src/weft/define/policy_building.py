"""From the policies that users give a step to the graph's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from weft.define import describing, parameters, policies, problems
from weft.model import policies as model_policies

_NONE = model_policies.Policies()
_RETRIES = model_policies.Retry()
_NAMES = frozenset(
    ("retries", "retry_delay", "retry_if", "timeout", "executor", "pool", "priority", "at_most_once", "batch")
)


def policies_of(
    given: Mapping[str, Any], body: parameters.Body, found: problems.Problems, *, pools: tuple[str, ...]
) -> model_policies.Policies:
    """Return the policies of a step: those `given`, and the `pools` that its IO managers need. Adds what is wrong."""
    if not pools and _NAMES.isdisjoint(given):
        return _NONE

    def attempt(name: str, code: str, make: Callable[[Any], Any], otherwise: Any) -> Any:
        value = given.get(name)
        if value is None:
            return otherwise
        return found.attempt(code, body.subject, body.location, lambda: make(value), otherwise)

    retry = _RETRIES
    if "retries" in given or "retry_delay" in given:
        retry = found.attempt(
            "wrong-retry",
            body.subject,
            body.location,
            lambda: policies.retry(given.get("retries", 0), given.get("retry_delay")),
            _RETRIES,
        )
    problem = policies.problem_with_predicate(given.get("retry_if"))
    if problem is not None:
        remedy = "Give a function that takes the exception and returns a bool."
        found.add("wrong-retry", f"{body.subject}: {problem}", remedy=remedy, location=body.location)
    named = attempt("pool", "wrong-argument", lambda value: describing.texts("pool", value), ())
    return model_policies.Policies(
        retry=retry,
        timeout=attempt("timeout", "wrong-timeout", policies.timeout, None),
        executor=attempt("executor", "wrong-argument", lambda value: describing.text("executor", value), None),
        pools=tuple(dict.fromkeys((*named, *pools))),
        priority=attempt("priority", "wrong-argument", policies.priority, 0),
        at_most_once=bool(given.get("at_most_once", False)),
        batch=bool(given.get("batch", False)),
    )
