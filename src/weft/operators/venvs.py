"""`python_venv`: a function in another Python, with requirements of its own.

Only the function goes there, as source: it imports what it needs in its body. Arguments and result travel in files, as
JSON, or as pickle between the two processes of the one user.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import json
import os
import pickle
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal

from weft.connections import places
from weft.define import durations, tasks
from weft.model import errors
from weft.operators import defining, locking, processes

Serializer = Literal["json", "pickle"]

_CHILD = r"""
import json, pickle, sys, traceback
folder, serializer = sys.argv[1], sys.argv[2]
codec = json if serializer == "json" else pickle
mode = "" if serializer == "json" else "b"
with open(folder + "/arguments", "r" + mode) as file:
    args, kwargs = codec.load(file)
with open(folder + "/function.json") as file:
    given = json.load(file)
found = {"__name__": "__weft_venv__"}
try:
    exec(compile(given["source"], given["file"], "exec"), found)
    value = found[given["name"]](*args, **kwargs)
    answer = {"value": value}
except BaseException as error:
    lines = traceback.format_exception(type(error), error, error.__traceback__.tb_next)
    answer = {"error": [type(error).__module__ + "." + type(error).__qualname__, str(error), "".join(lines)]}
try:
    if "error" in answer:
        with open(folder + "/error", "w") as file:
            json.dump(answer["error"], file)
    else:
        with open(folder + "/result", "w" + mode) as file:
            codec.dump(answer["value"], file)
except Exception as error:
    with open(folder + "/unserializable", "w") as file:
        file.write(type(value).__qualname__ + "\n" + str(error))
"""


class VenvError(Exception):
    """A function raised in the other Python; `kind` names the type of what it raised, `traceback` is from there."""

    def __init__(self, kind: str, message: str, traceback: str) -> None:
        """Keep what was raised there."""
        short = kind.removeprefix("builtins.")
        super().__init__(f"{short}: {message}\n\nIn the other Python:\n{traceback.rstrip()}")
        self.kind = kind
        self.message = message
        self.traceback = traceback

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it: it comes back from other processes."""
        return type(self), (self.kind, self.message, self.traceback)


@defining.operator("python_venv", templates=("op_args", "op_kwargs", "requirements"))
def python_venv(
    python_callable: Callable[..., Any],
    *,
    requirements: str | Sequence[str] = (),
    python: str | None = None,
    op_args: Sequence[Any] = (),
    op_kwargs: Mapping[str, Any] | None = None,
    serializer: Serializer = "json",
    env: Mapping[str, str] | None = None,
    timeout: durations.Duration | None = None,
) -> Any:
    """Call a function in another Python, and return what it returns.

    Args:
        python_callable: a plain function that needs nothing from around it, but modules: those that it names are
            imported there.
        requirements: packages that it needs, as pip takes them: a list, or text with one in each line. They are
            installed into an environment that is kept, under a name made of them and the version of Python.
        python: an interpreter to run it with as it is (a path, no requirements), or, with requirements, that the
            environment is made from; this one unless given.
        op_args: its arguments by position.
        op_kwargs: its arguments by name.
        serializer: how arguments and result travel: "json", or "pickle" where both sides have the same classes.
        env: variables to set.
        timeout: after which it is ended.

    Raises:
        VenvError: what the function raised there, with its traceback.
        ProcessError: the other Python ended before it could answer, or the requirements can't be installed.
        UsageError: the function can't go there, or what it takes or returns can't.
    """
    if serializer not in ("json", "pickle"):
        raise errors.UsageError(f"python_venv: serializer is {serializer!r}.", remedy="Write json or pickle.")
    source = _source(python_callable)
    interpreter = python if python is not None and not requirements else str(environment(requirements, python))
    with tempfile.TemporaryDirectory(prefix="weft-venv-") as folder:
        place = Path(folder)
        _write_arguments(place / "arguments", (list(op_args), dict(op_kwargs or {})), serializer)
        (place / "function.json").write_text(json.dumps(source), encoding="utf-8")
        (place / "child.py").write_text(_CHILD, encoding="utf-8")
        finished = processes.run(
            [interpreter, "-I", "-u", str(place / "child.py"), folder, serializer],
            env=processes.environment(env),
            timeout=None if timeout is None else durations.seconds(timeout, what="timeout"),
        )
        return _answer(place, source["name"], serializer, finished)


def _answer(place: Path, name: str, serializer: Serializer, finished: processes.Finished) -> Any:
    if (place / "error").exists():
        raise VenvError(*json.loads((place / "error").read_text(encoding="utf-8")))
    if (place / "unserializable").exists():
        kind, _, reason = (place / "unserializable").read_text(encoding="utf-8").partition("\n")
        raise errors.UsageError(
            f"python_venv: {name}() returned a {kind}, which can't come back as {serializer}: {reason}.",
            remedy="Return lists, mappings, texts and numbers, or write a file and return its path.",
        )
    if finished.code != 0 or not (place / "result").exists():
        raise processes.failed(f"The Python of {name}()", finished)
    if serializer == "json":
        return json.loads((place / "result").read_text(encoding="utf-8"))
    return pickle.loads((place / "result").read_bytes())  # noqa: S301 - our own child wrote it, as this very user


