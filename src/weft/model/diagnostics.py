"""Diagnostics: what is wrong with definitions, collected rather than thrown one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from weft.model import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLocation:
    """A place in a source file, `line` counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing that is wrong: a stable `code`, what and why, what to do, and where."""

    code: str
    message: str
    remedy: str | None = None
    location: SourceLocation | None = None

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy} [{self.code}]"


class DefinitionsError(errors.WeftError):
    """Definitions that do not load; `diagnostics` has every problem that was found."""

    code = "definitions"

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep all `diagnostics`, in the order in which they were found."""
        self.diagnostics: Sequence[Diagnostic] = tuple(diagnostics)
        count = len(self.diagnostics)
        head = "The definitions have a problem" if count == 1 else f"The definitions have {count} problems"
        super().__init__("\n  ".join([f"{head}:", *(str(each) for each in self.diagnostics)]))
