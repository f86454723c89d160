"""Checking arguments that are known before anything runs against the annotations of the parameters that get them."""

from __future__ import annotations

from typing import Any

from weft.define import references, signatures

_ELEMENTARY = (int, float, str, bool, bytes, list, dict, tuple, set)
_ACCEPTS_ALL: Any = object()


class Checker:
    """Keeps a validator for each annotation."""

    def __init__(self) -> None:
        self._adapters: dict[int, tuple[Any, Any]] = {}

    def problem(self, value: Any, annotation: Any) -> str | None:
        """Tell what is wrong with an argument, or None. References are not known yet and pass."""
        if annotation is signatures.MISSING or annotation is None or annotation is Any:
            return None
        if isinstance(value, references.Element):
            return self._problem_with_elements(value, annotation)
        if type(value) is annotation and annotation in _ELEMENTARY:
            return None
        if next(references.leaves(value), None) is not None:
            return None
        return self._validated(value, annotation)

    def _problem_with_elements(self, element: references.Element, annotation: Any) -> str | None:
        source = element.source
        if element.path or element.transforms or not isinstance(source, (list, tuple)):
            return None
        for place, each in enumerate(source):
            found = self.problem(each, annotation)
            if found is not None:
                return f"element {place} is {found}"
        return None

    def _validated(self, value: Any, annotation: Any) -> str | None:
        import pydantic

        known = self._adapters.get(id(annotation))
        if known is None:
            known = self._adapters[id(annotation)] = (annotation, _adapter(annotation))
        adapter = known[1]
        if adapter is _ACCEPTS_ALL:
            return None
        try:
            adapter.validate_python(value)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(each) for each in first["loc"])
            return f"{_short(value)}: {first['msg'][0].lower()}{first['msg'][1:]}" + (f" (at {place})" if place else "")
        return None


def _adapter(annotation: Any) -> Any:
    import pydantic

    try:
        return pydantic.TypeAdapter(annotation)
    except (pydantic.errors.PydanticUserError, TypeError, NameError):
        return _ACCEPTS_ALL  # a type that pydantic knows nothing of, such as a data frame's


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
