"""dbt: a project's models as assets, with the dependencies that its manifest has.

    project = DbtProject("analytics")
    dbt = DbtCli(project=project)

    @dbt_assets(manifest=project.manifest_path)
    def models(context: Context, dbt: DbtCli):
        yield from dbt.cli(["build"], context=context).stream()

Each model, seed and snapshot is an asset with a step of its own, so that a plan runs exactly those that are stale. Its
code version is dbt's checksum of it, and its key is its name; that of a source is `source/table`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from weft.define import assets, outputs, resources, specs
from weft.define import context as contexts
from weft.model import errors
from weft.operators import dbt_command, processes
from weft.operators.dbt_command import DbtError, dbt_run

__all__ = ["DbtAssets", "DbtCli", "DbtError", "DbtInvocation", "DbtProject", "dbt_assets", "dbt_run"]

_KINDS = ("model", "seed", "snapshot")


class DbtProject:
    """A dbt project: its folder, where its profiles are, and which target of them."""

    def __init__(
        self, project_dir: str | Path, *, profiles_dir: str | Path | None = None, target: str | None = None
    ) -> None:
        """Name the folder of dbt_project.yml; profiles.yml is looked for there unless `profiles_dir` is given."""
        self.project_dir = Path(project_dir).absolute()
        self.profiles_dir = None if profiles_dir is None else Path(profiles_dir).absolute()
        self.target = target

    @property
    def manifest_path(self) -> Path:
        """Where dbt writes the manifest; `prepare` has it written."""
        return self.project_dir / "target" / "manifest.json"

    def prepare(self) -> DbtProject:
        """Have dbt write the manifest anew (`dbt parse`).

        Raises:
            DbtError: the project has mistakes.
        """
        dbt_command.invoke(
            ["parse"],
            project_dir=self.project_dir,
            profiles_dir=self.profiles_dir,
            target=self.target,
            say=processes.silent,  # definitions are loaded by commands that print something else
        )
        return self

    def __repr__(self) -> str:
        return f"DbtProject({str(self.project_dir)!r})"


class DbtCli(resources.Resource):
    """The dbt program, for bodies.

    `project` is a `DbtProject` or its folder; `executable` the program, found as `dbt_run` does unless given.
    """

    project: Any
    executable: str | None = None

    def cli(self, words: Sequence[str], *, context: contexts.Context | None = None) -> DbtInvocation:
        """Say what dbt is to do; `stream()` does it.

        Args:
            words: as on a command line: ["build"], ["run", "--full-refresh"].
            context: of the body; only the models that it is to make are selected.
        """
        project = self.project if isinstance(self.project, DbtProject) else DbtProject(self.project)
        return DbtInvocation(project, list(words), self.executable, context)


class DbtInvocation:
    """One call of dbt."""

    def __init__(
        self, project: DbtProject, words: list[str], executable: str | None, context: contexts.Context | None
    ) -> None:
        """Keep what is to be done; nothing runs yet."""
        self._project = project
        self._words = words
        self._executable = executable
        self._context = context

    def run(self) -> list[dbt_command.NodeResult]:
        """Run dbt and return what it says of each node.

        Raises:
            DbtError: a model or a test failed.
        """
        words = list(self._words)
        if self._context is not None and not {"--select", "-s"} & set(words):
            words += ["--select", *(key.rpartition("/")[2] for key in self._context.asset_keys)]
        return dbt_command.invoke(
            words,
            project_dir=self._project.project_dir,
            profiles_dir=self._project.profiles_dir,
            target=self._project.target,
            executable=self._executable,
        )

    def stream(self) -> Iterator[outputs.Output[None]]:
        """Run dbt, and yield an output for each asset of the context with what dbt says of it.

        Raises:
            DbtError: a model or a test failed.
        """
        found = self.run()
        names = {each.id.split(".")[2]: each for each in found if each.id.partition(".")[0] in _KINDS}
        for key in self._context.asset_keys if self._context is not None else ():
            node = names.get(key.rpartition("/")[2])
            if node is None:
                raise DbtError(f"dbt ran nothing for the asset {key!r}.", code=0)
            tests = sum(1 for each in found if each.id.startswith(("test.", "unit_test.")))
            facts: dict[str, object] = {"status": node.status, "seconds": node.seconds, "tests": tests}
            if node.rows is not None:
                facts["rows"] = node.rows
            yield outputs.Output(None, metadata=facts, asset=key)


class DbtAssets(list[Any]):
    """The assets of a dbt project, a definition for each, and the sources that they read; weft finds what is in it."""

    @property
    def keys(self) -> list[str]:
        """The keys of the assets that dbt makes."""
        return [each.key for each in self if isinstance(each, assets.AssetDefinition)]

    def __getitem__(self, name: Any) -> Any:
        """A definition by its key, or by its place."""
        if isinstance(name, str):
            return next(each for each in self if each.key == name)
        return super().__getitem__(name)


def dbt_assets(
    *,
    manifest: str | Path | Mapping[str, Any],
    select: Callable[[Mapping[str, Any]], bool] | None = None,
    key_prefix: specs.Names | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], DbtAssets]:
    """Define an asset for each model, seed and snapshot of a dbt project, by one function that makes any of them.

    Args:
        manifest: the manifest, or the file with it (`DbtProject.manifest_path`).
        select: tells of a node of the manifest whether it is to be an asset; all are unless given.
        key_prefix: parts before the keys.
        options: as `@asset` takes them, for all of them: group, retries, partitions, pool …

    Raises:
        UsageError: there is no manifest, or it is none.
    """
    document = _manifest(manifest)
    nodes = {
        name: node
        for name, node in {**document["nodes"], **document.get("sources", {})}.items()
        if node["resource_type"] in (*_KINDS, "source")
    }
    prefix = specs.prefix_of(key_prefix)

    def decorate(body: Callable[..., Any]) -> DbtAssets:
        location = assets.location_of(body, "dbt_assets")
        found = DbtAssets()
        wanted = {
            name: node for name, node in nodes.items()
            if node["resource_type"] in _KINDS and not _is_ephemeral(node) and (select is None or select(node))
        }  # fmt: skip
        sources: dict[str, specs.AssetSpec] = {}
        for name, node in wanted.items():
            above = sorted(_above(name, nodes))
            for each in above:
                if each not in wanted:
                    key = _key(nodes[each], prefix)
                    sources.setdefault(key, specs.AssetSpec(key, location=location, description=_text(nodes[each])))
            deps = [_key(nodes[each], prefix) for each in above]
            found.append(_definition(body, node, _key(node, prefix), deps, options))
        found.extend(sources.values())
        return found

    return decorate


def _definition(
    body: Callable[..., Any], node: Mapping[str, Any], key: str, deps: list[str], options: Mapping[str, Any]
) -> assets.AssetDefinition[..., Any]:
    prefix, _, name = key.rpartition("/")
    facts: dict[str, Any] = {
        "name": name,
        "key_prefix": prefix or None,
        "deps": deps,
        "code_version": str(node.get("checksum", {}).get("checksum") or node.get("unique_id")),
        "kinds": ["dbt", node["resource_type"]],
        "description": _text(node),
        "group": node.get("group") or None,
    }
    facts |= options
    return assets.asset(**{name: value for name, value in facts.items() if value is not None})(body)


def _manifest(given: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        document: Any = given
    else:
        try:
            document = json.loads(Path(given).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise errors.UsageError(
                f"There is no manifest {str(given)!r}.",
                remedy="Run `dbt parse` in the project, or call DbtProject(…).prepare() first.",
            ) from error
        except ValueError as error:
            raise errors.UsageError(
                f"The manifest {str(given)!r} is no JSON.", remedy="Run `dbt parse` again."
            ) from error
    if not isinstance(document, Mapping) or not isinstance(document.get("nodes"), Mapping):
        raise errors.UsageError("What is given as manifest has no nodes.", remedy="Give dbt's target/manifest.json.")
    return document


def _above(name: str, nodes: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The nodes that one reads; through an ephemeral one, which is never built, to those above it."""
    found: set[str] = set()
    for each in nodes[name].get("depends_on", {}).get("nodes", ()):
        if each not in nodes:
            continue
        found |= _above(each, nodes) if _is_ephemeral(nodes[each]) else {each}
    return found


def _is_ephemeral(node: Mapping[str, Any]) -> bool:
    return bool(node.get("config", {}).get("materialized") == "ephemeral")


def _key(node: Mapping[str, Any], prefix: str) -> str:
    own = f"{node['source_name']}/{node['name']}" if node["resource_type"] == "source" else str(node["name"])
    return f"{prefix}/{own}" if prefix else own


def _text(node: Mapping[str, Any]) -> str | None:
    return node.get("description") or None
