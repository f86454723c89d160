from pathlib import Path

import pytest
from faulty_bodies import assignment, drive, started, text_of

from weft.executors import inline
from weft.testing import executor_conformance

MEGABYTE = 1_000_000


@pytest.mark.parametrize("body", ["prints_much", "writes_much"])
def test_output_beyond_the_limit_is_cut_with_a_notice(tmp_path, body):
    with started(tmp_path, jobs=1, log_limit=MEGABYTE) as running:
        report, after = drive(running, [assignment(1, body), assignment(2, "talks_below_python")])
    assert report.outcome == "succeeded"
    assert MEGABYTE < report.log.end - report.log.start < MEGABYTE + 200
    assert "longer than 1,000,000 bytes" in text_of(tmp_path, report.log)[-120:]
    assert text_of(tmp_path, after.log) == "descriptor\nchild\nchild error\n"
    written = sum(each.stat().st_size for each in (tmp_path / "logs").rglob("*.log"))
    assert written < MEGABYTE + 10_000


@pytest.mark.parametrize("secrets", [(), ("something else",)])
def test_output_below_python_is_kept_with_and_without_a_pump(tmp_path, secrets):
    with started(tmp_path, jobs=1, secrets=secrets) as running:
        reports = drive(running, [assignment(number, "talks_below_python") for number in range(3)])
    assert [text_of(tmp_path, each.log) for each in reports] == ["descriptor\nchild\nchild error\n"] * 3


def test_secrets_are_masked_in_output_of_all_kinds_and_in_errors(tmp_path):
    with started(tmp_path, jobs=1, secrets=("hunter2-hunter2",)) as running:
        (report,) = drive(running, [assignment(1, "tells_secret")])
    text = text_of(tmp_path, report.log)
    assert "python ***" in text
    assert "descriptor ***\n" in text
    assert "child ***\n" in text
    everything = text + report.error.message + report.error.traceback
    assert "hunter2-hunter2" not in everything
    assert report.error.message == "cannot log in with ***"


def test_a_log_folder_that_cannot_be_written_does_not_fail_bodies(tmp_path):
    (tmp_path / "logs").write_text("a file where a folder should be")
    with started(tmp_path, jobs=1) as running:
        (report,) = drive(running, [assignment(1, "talks_below_python")])
    assert report.outcome == "succeeded"
    assert report.log is None


def test_inline_leaves_the_streams_of_its_caller_as_they_were(tmp_path: Path, capsys):
    running = inline.InlineExecutor(
        executor_conformance.definitions(str(tmp_path / "values")), logs_folder=tmp_path / "logs"
    )
    running.start()
    (report,) = drive(running, [assignment(1, "prints", "p")])
    print("of the caller")
    running.close()
    assert capsys.readouterr().out == "of the caller\n"
    assert text_of(tmp_path, report.log).startswith("printed p\n")
    assert Path(report.log.file).name.startswith("inline-")
