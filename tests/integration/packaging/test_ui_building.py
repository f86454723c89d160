"""The build of the web UI: when it runs, with what, and what its lock says."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "ui" / "tools")]
import complete_lock  # noqa: E402
import hatch_build  # noqa: E402

del sys.path[:2]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build over a small tree of its own."""
    ui = tmp_path / "ui"
    for name in ("src/main.ts", "src/main.test.ts", "tools/x.mjs", "index.html", "package.json", "package-lock.json"):
        path = ui / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"packages": {}}')
    monkeypatch.setattr(hatch_build, "ROOT", tmp_path)
    monkeypatch.setattr(hatch_build, "UI", ui)
    monkeypatch.setattr(hatch_build, "BUILT", tmp_path / "src" / "weft" / "_ui")
    monkeypatch.delenv(hatch_build.SKIP, raising=False)
    return hatch_build


def program(folder: Path, name: str, text: str) -> None:
    """A program on a PATH of this test's."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def with_programs(folder: Path, monkeypatch: pytest.MonkeyPatch, *, version: str = "v22.12.0", npm: str) -> None:
    """A Node of this version on PATH, and an npm that does what is said."""
    program(folder, "node", f"echo {version}")
    program(folder, "npm", npm)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


BUILDS = 'case "$1" in run) mkdir -p ../src/weft/_ui/static; echo "<head>" > ../src/weft/_ui/index.html ;; esac'


def test_it_builds_once_and_again_when_a_source_changes(
    tree: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(tmp_path / "bin", monkeypatch, npm=f'echo "$@" >> {tmp_path}/calls; {BUILDS}')
    assert tree.is_needed()
    tree.build(lambda text: None)
    assert (tree.BUILT / "index.html").read_text() == "<head>\n"
    assert (tmp_path / "calls").read_text().startswith("ci --omit=dev --ignore-scripts")
    assert not tree.is_needed()
    (tree.UI / "src" / "main.test.ts").write_text("changed")
    (tree.UI / "tools" / "x.mjs").write_text("changed")
    assert not tree.is_needed()
    (tree.UI / "src" / "main.ts").write_text("changed")
    assert tree.is_needed()


def test_a_build_without_its_sources_is_taken_as_it_is(tree: ModuleType, tmp_path: Path) -> None:
    tree.UI.rename(tmp_path / "elsewhere")
    assert tree.is_needed()
    tree.BUILT.mkdir(parents=True)
    (tree.BUILT / "index.html").write_text("<head>")
    assert not tree.is_needed()


def test_it_can_be_left_out(tree: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tree.SKIP, "1")
    assert not tree.is_needed()
    monkeypatch.setenv(tree.SKIP, "0")
    assert tree.is_needed()


@pytest.mark.parametrize(
    ("version", "fits"),
    [("v18.20.0", False), ("v20.18.9", False), ("v20.19.0", True), ("v21.7.0", False), ("v22.11.0", False),
     ("v22.12.0", True), ("v24.1.0", True), ("", False)],
)  # fmt: skip
def test_a_node_that_vite_does_not_run_on_is_not_used(
    tree: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fits: bool
) -> None:
    with_programs(tmp_path / "bin", monkeypatch, version=version, npm="")
    assert (tree.machines_node() is not None) == fits
    hook = tree.CustomBuildHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    assert hook.dependencies() == ([] if fits else [tree.NODE_FROM_PYPI])


def test_a_failure_tells_what_npm_said_and_how_to_do_without(
    tree: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(tmp_path / "bin", monkeypatch, npm="echo no such registry >&2; exit 7")
    with pytest.raises(
        RuntimeError, match=r"(?s)ended with 7:\nno such registry.*WEFT_SKIP_UI=1 installs weft without"
    ):
        tree.build(lambda text: None)
    assert tree.is_needed()
    assert not tree.BUILT.exists()


def test_what_a_browser_takes_compressed_is_compressed_once_and_the_same_each_time(tree: ModuleType) -> None:
    static = tree.BUILT / "static"
    static.mkdir(parents=True)
    for name, content in (("a.js", b"x" * 5000), ("small.js", b"x"), ("font.woff2", b"x" * 5000)):
        (static / name).write_bytes(content)
    tree.pack(tree.BUILT)
    first = (static / "a.js.gz").read_bytes()
    tree.pack(tree.BUILT)
    assert (static / "a.js.gz").read_bytes() == first
    assert gzip.decompress(first) == b"x" * 5000
    assert sorted(each.name for each in static.iterdir()) == ["a.js", "a.js.gz", "font.woff2", "small.js"]


def test_packages_are_installed_anew_when_the_lock_names_others(tree: ModuleType) -> None:
    def lock(path: Path, **versions: str) -> None:
        path.parent.mkdir(exist_ok=True)
        packages = {f"node_modules/{name}": {"version": version} for name, version in versions.items()}
        packages["node_modules/other-system"] = {"version": "1", "optional": True}  # type: ignore[dict-item]
        path.write_text(json.dumps({"packages": {"": {}, **packages}}))

    assert not tree.is_installed(tree.UI)
    lock(tree.UI / "package-lock.json", vite="8.3.8")
    lock(tree.UI / "node_modules" / ".package-lock.json", vite="8.3.8", left="1.0.0")
    assert tree.is_installed(tree.UI)
    lock(tree.UI / "package-lock.json", vite="8.3.9")
    assert not tree.is_installed(tree.UI)


@pytest.mark.parametrize("path", complete_lock.LOCKS, ids=lambda path: path.parent.name)
def test_the_lock_names_no_registry_and_has_every_platform(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lock = json.loads(text)
    assert "resolved" not in text
    assert "://" not in "".join(
        json.dumps({name: value for name, value in each.items() if name not in ("funding", "bugs")})
        for each in lock["packages"].values()
    )
    assert sorted(complete_lock.holes(lock)) == [], "`python ui/tools/complete_lock.py` fills them"
    named = json.loads((path.parent / "package.json").read_text(encoding="utf-8"))
    for field in ("dependencies", "devDependencies"):
        assert lock["packages"][""].get(field, {}) == named.get(field, {})
