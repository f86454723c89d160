"""What may be done with an automation of any kind: pausing and resuming it."""

from __future__ import annotations

from dataclasses import replace

from weft.model import control_events, errors, spelling
from weft.ports import clock as clocks
from weft.service import world as worlds


def ids(world: worlds.World) -> list[str]:
    """The ids of all automations that are defined, schedules among them."""
    scheduled = [f"schedule:{name}" for name, each in world.graph.pipelines.items() if each.schedule is not None]
    scheduled += [f"schedule:{name}" for name, job in world.graph.jobs.items() if job.schedule is not None]
    return [*scheduled, *world.graph.automations]


def find(world: worlds.World, name: str) -> str:
    """The id of an automation, given in full or by a name that only one has.

    Raises:
        UsageError: there is none, or several kinds have one of that name.
    """
    known = ids(world)
    if name in known:
        return name
    found = [each for each in known if each.partition(":")[2] == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(f"{name!r} may be {' or '.join(found)}.", remedy=f"Say which: {found[0]}.")
    raise errors.UsageError(
        f"There is no automation {name!r}.",
        remedy=spelling.did_you_mean(name, [*known, *(each.partition(":")[2] for each in known)])
        or "`weft automations` lists them.",
    )


def pause(world: worlds.World, name: str, *, by: str = "", reason: str = "") -> str:
    """Stop an automation until it is resumed; one that is paused stays so. Returns its id.

    Raises:
        UsageError: there is none of this name.
    """
    automation = find(world, name)
    with world.ledger.transaction() as transaction:
        seen = transaction.seen(automation)
        if seen is None or not seen.paused:
            transaction.append(
                [control_events.AutomationPaused(automation=automation, by=by or world.user, reason=reason)]
            )
    return automation


def resume(world: worlds.World, name: str, *, by: str = "") -> str:
    """Let an automation go on; one that is not paused is left alone. Returns its id.

    Raises:
        UsageError: there is none of this name.
    """
    automation = find(world, name)
    with world.ledger.transaction() as transaction:
        seen = transaction.seen(automation)
        if seen is None or seen.activated is None:
            # so that its definition does not pause it once more when it is seen for the first time
            at = clocks.microseconds(world.clock.now())
            location = world.locations.get(f"automation:{automation}", "")
            if not automation.startswith("schedule:"):
                transaction.append(
                    [control_events.AutomationActivated(automation=automation, at=at, location=location)]
                )
        if seen is not None and seen.paused:
            transaction.append([control_events.AutomationResumed(automation=automation, by=by or world.user)])
            if not automation.startswith("schedule:"):  # what it decides next is news, also where it is as before
                state = replace(transaction.state(automation), decision="", reason="", same=0)
                is_sensor = automation.startswith("sensor:")
                transaction.put_state(replace(state, next_due=None) if is_sensor else state)
    return automation
