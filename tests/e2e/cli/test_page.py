"""The page on the command line says what the command line has."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from weft.service import views
from weft.service.asset import artifacts, correcting, version_details
from weft.service.run import run_details, run_logs
from weft.surfaces.cli import program

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
OBVIOUS = {"--help", "--file", "--module", "--limit", "--attempt", "--follow", "--after", "--output", "--dry-run"}


@pytest.mark.parametrize("name", program._COMMANDS)
def test_each_command_and_its_long_options_are_on_the_page(name):
    assert f"`weft {name}" in PAGE
    command = program.program.get_command(click.Context(program.program), name)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            long = [each for each in (*parameter.opts, *parameter.secondary_opts) if each.startswith("--")]
            assert all(each in PAGE for each in long if each not in OBVIOUS), long


@pytest.mark.parametrize(
    "view", [views.PlanView, views.StepView, views.CauseView, views.ApplyView, views.StatusView, views.RunView,
             views.VersionView, views.FailureView, run_logs.AttemptLog, run_details.RunDetail, run_details.StepRunView,
             views.QuestionView, run_details.WarningView, version_details.VersionDetail,
             artifacts.ArtifactContent, correcting.Correction]
)  # fmt: skip
def test_each_field_that_is_printed_as_json_is_on_the_page(view):
    assert [name for name in view.__struct_fields__ if f"`{name}`" not in PAGE] == []


def test_each_exit_code_is_on_the_page():
    for code in (
        program.DONE,
        program.FAILED,
        program.WRONG_USAGE,
        program.DRIFTED,
        program.TO_DO,
        program.INTERRUPTED,
    ):
        assert f"| {code} |" in PAGE
