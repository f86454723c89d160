"""What wheels and sdists have inside: the web UI as it was built, and in the sdist what it is built from."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.integration.packaging.test_ui_building import ROOT, hatch_build

BUILT = ("index.html", "static/index-Ab12.js", "static/index-Ab12.js.gz", ".stamp")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree of weft whose UI was built."""
    tree = tmp_path / "tree"
    (tree / "src" / "weft").mkdir(parents=True)
    for name in ("pyproject.toml", "hatch_build.py", ".gitignore", "README.md", "CHANGELOG.md", "LICENSE"):
        (tree / name).write_bytes((ROOT / name).read_bytes())
    (tree / "src" / "weft" / "__init__.py").write_text("")
    for name in (*hatch_build._INPUTS, "src/main.ts", "public/icon.svg", "node_modules/x.js", "tools/t.mjs"):
        path = tree / "ui" / name
        if path.name not in ("src", "public"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('{"packages": {}}' if path.suffix == ".json" else name)
    monkeypatch.setattr(hatch_build, "UI", tree / "ui")
    for name in BUILT:
        path = tree / "src" / "weft" / "_ui" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(hatch_build.sources() if name == ".stamp" else "<head>")
    return tree


def packaged(tree: Path, out: Path, kind: str) -> Path:
    """Build a wheel or an sdist, with no Node and no network."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(out)],
        cwd=tree, capture_output=True, text=True, check=False, env={**os.environ, "PATH": "/nowhere"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (made,) = out.iterdir()
    return made


def test_a_wheel_has_the_ui_and_nothing_that_it_is_built_from(tree: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packaged(tree, tmp_path / "wheel", "wheel")) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(["weft/__init__.py", *(f"weft/_ui/{name}" for name in BUILT)])


def test_an_sdist_has_the_ui_and_makes_a_wheel_without_node(tree: Path, tmp_path: Path) -> None:
    with tarfile.open(packaged(tree, tmp_path / "sdist", "sdist")) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
        sdist.extractall(tmp_path / "unpacked", filter="data")
    assert {f"src/weft/_ui/{name}" for name in BUILT} | {"ui/.npmrc", "ui/src/main.ts", "hatch_build.py"} <= names
    assert not [name for name in names if "node_modules" in name]
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    with zipfile.ZipFile(packaged(unpacked, tmp_path / "wheel", "wheel")) as wheel:
        assert {f"weft/_ui/{name}" for name in BUILT} <= set(wheel.namelist())
    (unpacked / "ui" / "src" / "main.ts").write_text("changed")
    with pytest.raises(AssertionError, match="WEFT_SKIP_UI=1"):
        packaged(unpacked, tmp_path / "another", "wheel")
