"""shell, python and python_venv, called by themselves: real programs, real interpreters."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests import living

from weft.define import signals
from weft.model import errors
from weft.operators import PythonOperator, processes, python_venv, shell, venvs


def test_a_command_gives_its_last_line_and_says_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("echo one; echo two; echo") == "two"
    assert capsys.readouterr().out.split() == ["one", "two"]


def test_a_command_gives_its_whole_output_or_its_lines_where_asked() -> None:
    assert shell(["printf", "a b\nc"], result="text") == "a b\nc"
    assert shell("echo a; echo b; echo c >&2", result="lines") == ["a", "b"]
    assert shell("echo a", result="none") is None


def test_a_list_is_not_interpreted_by_a_shell() -> None:
    assert shell(["echo", "$HOME; *"]) == "$HOME; *"


def test_variables_and_folder_are_those_given(tmp_path: Path) -> None:
    assert shell('echo "$A $PWD"', env={"A": "x"}, cwd=str(tmp_path)) == f"x {tmp_path}"
    assert shell("echo ${HOME-unset}", inherit_env=False, env={"PATH": os.environ["PATH"]}) == "unset"


def test_an_exit_code_is_a_failure_that_has_the_last_lines() -> None:
    with pytest.raises(processes.ProcessError, match=r"`echo why >&2; exit 3` ended with exit code 3.*\nwhy") as caught:
        shell("echo why >&2; exit 3")
    assert caught.value.code == 3


def test_exit_code_99_skips() -> None:
    with pytest.raises(signals.Skip, match="exit code 99"):
        shell("exit 99")
    with pytest.raises(processes.ProcessError):
        shell("exit 99", skip_on_exit_code=None)


def test_a_program_ended_by_a_signal_is_told_so() -> None:
    with pytest.raises(processes.ProcessError, match="was ended by SIGKILL"):
        shell("kill -9 $$")


def test_a_timeout_ends_all_that_was_started(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match=r"longer than its timeout of 0\.5 s"):
        shell(f"sleep 100 & echo $! > {tmp_path}/child; wait", timeout=0.5)
    living.wait_until_ended(int((tmp_path / "child").read_text()))


def test_a_cancellation_ends_all_that_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_GRACE", 0.5)

    class CancelledError(BaseException):
        pass

    def cancel() -> None:
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
            time.sleep(0.01)
        signal.raise_signal(signal.SIGUSR1)

    def raise_it(*_: Any) -> None:
        raise CancelledError

    before = signal.signal(signal.SIGUSR1, raise_it)
    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        with pytest.raises(CancelledError):
            shell(f"trap '' TERM; sleep 100 & echo $! > {tmp_path}/child; wait; wait")
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    living.wait_until_ended(int((tmp_path / "child").read_text()))


def test_what_a_command_leaves_in_the_background_does_not_hold_it_up() -> None:
    child = int(shell("sleep 1000 & echo $!"))  # longer than a test may take
    if living.is_running(child):
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"command": ["no-such-program"]}, "The program 'no-such-program' is not there"),
        ({"command": "echo", "cwd": "/no/such/folder"}, "The folder '/no/such/folder' is not there"),
        ({"command": "  "}, "the command is empty"),
        ({"command": "echo", "result": "json"}, "result is 'json'"),
        ({"command": "echo", "retriez": 2}, "retriez"),
    ],
)
def test_wrong_arguments_of_a_command_are_told(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((errors.UsageError, TypeError), match=message):
        shell(**arguments)


def test_a_function_is_called_with_its_arguments() -> None:
    def add(a: int, b: int = 2, *, c: int = 0) -> int:
        return a + b + c

    assert PythonOperator(task_id="add", python_callable=add, op_args=[1], op_kwargs={"c": 5}) == 8


def test_wrong_arguments_of_a_function_are_told() -> None:
    def add(a: int) -> int:
        return a

    with pytest.raises(errors.UsageError, match=r"add\(a: 'int'\) -> 'int' can't be called like this"):
        PythonOperator(python_callable=add, op_args=[1, 2])
    with pytest.raises(errors.UsageError, match="python_callable is 3"):
        PythonOperator(python_callable=3)


# --- another Python ---------------------------------------------------------------------------------------------------

HERE = "of the module"


def described(numbers: list[int], *, unit: str = "") -> dict[str, Any]:
    import os
    import sys

    return {"sum": sum(numbers), "unit": unit, "pid": os.getpid(), "prefix": sys.prefix}


def fails() -> None:
    raise LookupError("not here")


def uses_a_module(value: Any) -> str:
    return json.dumps(value)


def uses_a_global() -> str:
    return HERE


def gives_a_set() -> set[int]:
    return {1}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WEFT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def test_a_function_runs_in_an_environment_of_its_own_which_is_kept(home: Path) -> None:
    found = python_venv(python_callable=described, op_args=[[1, 2]], op_kwargs={"unit": "m"})
    assert (found["sum"], found["unit"]) == (3, "m")
    assert found["pid"] != os.getpid()
    assert Path(found["prefix"]).parent == home / "venvs"
    again = python_venv(python_callable=described, op_args=[[]])
    assert again["prefix"] == found["prefix"]
    assert len([each for each in (home / "venvs").iterdir() if each.is_dir()]) == 1


def test_a_function_runs_in_an_interpreter_that_is_there(home: Path) -> None:
    found = python_venv(python_callable=described, op_args=[[1]], python=sys.executable)
    assert found["prefix"] == sys.prefix
    assert not (home / "venvs").exists()


def test_an_error_comes_back_with_its_traceback() -> None:
    with pytest.raises(venvs.VenvError, match="LookupError: not here") as caught:
        python_venv(python_callable=fails, python=sys.executable)
    assert "in fails" in str(caught.value)
    assert __file__ in str(caught.value)
    assert caught.value.kind == "builtins.LookupError"


def test_modules_that_a_function_names_are_imported_there() -> None:
    assert python_venv(python_callable=uses_a_module, op_args=[[1]], python=sys.executable) == "[1]"


def test_pickle_takes_more_than_json() -> None:
    assert python_venv(python_callable=gives_a_set, python=sys.executable, serializer="pickle") == {1}
    with pytest.raises(errors.UsageError, match=r"gives_a_set\(\) returned a set, which can't come back as json"):
        python_venv(python_callable=gives_a_set, python=sys.executable)


def test_what_can_not_go_to_another_python_is_told() -> None:
    around = 3

    def closure() -> int:
        return around

    with pytest.raises(errors.UsageError, match="uses 'around' of the function around it"):
        python_venv(python_callable=closure, python=sys.executable)
    with pytest.raises(errors.UsageError, match="uses 'HERE' of its module"):
        python_venv(python_callable=uses_a_global, python=sys.executable)
    with pytest.raises(errors.UsageError, match="is no function of its own"):
        python_venv(python_callable=lambda: 1, python=sys.executable)
    with pytest.raises(errors.UsageError, match="an argument can't go there as json"):
        python_venv(python_callable=described, op_args=[{1}], python=sys.executable)


def test_requirements_that_can_not_be_had_leave_nothing_behind(home: Path) -> None:
    with pytest.raises(processes.ProcessError, match=r"Making an environment with \./no-such-package"):
        python_venv(python_callable=fails, requirements=["./no-such-package"])
    assert [each for each in (home / "venvs").iterdir() if each.is_dir()] == []
