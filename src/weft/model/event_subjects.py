"""What an event is about: the one subject by which lists name it, all that it says something of, and its outcome.

Works on events and on anything that has their fields, such as a part of one that was decoded.
"""

from __future__ import annotations

KINDS = ("incident", "execution", "automation", "silence", "rule", "run", "asset", "location", "plan")
"""Fields that name what an event is about, the narrowest first."""

OUTCOMES = {
    "StepSucceeded": "succeeded",
    "AttemptFailed": "failed",
    "StepsFinished": "skipped",
    "StepReused": "reused",
}
"""What an event says of an outcome by being there: a default is not written down."""

RIGHTED = {
    "AttemptFailed": frozenset({"StepSucceeded", "StepReused"}),
    "LocationFailed": frozenset({"LocationLoaded"}),
    "AutomationPaused": frozenset({"AutomationResumed"}),
    "ExecutionPaused": frozenset({"ExecutionResumed"}),
}
"""Events after which another one of the same subject is of the past."""


def assets_of(event: object) -> tuple[str, ...]:
    """The assets that an event says something of, each once."""
    single = getattr(event, "asset", "")
    found = [single] if single else list(getattr(event, "assets", ()))
    output = getattr(event, "output", None)
    found += [each.asset for each in (*getattr(event, "outputs", ()), *([output] if output else ())) if each.asset]
    return tuple(dict.fromkeys(found))


def subject_of(event: object) -> str:
    """What an event is about, with its kind in front: `run:ID`, `automation:ID`, `asset:KEY`; "" where nothing is."""
    for kind in KINDS:
        if name := getattr(event, kind, ""):
            return f"{kind}:{name}"
    assets = assets_of(event)
    return f"asset:{assets[0]}" if assets else ""


def subjects_of(event: object) -> tuple[str, ...]:
    """All that an event is about: its subject, the assets that it says something of, and its pipeline.

    Of a change that somebody made, what was changed.
    """
    target = getattr(event, "target", "")
    found = [subject_of(event), target if ":" in target else "", *(f"asset:{each}" for each in assets_of(event))]
    if pipeline := getattr(event, "pipeline", None):
        found.append(f"pipeline:{pipeline}")
    return tuple(dict.fromkeys(each for each in found if each))


def outcome_of(event: object, type: str) -> str | None:  # noqa: A002 - the word of the log
    """The outcome that an event of a type tells of, None where it tells of none."""
    return getattr(event, "outcome", None) or OUTCOMES.get(type)
