"""The script that called a flow, as its worker processes see it: what it defines, without what it does.

As multiprocessing does, the script is run under another name, so that what is under `if __name__ == "__main__":` is
left out. A script without that guard calls its flow again as it is run: there it stops, and of the statements that
follow only definitions and assignments count, these as far as they can be made.
"""

from __future__ import annotations
import __future__

import ast
import sys
import types
from pathlib import Path
from typing import Any, NoReturn

from weft.ports import caller

_NAME = "__weft_main__"
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
_DEFINITIONS = (*_ASSIGNMENTS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class FlowCalled(BaseException):
    """A script called a flow while it was loaded. No Exception, so that no `except Exception` of it goes on."""


def load(file: Path, package: str | None) -> types.ModuleType:
    """The script's module, loaded once in a process; `package` is the one that it was run in by `python -m`.

    Raises:
        OSError, SyntaxError, Exception: it can't be read, or what a statement of it raised.
    """
    known = sys.modules.get(_NAME)
    if known is not None:
        return known
    module = sys.modules[_NAME] = types.ModuleType(_NAME)
    module.__file__, module.__package__ = str(file), package or ""
    caller.set_outermost(lambda: _Refusing())
    try:
        _run(ast.parse(file.read_bytes(), str(file)), module)
    except BaseException:
        del sys.modules[_NAME]
        raise
    finally:
        caller.set_outermost(None)
    return module


def _run(tree: ast.Module, module: types.ModuleType) -> None:
    flags, stopped = 0, False
    for statement in tree.body:
        if stopped and not isinstance(statement, _DEFINITIONS):
            continue
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for each in statement.names:
                flags |= getattr(__future__, each.name).compiler_flag
        only = ast.Module(body=[statement], type_ignores=[])
        try:
            exec(compile(only, module.__file__ or "", "exec", flags=flags, dont_inherit=True), module.__dict__)  # noqa: S102
        except FlowCalled:
            stopped = True
        except Exception:
            if not stopped or not isinstance(statement, _ASSIGNMENTS):
                raise  # else it is of a value that the flow would have given


class _Refusing:
    """Runs no flow."""

    def call_flow(self, *_: Any, **__: Any) -> NoReturn:
        raise FlowCalled

    resume = call_flow
