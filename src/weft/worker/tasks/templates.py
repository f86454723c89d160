"""Templates: `{{ ds }}` and its like, in a sandbox, where an unknown name is an error that says so.

A template has the names of `names`, those of the pipeline's macros, and Airflow's filters. It always gives text.
Compiled templates are kept, and a name's value is worked out only if the template mentions it.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weft.model import errors, spelling
from weft.worker.tasks import names

if TYPE_CHECKING:
    from weft.worker.tasks import context as contexts

_KEPT = 4096
_LONGEST_SHOWN = 200


class TemplateError(errors.UsageError):
    """A template that can't be filled in."""

    code = "template"


class Templates:
    """Fills in templates for one pipeline."""

    def __init__(
        self, macros: Mapping[str, Any] | None = None, filters: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        """Know names and filters of the user's own besides the usual ones."""
        self._macros = macros or {}
        self._filters = filters or {}
        self._compiled: dict[str, tuple[Any, tuple[str, ...]]] = {}

    def render(
        self,
        text: str,
        context: contexts.TaskContext,
        argument: str,
        *,
        what: str = "argument",
        more: Mapping[str, Any] | None = None,
    ) -> str:
        """Fill in a template.

        Args:
            text: the template.
            context: what its names are looked up in.
            argument: which argument of the task it is, for messages.
            what: names it in messages, where it is no argument.
            more: names that go before those of the context.

        Raises:
            TemplateError: it has an unknown name, is misspelt, does what the sandbox forbids, or raised.
        """
        where = f"The template {_short(text)} of the {what} {argument!r} of {context.task_id!r}"
        template, mentioned = self._compile(text, where)
        known: dict[str, Any] = {}
        for name in mentioned:
            if more is not None and name in more:
                known[name] = more[name]
            elif name in self._macros:
                known[name] = self._macros[name]
            elif names.known(name):
                known[name] = context[name]
        import jinja2

        try:
            found: str = template.render(known)
        except _UnknownName as unknown:
            raise TemplateError(f"{where} {self._told(unknown, mentioned, more)}", remedy=_REMEDY) from None
        except (jinja2.TemplateError, errors.WeftError) as error:
            told = error.message if isinstance(error, errors.WeftError) else str(error)
            raise TemplateError(f"{where} can't be filled in: {told}", remedy=_remedy_of(error)) from error
        except Exception as error:  # what a filter or a macro raised
            raise TemplateError(
                f"{where} can't be filled in: {type(error).__qualname__}: {error}.", remedy="Correct the template."
            ) from error
        return found

    def _compile(self, text: str, where: str) -> tuple[Any, tuple[str, ...]]:
        found = self._compiled.get(text)
        if found is None:
            import jinja2
            from jinja2 import meta

            try:
                parsed = self._environment.parse(text)
                mentioned = tuple(sorted(meta.find_undeclared_variables(parsed)))
                found = (self._environment.from_string(text), mentioned)
            except jinja2.TemplateSyntaxError as error:
                raise TemplateError(
                    f"{where} is misspelt at line {error.lineno}: {str(error.message).rstrip('.')}.",
                    remedy="Correct the template.",
                ) from None
            if len(self._compiled) >= _KEPT:
                self._compiled.clear()
            self._compiled[text] = found
        return found

    @functools.cached_property
    def _environment(self) -> Any:
        from jinja2 import sandbox

        environment = sandbox.SandboxedEnvironment(undefined=_undefined(), keep_trailing_newline=True, cache_size=0)
        environment.filters.update(_FILTERS)
        environment.filters.update(self._filters)
        return environment

    def _told(self, unknown: _UnknownName, mentioned: tuple[str, ...], more: Mapping[str, Any] | None) -> str:
        if unknown.inside is None:
            near = spelling.did_you_mean(unknown.name, [*(more or ()), *names.every(), *self._macros])
            return f"has an unknown name {unknown.name!r}.{' ' + near if near else ''}"
        owner = unknown.inside
        parts = [each for each in owner if isinstance(each, str)] if isinstance(owner, Mapping) else _public(owner)
        near = (_OF_PENDULUM.get(unknown.name) if isinstance(owner, datetime.date) else None) or spelling.did_you_mean(
            unknown.name, parts
        )
        holders = [name for name in mentioned if name == "params"] if isinstance(owner, Mapping) else []
        what = "the parameters" if holders else type(owner).__name__
        listed = f" There is {', '.join(map(repr, parts[:10]))}." if not near and parts and holders else ""
        return (
            f"asks for {unknown.name!r}, which {what} {'lack' if holders else 'lacks'}.{' ' + near if near else listed}"
        )


_OF_PENDULUM = {
    "add": "Write `+ macros.timedelta(days=1)`.",
    "subtract": "Write `- macros.timedelta(days=1)`.",
    "format": 'Write `.strftime("%Y-%m-%d")`.',
    "in_timezone": "Dates are in the time zone of the schedule: @dag(timezone=…).",
    "in_tz": "Dates are in the time zone of the schedule: @dag(timezone=…).",
}
"""What to write in place of methods that Airflow's dates have and Python's have not."""
_REMEDY = "Correct the name; docs/templates.md lists those that there are."


class _UnknownName(Exception):  # noqa: N818 - a signal from the template engine to `render`
    def __init__(self, name: str, inside: Any) -> None:
        super().__init__(name)
        self.name = name
        self.inside = inside


@functools.cache
def _undefined() -> type:
    """Jinja's value for an unknown name: using it in any way raises `_UnknownName`; it may be tested and defaulted."""
    import jinja2
    from jinja2.utils import missing

    class Unknown(jinja2.StrictUndefined):
        def _fail(self, *args: Any, **kwargs: Any) -> Any:
            if self._undefined_exception is not jinja2.UndefinedError:  # what the sandbox forbids
                raise self._undefined_exception(self._undefined_hint)
            raise _UnknownName(
                str(self._undefined_name), None if self._undefined_obj is missing else self._undefined_obj
            )

        _fail_with_undefined_error = _fail
        __iter__ = __str__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = __contains__ = _fail
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _fail
        __lt__ = __le__ = __gt__ = __ge__ = __call__ = __getitem__ = __int__ = __float__ = _fail

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return self._fail()

    return Unknown


def _public(owner: Any) -> list[str]:
    return [each for each in dir(owner) if not each.startswith("_")]


def _remedy_of(error: Exception) -> str:
    return getattr(error, "remedy", None) or "Correct the template."


def _short(text: str) -> str:
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
    return repr(shown)


def _written(form: str) -> Callable[[datetime.datetime | None], str]:
    def write(moment: datetime.datetime | None) -> str:
        return "" if moment is None else moment.strftime(form)

    return write


def _ts(moment: datetime.datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _strftime(moment: datetime.date, form: str) -> str:
    return moment.strftime(form)


_FILTERS: dict[str, Callable[..., Any]] = {
    "ds": _written("%Y-%m-%d"),
    "ds_nodash": _written("%Y%m%d"),
    "ts": _ts,
    "ts_nodash": _written("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": _written("%Y%m%dT%H%M%S%z"),
    "strftime": _strftime,
}
