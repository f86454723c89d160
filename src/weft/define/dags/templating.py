"""Judging templates while a DAG is built: how they are spelt, and the names in them, which are all known beforehand.

What a name comes to is known in a run alone; a name that is tested (`is defined`) or defaulted may be unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weft.define import problems, references, task_context
from weft.model import spelling

if TYPE_CHECKING:
    from weft.define.dags import calls, declaration

NAMES = task_context.NAMES | {"now"}
"""What a template may name besides macros of the user's own."""
FILTERS = frozenset({"ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "strftime"})
"""Filters besides Jinja's own."""
_OF_JINJA = frozenset({"self", "loop", "caller", "super", "varargs", "kwargs"})
_DEFAULTING = ("default", "d")
_LONGEST_SHOWN = 80
_REMEDY = "Correct the name; docs/templates.md lists those that there are."


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with one text: how the message goes on after naming it, and the remedy."""

    told: str
    remedy: str


class Checker:
    """Judges the templates of one DAG; each text once."""

    def __init__(self, declared: declaration.Declaration) -> None:
        """Know the parameters, macros and filters of a DAG."""
        self._params = tuple(declared.params)
        self._macros = tuple(_mapping(declared.options.get("user_defined_macros")))
        self._filters = frozenset(_mapping(declared.options.get("user_defined_filters"))) | FILTERS
        self._judged: dict[str, tuple[_Wrong, ...]] = {}

    def check(self, call: calls.Call, found: problems.Problems) -> None:
        """Add what is wrong with the templates among the arguments of a call."""
        for leaf in _templates(call):
            wrong = self._judged.get(leaf.text)
            if wrong is None:
                wrong = self._judged[leaf.text] = tuple(self._judge(leaf.text))
            for each in wrong:
                found.add(
                    "wrong-template",
                    f"The task {call.task.name!r} was called with {leaf.field}={_short(leaf.text)}, which {each.told}.",
                    remedy=each.remedy,
                    location=call.location,
                )

    def _judge(self, text: str) -> Iterator[_Wrong]:
        import jinja2
        from jinja2 import meta
        from jinja2 import nodes as parts

        environment = _environment()
        try:
            parsed = environment.parse(text)
        except jinja2.TemplateSyntaxError as error:
            place = f" at line {error.lineno}" if "\n" in text else ""
            yield _Wrong(f"is misspelt{place}: {str(error.message).rstrip('.')}", "Correct the template.")
            return
        for name in dict.fromkeys(each.name for each in parsed.find_all(parts.Filter)):
            if name not in environment.filters and name not in self._filters:
                near = spelling.did_you_mean(name, [*self._filters, *environment.filters])
                yield _Wrong(f"has an unknown filter {name!r}", near or "Name it in user_defined_filters={…}.")
        mentioned = meta.find_undeclared_variables(_without_filters(parsed, parts))
        allowed = {*_allowed(parsed, parts)}
        known = {*NAMES, *self._macros, *environment.globals, *_OF_JINJA}
        for name in sorted(mentioned - known - allowed):
            near = spelling.did_you_mean(name, [*NAMES, *self._macros])
            yield _Wrong(f"has an unknown name {name!r}", near or _REMEDY)
        if "params" not in mentioned or "params" in self._macros:
            return
        for name in dict.fromkeys(_of_params(parsed, parts)):
            if name not in self._params and f"params.{name}" not in allowed and not hasattr(dict, name):
                listed = f"There is {', '.join(map(repr, self._params[:10]))}." if self._params else "The DAG has none."
                yield _Wrong(
                    f"asks for the parameter {name!r}, which the DAG lacks",
                    spelling.did_you_mean(name, self._params) or listed,
                )


def _templates(call: calls.Call) -> Iterator[references.Template]:
    for value in (*call.arguments.values(), *call.positional):
        if type(value) not in (int, str, float, bool, references.Result):
            for leaf in references.leaves(value):
                if isinstance(leaf, references.Template):
                    yield leaf


@functools.cache
def _environment() -> Any:
    from jinja2 import sandbox

    return sandbox.SandboxedEnvironment(cache_size=0)


def _without_filters(parsed: Any, parts: Any) -> Any:
    """Put what each unknown filter is of in its place: Jinja looks filters up when it collects names."""
    environment = _environment()
    for each in parsed.find_all(parts.Filter):
        if each.name not in environment.filters:
            each.name = "string"
    for each in parsed.find_all(parts.Test):
        if each.name not in environment.tests:
            each.name = "defined"
    return parsed


def _allowed(parsed: Any, parts: Any) -> Iterator[str]:
    """Yield the names, and the parameters as `params.name`, that may be unknown."""
    tested = [each.node for each in parsed.find_all(parts.Test) if each.name in ("defined", "undefined")]
    defaulted = [each.node for each in parsed.find_all(parts.Filter) if each.name in _DEFAULTING]
    for node in (*tested, *defaulted):
        if isinstance(node, parts.Name):
            yield node.name
        elif isinstance(node, (parts.Getattr, parts.Getitem)):
            yield from (f"params.{name}" for name in _of_params(node, parts))


def _of_params(parsed: Any, parts: Any) -> Iterator[str]:
    nodes = [parsed] if isinstance(parsed, (parts.Getattr, parts.Getitem)) else []
    for node in (*nodes, *parsed.find_all((parts.Getattr, parts.Getitem))):
        if not isinstance(node.node, parts.Name) or node.node.name != "params":
            continue
        if isinstance(node, parts.Getattr):
            yield node.attr
        elif isinstance(node.arg, parts.Const) and isinstance(node.arg.value, str):
            yield node.arg.value


def _mapping(given: Any) -> Any:
    return given if isinstance(given, dict) else {}


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…")
