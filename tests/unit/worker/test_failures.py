"""Failures as they are kept: whose frames and which names they show."""

from __future__ import annotations

from weft.model import errors
from weft.worker import failures, masking
from weft.worker.tasks import names, templates


def described(error: Exception) -> str:
    try:
        raise error
    except Exception as raised:
        return failures.describe(raised, masking.Masks(())).traceback


def test_an_error_that_weft_raises_at_a_line_of_the_users_ends_with_that_line() -> None:
    try:
        templates.Templates()._compile("{{ ds }", "The template")
    except errors.WeftError as raised:
        told = failures.describe(raised, masking.Masks(()))
    assert told.told.startswith("TemplateError: The template is misspelt")
    assert "templates.py" not in told.traceback
    assert told.traceback.count("  File ") == 1
    assert told.traceback.splitlines()[-1].startswith("TemplateError: ")


def test_an_error_that_is_wholly_wefts_has_no_frames_and_no_cause_that_it_tells_itself() -> None:
    error = errors.UsageError("It can't be filled in: There is no variable 'x'.")
    error.__cause__ = errors.UsageError("There is no variable 'x'.")
    told = failures.describe(error, masking.Masks(())).traceback
    assert told == "UsageError: It can't be filled in: There is no variable 'x'.\n"


def test_the_error_of_the_users_code_behind_an_error_of_weft_is_kept() -> None:
    error = errors.UsageError("It can't be filled in.")
    try:
        names.ds_add("no day", 1)
    except ValueError as raised:
        error.__cause__ = raised
    told = failures.describe(error, masking.Masks(())).traceback
    assert "ValueError" in told
    assert "test_failures.py" in told


def test_an_error_of_the_users_keeps_the_name_of_its_module() -> None:
    class Own(Exception):
        pass

    assert described(Own("x")).splitlines()[-1].endswith("Own: x")
    assert "test_failures" in described(Own("x")).splitlines()[-1]
