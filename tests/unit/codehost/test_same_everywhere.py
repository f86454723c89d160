"""A manifest is the same in every process, under every hash seed, and wherever the project lies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import msgspec

from weft.codehost import fingerprint

ETL = """
import pathlib
import helpers
ROOT = pathlib.Path(__file__).parent
NAMES = {"a", "b", "c"}

def make(names, root, text):
    def inner(value):
        return value in names, root, text, helpers.clean(value)
    return inner

inner = make(frozenset({"x", "y", "z", 1, (2, 3)}), ROOT / "data", str(ROOT / "more"))

def target(value):
    return value in {"p", "q", "r"} and value in NAMES and inner(value)

def outer(value):
    return target(value)
"""
MAIN = """
if __name__ == "__main__":
    from weft.codehost import fingerprint
    import msgspec
    root = pathlib.Path(__file__).parent
    print(msgspec.json.encode(fingerprint.Fingerprinter(root).manifest(outer)).decode())
"""
PROGRAM = """
import sys, msgspec, pathlib
from weft.codehost import fingerprint, loading, project
root = pathlib.Path(sys.argv[1])
loaded = loading.load_namespace(project.find_project(root, file=root / "etl.py"))
print(msgspec.json.encode(fingerprint.Fingerprinter(root).manifest(loaded.modules[0].outer)).decode())
"""


def run(*arguments: str, seed: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_manifest_is_the_same_in_every_process_and_place(workspace, tmp_path_factory):
    workspace.write(etl=ETL + MAIN, helpers="def clean(v):\n    return v")
    here = workspace.load().modules[0]
    manifest = fingerprint.Fingerprinter(workspace.root).manifest(here.outer)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.copytree(workspace.root, elsewhere)
    outputs = {
        run("-c", PROGRAM, str(workspace.root), seed="1"),
        run("-c", PROGRAM, str(elsewhere), seed="2"),
        run(str(elsewhere / "etl.py"), seed="3"),
    }
    assert len(outputs) == 1
    assert msgspec.json.decode(outputs.pop(), type=type(manifest)) == manifest
