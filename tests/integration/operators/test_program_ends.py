"""Programs with much output, strange output, and ends that are not their own; environments with packages in them."""

from __future__ import annotations

import pickle
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests import living

from weft.model import errors
from weft.operators import dbt_command, locking, processes, python_venv, requests, shell, venvs, waiting

PEAK = "Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]"
"""The most memory that a process had, in KiB; what `resource` says counts that of its parent."""


def test_output_without_lines_is_read_in_little_time_and_memory() -> None:
    code = (
        "from pathlib import Path; from weft.operators import shell\n"
        "found = shell('head -c 300000000 /dev/zero; echo; echo end', result='last_line')\n"
        f"print(found, {PEAK})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=200).stdout
    last, size = said.split()[-2:]
    assert last == "end"
    assert "(298,951,424 more bytes)" in said
    assert int(size) < 120_000  # KiB


def test_output_that_is_no_text_is_read_all_the_same() -> None:
    assert shell(r"printf '\xff\xfe\000 caf\xe9\n'") == "\ufffd\ufffd\x00 caf\ufffd"
    assert shell("printf 'a\r\nb\r\n'", result="text") == "a\nb"
    assert shell("printf 'a\n\n'", result="lines") == ["a", ""]
    assert shell("true", result="text") == ""
    assert shell("true") == ""


def test_what_is_to_be_returned_has_a_limit() -> None:
    with pytest.raises(errors.UsageError, match="wrote more than 64 MiB to stdout"):
        shell("head -c 70000000 /dev/zero", result="text")


def test_a_long_last_line_does_not_swamp_the_error() -> None:
    with pytest.raises(processes.ProcessError) as caught:
        shell("head -c 100000 /dev/zero | tr '\\0' x; exit 1")
    assert len(str(caught.value)) < 2_000


def test_a_program_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = f"from weft.operators import shell\nshell('sleep 100 & echo $! > {tmp_path}/child; wait')"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        child = _written(tmp_path / "child")
        process.send_signal(signal.SIGKILL)
    living.wait_until_ended(child)


def test_no_child_is_left_behind() -> None:
    code = (
        "import os, subprocess; from weft.operators import shell\n"
        "for each in ('true', 'echo a', 'exit 99'):\n"
        "    try: shell(each)\n"
        "    except Exception: pass\n"
        "try: shell('sleep 50', timeout=0.2)\n"
        "except TimeoutError: pass\n"
        "try: os.waitpid(-1, os.WNOHANG); print('left')\n"
        "except ChildProcessError: print('none')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split()[-1] == "none"


@pytest.mark.parametrize(
    "error",
    [
        processes.ProcessError("m", code=3), dbt_command.DbtError("m", code=1), requests.HttpError("m", status=500),
        requests.HttpRefusedError("m", status=404), requests.HttpUnreachableError("m", status=0),
        venvs.VenvError("builtins.KeyError", "m", "t"), waiting.WaitTimeoutError("m"),
    ],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_an_error_comes_back_whole_from_another_process(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_cancellation_is_heard_while_another_holds_the_lock(tmp_path: Path) -> None:
    class CancelledError(BaseException):
        pass

    def raise_it(*_: Any) -> None:
        raise CancelledError

    before = signal.signal(signal.SIGALRM, raise_it)
    try:
        with locking.alone(tmp_path / "lock"):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(CancelledError), locking.alone(tmp_path / "lock"):
                pytest.fail("it was held by two")
    finally:
        signal.signal(signal.SIGALRM, before)
    with locking.alone(tmp_path / "lock"):
        pass


# --- environments with packages ---------------------------------------------------------------------------------------


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package that is a file, so that nothing is fetched."""
    path = tmp_path / "looms-1.2-py3-none-any.whl"
    facts = "looms-1.2.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("looms.py", "THREADS = 12\n")
        file.writestr(f"{facts}/METADATA", "Metadata-Version: 2.1\nName: looms\nVersion: 1.2\n")
        file.writestr(
            f"{facts}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{facts}/RECORD", f"looms.py,,\n{facts}/METADATA,,\n{facts}/WHEEL,,\n{facts}/RECORD,,\n")
    return path


def threads() -> list[Any]:
    import sys

    import looms  # type: ignore[import-not-found]

    return [looms.THREADS, sys.prefix]


@pytest.mark.parametrize("maker", ["uv", pytest.param("pip", marks=pytest.mark.slow)])
def test_requirements_are_installed_once(
    maker: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEFT_HOME", str(tmp_path / "home"))
    if maker == "uv":
        if not (Path(sys.executable).parent / "uv").exists() and shutil.which("uv") is None:
            pytest.skip("there is no uv on this machine")
        monkeypatch.setenv("UV_OFFLINE", "1")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    else:
        bare = tmp_path / "bare" / "bin" / "python"  # one that has no uv beside it
        bare.parent.mkdir(parents=True)
        bare.symlink_to(Path(sys.executable).resolve())
        monkeypatch.setattr(sys, "executable", str(bare))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        assert shutil.which("uv") is None
    count, prefix = python_venv(python_callable=threads, requirements=[str(wheel)])
    assert count == 12
    assert Path(prefix).is_relative_to(tmp_path / "home")
    assert "Making an environment" in capsys.readouterr().out
    assert python_venv(python_callable=threads, requirements=f"# ours\n{wheel}\n") == [12, prefix]
    assert "Making an environment" not in capsys.readouterr().out


def _written(path: Path) -> int:
    deadline = time.monotonic() + 60
    while not path.exists() or not path.read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())