def _write_arguments(path: Path, arguments: object, serializer: Serializer) -> None:
    try:
        if serializer == "json":
            path.write_text(json.dumps(arguments), encoding="utf-8")
        else:
            path.write_bytes(pickle.dumps(arguments, protocol=4))
    except (TypeError, ValueError, AttributeError, pickle.PicklingError) as error:
        raise errors.UsageError(
            f"python_venv: an argument can't go there as {serializer}: {error}.",
            remedy="Give lists, mappings, texts and numbers, or the path of a file.",
        ) from error


# --- the function ---


def _source(function: Any) -> dict[str, str]:
    """The source of a function without its decorators, with imports of the modules that it names."""
    if isinstance(function, tasks.TaskDefinition):
        function = function.function
    name = getattr(function, "__name__", repr(function))
    if not inspect.isfunction(function) or name == "<lambda>":
        raise errors.UsageError(
            f"python_venv: {function!r} is no function of its own.", remedy="Give a function that `def` defines."
        )
    if function.__code__.co_freevars:
        raise errors.UsageError(
            f"python_venv: {name}() uses {function.__code__.co_freevars[0]!r} of the function around it, "
            "which the other Python does not have.",
            remedy="Pass it as an argument.",
        )
    try:
        lines, first = inspect.getsourcelines(function)
    except OSError as error:
        raise errors.UsageError(
            f"python_venv: the source of {name}() can't be found.", remedy="Define it in a file."
        ) from error
    tree = ast.parse(textwrap.dedent("".join(lines)))
    definition = tree.body[0]
    assert isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef))
    if isinstance(definition, ast.AsyncFunctionDef):
        raise errors.UsageError(
            f"python_venv: {name}() is asynchronous.", remedy="Give a plain function; call asyncio.run in it."
        )
    definition.decorator_list = []
    definition.returns = None
    for argument in ast.walk(definition.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    imports = "".join(f"import {path} as {each}\n" for each, path in _modules(function).items())
    # blank lines before it, so that tracebacks name the lines of the user's own file
    text = ast.unparse(definition)
    before = "\n" * max(0, first - 1 - imports.count("\n"))
    return {"name": name, "source": imports + before + text, "file": function.__code__.co_filename}


def _modules(function: Any) -> dict[str, str]:
    """The modules that a function names, by the name that it knows them under.

    Raises:
        UsageError: it names something else of its module.
    """
    found: dict[str, str] = {}
    for name in sorted(_names(function.__code__)):
        if name not in function.__globals__ or hasattr(builtins, name):
            continue
        value = function.__globals__[name]
        if not isinstance(value, ModuleType):
            raise errors.UsageError(
                f"python_venv: {function.__name__}() uses {name!r} of its module, "
                "which the other Python does not have.",
                remedy="Import or define it within the function, or pass it as an argument.",
            )
        found[name] = value.__name__
    return found


def _names(code: CodeType) -> set[str]:
    import dis

    found = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found


# --- the environment ---


def environment(requirements: str | Sequence[str], python: str | None = None) -> Path:
    """The interpreter of an environment that has these packages; it is made where it is not there yet, and kept.

    It is made by `uv` where that is installed, else by venv and pip.

    Raises:
        ProcessError: the packages can't be installed; nothing half-made is kept.
        UsageError: there is no such interpreter.
    """
    base = python or sys.executable
    several = requirements.splitlines() if isinstance(requirements, str) else requirements
    wanted = sorted({each.strip() for each in several if each.strip() and not each.lstrip().startswith("#")})
    version = processes.run([base, "-c", "import sys; print(sys.version)"], keep=True, say=processes.silent)
    if version.code != 0:
        raise processes.failed(f"The Python {base}", version)
    name = hashlib.sha256(json.dumps([wanted, version.text, os.path.realpath(base)]).encode()).hexdigest()[:20]
    folder = places.find().home / "venvs" / name
    interpreter, complete = folder / "bin" / "python", folder / ".complete"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locking.alone(folder.parent / f".{name}.lock"):
        if complete.exists() and interpreter.exists():
            return interpreter
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _make(folder, base, wanted)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        complete.write_text("\n".join(wanted), encoding="utf-8")
    return interpreter


def _make(folder: Path, base: str, wanted: Sequence[str]) -> None:
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    interpreter = str(folder / "bin" / "python")
    defining.say(f"Making an environment with {', '.join(wanted) or 'no packages'}.")
    if uv is not None:
        steps = [[uv, "venv", "--quiet", "--python", base, str(folder)]]
        if wanted:
            steps.append([uv, "pip", "install", "--quiet", "--python", interpreter, *wanted])
    else:
        bare = [] if wanted else ["--without-pip"]
        steps = [[base, "-m", "venv", *bare, str(folder)]]
        if wanted:
            quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
            steps.append([interpreter, "-m", "pip", "install", *quiet, *wanted])
    for arguments in steps:
        finished = processes.run(arguments)
        if finished.code != 0:
            raise processes.failed(f"Making an environment with {', '.join(wanted)}", finished)
