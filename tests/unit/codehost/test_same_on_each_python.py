"""A manifest is the same under every version of Python: against a stored table, and across the interpreters at hand.

The table in `corpus/expected.json` holds for the algorithm `tree1` and is never edited: a change of hashing that moves
one of its digests is a new algorithm, with a name of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from weft.codehost import fingerprint, trees
from weft.model import code

CORPUS = Path(__file__).parent / "corpus"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
# Only `trees` is loaded, by its path: another interpreter need not have what weft depends on.
PROGRAM = """
import ast, importlib.util, json, pathlib, sys
spec = importlib.util.spec_from_file_location("trees", sys.argv[1])
trees = importlib.util.module_from_spec(spec)
sys.modules["trees"] = trees
spec.loader.exec_module(trees)
found = []
for name in sys.argv[2:]:
    for node in ast.walk(ast.parse(pathlib.Path(name).read_bytes())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            facts = trees.function_facts(node, lambda _: False)
        elif isinstance(node, ast.ClassDef):
            facts = trees.class_facts(node, lambda _: False)
        elif isinstance(node, ast.stmt):
            facts = trees.statement_facts([node], lambda _: False)
        else:
            continue
        found.append([pathlib.Path(name).name, node.lineno, facts.hash, facts.header, facts.body, facts.imports])
print(json.dumps(found))
"""


def interpreters() -> dict[str, tuple[str, dict[str, str]]]:
    """Return a program and an environment for each version of Python that can be run here, this one among them."""
    found = {HERE: (sys.executable, dict(os.environ))}
    for version in VERSIONS:
        program = shutil.which(f"python{version}")
        if version in found or program is None:
            continue
        # What is found may be a shim of pyenv, which asks this variable for the version.
        environment = {**os.environ, "PYENV_VERSION": version}
        done = subprocess.run([program, "-c", "pass"], env=environment, capture_output=True, check=False)
        if done.returncode == 0:
            found[version] = (program, environment)
    return found


@pytest.fixture
def corpus(workspace):
    for file in CORPUS.glob("*.py.txt"):
        shutil.copy(file, workspace.root / file.name.removesuffix(".txt"))
    sys.modules.pop("pipes", None)
    return workspace


def test_manifests_are_those_of_the_table(corpus):
    module = corpus.load().modules[0]
    fingerprinter = fingerprint.Fingerprinter(corpus.root)
    steps = [name for name in vars(module) if name.startswith("step_")]
    found = {name: fingerprinter.manifest(getattr(module, name)) for name in steps}
    assert code.ALGORITHM == "tree1"
    assert {name: each.entries for name, each in found.items()} == json.loads((CORPUS / "expected.json").read_text())
    assert {each.untracked for each in found.values()} == {()}


def test_every_interpreter_at_hand_hashes_the_same():
    available = interpreters()
    if len(available) == 1:
        pytest.skip(f"only Python {HERE} is here: python{', python'.join(VERSIONS)} are looked for on PATH")
    files = [str(file) for file in sorted(CORPUS.glob("*.py.txt"))]
    outputs = {}
    for version, (program, environment) in available.items():
        arguments = [program, "-I", "-W", "ignore", "-c", PROGRAM, trees.__file__, *files]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
        outputs[version] = json.loads(done.stdout)
    assert len(outputs[HERE]) > 100
    for version, output in outputs.items():
        assert output == outputs[HERE], f"Python {version} and {HERE} differ"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are syntax of Python 3.12")
def test_type_parameters_do_not_count(workspace):
    plain = "def inner(v):\n    return v\n\ndef target(v):\n    return inner(v)\n"
    generic = "def inner[T](v: T) -> T:\n    return v\n\ndef target[*T](v):\n    return inner(v)\n"
    assert workspace.changes({"etl": plain}, {"etl": generic}) == set()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type` is a statement of Python 3.12")
def test_a_type_alias_counts_by_its_statement(workspace):
    text = "type Rows = list[int]\n\ndef target(v: Rows):\n    return v\n"
    assert workspace.changes({"etl": text}, {"etl": text.replace("int", "str")}) == {"changed etl.Rows"}
    assert workspace.manifest().untracked == ()


@pytest.mark.parametrize(
    "text",
    [
        "namedtuple('Pair', 'a b')",
        "Enum('Pair', 'A B')",
        "make_dataclass('Pair', ['a', 'b'])",
        "NamedTuple('Pair', [('a', int)])",
    ],
)
@pytest.mark.parametrize("where", ["etl", "helpers"])
def test_a_class_that_a_call_makes_counts_by_its_statement(workspace, text, where):
    made = f"""
        from collections import namedtuple
        from enum import Enum
        from dataclasses import make_dataclass
        from typing import NamedTuple
        Pair = {text}
    """
    target = "def target():\n    return Pair\n"
    if where == "etl":
        files = {"etl": textwrap.dedent(made) + target}
    else:
        files = {"etl": f"from helpers import Pair\n{target}", "helpers": made}
    other = {where: files[where].replace("'Pair'", "'Other'")}
    assert set(workspace.manifest(**files).entries) == {"etl.target", f"{where}.Pair"}
    assert workspace.changes(files, other) == {f"changed {where}.Pair"}
