"""Dagster > dbt Integration."""

from pathlib import Path

from weft import Context
from weft.operators.dbt import DbtCli, DbtProject, dbt_assets

dbt_project = DbtProject(project_dir=Path(__file__).parent / "dbt_project")
dbt = DbtCli(project=dbt_project)


@dbt_assets(manifest=dbt_project.manifest_path)
def dbt_models(context: Context, dbt: DbtCli):
    yield from dbt.cli(["build"], context=context).stream()


# Now dbt models appear in the asset graph
# with their dependencies correctly mapped
