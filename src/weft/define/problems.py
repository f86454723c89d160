"""Collecting what is wrong with definitions, so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from weft.model import diagnostics, errors, spelling

Result = TypeVar("Result")

_SUGGESTIONS = 20
"""How many near names are looked for in one build: each takes time in proportion to what is defined."""


class Problems:
    """The diagnostics of one build, in order."""

    def __init__(self) -> None:
        self.found: list[diagnostics.Diagnostic] = []
        self._suggested = 0

    def add(
        self,
        code: str,
        message: str,
        *,
        remedy: str | None = None,
        location: diagnostics.SourceLocation | None = None,
    ) -> None:
        """Add one; `code` is stable, the rest is for people."""
        self.found.append(diagnostics.Diagnostic(code=code, message=message, remedy=remedy, location=location))

    def suggestion(self, name: str, known: Iterable[str]) -> str | None:
        """Return `Did you mean …?` for a name that is unknown, or None."""
        self._suggested += 1
        return spelling.did_you_mean(name, known) if self._suggested <= _SUGGESTIONS else None

    def attempt(
        self,
        code: str,
        subject: str,
        location: diagnostics.SourceLocation | None,
        make: Callable[[], Result],
        otherwise: Result,
    ) -> Result:
        """Return what `make` returns; where it raises an error of ours, add that and return `otherwise`."""
        try:
            return make()
        except errors.WeftError as error:
            self.add(code, f"{subject}: {error.message}", remedy=error.remedy, location=location)
            return otherwise

    def raise_if_any(self) -> None:
        """Raise DefinitionsError with everything that was found, if anything was."""
        if self.found:
            raise diagnostics.DefinitionsError(self.found)
