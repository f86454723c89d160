"""`AutomationCondition`: when weft asks for an asset by itself, put together from operands with `&`, `|` and `~`."""

from __future__ import annotations

from dataclasses import dataclass

from weft.model import automations, cron, errors


@dataclass(frozen=True, slots=True, eq=False)
class AutomationCondition:
    """Of which partitions of an asset something is true; `@asset(automation=…)` asks for those.

    What a live run makes is never asked for again, and what was asked for without success is asked for again only when
    something that it depends on has changed.
    """

    condition: automations.Condition

    @staticmethod
    def eager() -> AutomationCondition:
        """What it reads was updated, or its latest partition is missing; unless something above is missing or made."""
        made = AutomationCondition
        news = made.newly_updated_above() | (made.missing() & made.latest())
        return (news & ~made.missing_above() & ~made.in_progress_above() & ~made.in_progress()).named("eager")

    @staticmethod
    def on_missing() -> AutomationCondition:
        """It has no data, while all that it reads has."""
        made = AutomationCondition
        return (made.missing() & ~made.missing_above() & ~made.in_progress()).named("on missing")

    @staticmethod
    def on_cron(expression: str, timezone: str = "UTC") -> AutomationCondition:
        """Its latest partition, at each tick of a cron expression, once nothing that it reads is missing.

        Raises:
            UsageError: the expression or the time zone is wrong.
        """
        made = AutomationCondition
        tick = made.cron_tick_passed(expression, timezone)
        label = f"on cron {expression}" + (f" {timezone}" if timezone != "UTC" else "")
        return (tick & ~made.missing_above() & ~made.in_progress()).named(label)

    @staticmethod
    def on_code_change() -> AutomationCondition:
        """Other code than today's made it."""
        made = AutomationCondition
        return (made.code_changed() & ~made.missing_above() & ~made.in_progress()).named("on code change")

    @staticmethod
    def missing() -> AutomationCondition:
        """There is no data."""
        return _operand("missing")

    @staticmethod
    def latest() -> AutomationCondition:
        """The last partition that exists; all of what is not divided."""
        return _operand("latest")

    @staticmethod
    def code_changed() -> AutomationCondition:
        """Other code than today's made it."""
        return _operand("code_changed")

    @staticmethod
    def newly_updated_above() -> AutomationCondition:
        """What it reads is not what it was made from, or came after the automation was first seen."""
        return _operand("newly_updated_above")

    @staticmethod
    def missing_above() -> AutomationCondition:
        """Something that it reads has no data."""
        return _operand("missing_above")

    @staticmethod
    def in_progress_above() -> AutomationCondition:
        """A live run makes something that it reads."""
        return _operand("in_progress_above")

    @staticmethod
    def in_progress() -> AutomationCondition:
        """A live run makes it."""
        return _operand("in_progress")

    @staticmethod
    def failed() -> AutomationCondition:
        """Its last attempt failed."""
        return _operand("failed")

    @staticmethod
    def late() -> AutomationCondition:
        """It is later than its freshness policy allows."""
        return _operand("late")

    @staticmethod
    def cron_tick_passed(expression: str, timezone: str = "UTC") -> AutomationCondition:
        """A tick of a cron expression passed since the latest partition was made.

        Raises:
            UsageError: the expression or the time zone is wrong.
        """
        from weft.model.partitions import zones

        cron.check(expression, field="AutomationCondition.cron")
        zones.zone(timezone, kind="AutomationCondition")
        return AutomationCondition(automations.Condition(kind="cron", cron=expression, timezone=timezone))

    def named(self, label: str) -> AutomationCondition:
        """The same condition under a name that people see."""
        import msgspec

        return AutomationCondition(msgspec.structs.replace(self.condition, label=label))

    def __and__(self, other: AutomationCondition) -> AutomationCondition:
        """Both."""
        return _joined("all", self, other)

    def __or__(self, other: AutomationCondition) -> AutomationCondition:
        """One of them."""
        return _joined("any", self, other)

    def __invert__(self) -> AutomationCondition:
        """The opposite."""
        return AutomationCondition(automations.Condition(kind="not", parts=(self.condition,)))


def _operand(kind: automations.ConditionKind) -> AutomationCondition:
    return AutomationCondition(automations.Condition(kind=kind))


def _joined(kind: automations.ConditionKind, first: AutomationCondition, second: object) -> AutomationCondition:
    if not isinstance(second, AutomationCondition):
        raise errors.UsageError(
            f"{second!r} stands beside an AutomationCondition, but is none.",
            remedy="Join conditions: AutomationCondition.eager() | AutomationCondition.on_cron('0 6 * * *').",
        )
    parts: list[automations.Condition] = []
    for each in (first.condition, second.condition):
        parts.extend(each.parts if each.kind == kind and not each.label else (each,))
    return AutomationCondition(automations.Condition(kind=kind, parts=tuple(parts)))
