"""Operators as steps of DAGs and as calls of flows, run by the real engine in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests import living
from tests.services import ObjectStore, WebServer, dbt_program

HEAD = """
from datetime import datetime
from weft import DAG, asset, dag, flow, task
from weft.operators import *
import weft.operators as operators
"""


@dataclass
class Project:
    """A project in a folder of its own, and its command line."""

    folder: Path

    def define(self, text: str) -> None:
        (self.folder / "weft.toml").write_text('definitions = "defs.py"\n')
        (self.folder / "defs.py").write_text(HEAD + textwrap.dedent(text))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        env = {name: value for name, value in os.environ.items() if name != "WEFT_HOME"}
        return subprocess.Popen(
            arguments, cwd=self.folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        with self.start(*arguments) as process:
            said = process.communicate(timeout=240)[0]
        assert process.returncode == code, said
        return said

    def weft(self, *arguments: str, code: int = 0) -> str:
        return self.run(sys.executable, "-m", "weft", *arguments, code=code)

    def steps(self) -> dict[str, dict[str, Any]]:
        found = json.loads(self.weft("runs", "last", "--json"))
        return {each["step"].rpartition(":")[2]: each for each in found["step_runs"]}

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.weft("ledger", "events", "last", "--json").splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_operators_are_steps_of_a_dag_with_templates_values_and_mapping(project: Project) -> None:
    project.define(
        """
        def told(said, ds, **context):
            with open("told", "w") as file:
                file.write(f"{ds} {said} {context['params']}")

        with DAG("nightly", schedule="@daily", start_date=datetime(2024, 1, 1)):
            copied = shell(task_id="copy", command="echo {{ ds }} is here", retries=2)
            python = PythonOperator(task_id="tell", python_callable=told, op_args=[copied])
            rows = sql("CREATE TABLE t (a text); INSERT INTO t VALUES (:a); SELECT a FROM t", url="sqlite://",
                       parameters={"a": copied}, result="rows", task_id="rows")
            many = shell.partial(env={"A": "x"}, task_id="many").expand(command=["echo $A 1 >> many", "exit 99"])
            python >> [rows, many]
        """
    )
    project.weft("run", "nightly", "--partition", "2024-01-02")
    assert (project.folder / "told").read_text() == "2024-01-02 2024-01-02 is here {}"
    assert (project.folder / "many").read_text() == "x 1\n"
    steps = project.steps()
    assert {name: each["outcome"] for name, each in steps.items() if name in ("copy", "tell", "rows")} == {
        "copy": "succeeded", "tell": "succeeded", "rows": "succeeded",
    }  # fmt: skip


def test_the_output_of_a_command_is_in_the_log_and_a_secret_is_not(
    project: Project, monkeypatch: pytest.MonkeyPatch, web: WebServer
) -> None:
    host, port = web.server_address[:2]
    monkeypatch.setenv("WEFT_CONN_API", f"http://me:hidden-away@{host}:{port}")
    web.answers["/x"] = [(500, "no, hidden-away")]
    project.define(
        """
        with DAG("leaky"):
            http(task_id="ask", connection="api", endpoint="x")
            shell(task_id="say", command="echo it is {{ conn.api.password }} of {{ conn.api.login }}")
        """
    )
    project.weft("run", "leaky", code=1)
    said = project.weft("logs", "last") + project.weft("runs", "last") + project.weft("ledger", "events", "--json")
    assert "it is *** of me" in said
    everything = [said, *(path.read_bytes().decode("latin-1") for path in project.folder.rglob("*") if path.is_file())]
    assert not any("hidden-away" in each for each in everything)


def test_a_wait_holds_no_worker_and_goes_on_when_what_it_waits_for_is_there(project: Project) -> None:
    project.define(
        """
        with DAG("waiting"):
            there = wait_for_file("flag", interval=0.1, task_id="wait")
            there >> shell(task_id="after", command="cat flag")
            # on the one worker, only once the first one gave it back
            shell(task_id="make", command="echo made > flag.part && mv flag.part flag")
        """
    )
    project.weft("run", "waiting", "-j", "1")
    steps = project.steps()
    assert {name: each["outcome"] for name, each in steps.items()} == dict.fromkeys(
        ("wait", "after", "make"), "succeeded"
    )
    assert "StepParked" in {each["type"] for each in project.events()}


def test_a_wait_that_is_in_vain_fails_once_or_is_skipped(project: Project) -> None:
    project.define(
        """
        with DAG("vain"):
            wait_for_file("never", interval=0.1, timeout=0.3, task_id="hard", retries=3)
            wait_for_file("never", interval=0.1, timeout=0.3, task_id="soft", soft_fail=True)
        """
    )
    project.weft("run", "vain", code=1)
    steps = project.steps()
    assert (steps["hard"]["outcome"], steps["soft"]["outcome"]) == ("failed", "skipped")
    assert len([each for each in project.events() if each["type"] == "AttemptFailed"]) == 1
    assert "in vain" in project.weft("runs", "last")


def test_a_wait_for_an_asset_and_for_a_pipeline_ends_when_they_are_made(project: Project) -> None:
    project.define(
        """
        @asset
        def prices():
            return 1

        with DAG("upstream", schedule="@daily", start_date=datetime(2024, 1, 1)):
            shell("echo done", task_id="only")

        with DAG("below", schedule="@daily", start_date=datetime(2024, 1, 1)):
            a = wait_for_asset("prices", interval=0.2, task_id="asset")
            b = wait_for_pipeline("upstream", partition="{{ partition_key }}", interval=0.2, task_id="pipeline")
            [a, b] >> shell("echo both", task_id="after")
        """
    )
    with project.start(sys.executable, "-m", "weft", "run", "below", "--partition", "2024-01-02") as waiting:
        project.weft("apply", "prices", "--yes")
        project.weft("run", "upstream", "--partition", "2024-01-02")
        said = waiting.communicate(timeout=60)[0]
    assert waiting.returncode == 0, said


@pytest.mark.slow
def test_a_thousand_waits_hold_no_worker_and_survive_a_kill(project: Project) -> None:
    project.define(
        """
        with DAG("many"):
            wait_for_file.partial(interval=1, timeout="10m", task_id="wait").expand(
                path=[f"flags/{number}" for number in range(1000)])
            shell("touch other", task_id="other")
        """
    )
    (project.folder / "flags").mkdir()
    with project.start(sys.executable, "-m", "weft", "run", "many", "-j", "1") as process:
        while not (project.folder / "other").exists():
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(3)  # while it does nothing but wait
        before = _cpu_seconds(process.pid)
        time.sleep(5)
        assert _cpu_seconds(process.pid) - before < 4
        process.kill()
    for number in range(1000):
        (project.folder / "flags" / str(number)).touch()
    assert "succeeded" in project.weft("resume", "last")
    assert "failed" not in project.weft("runs", "last")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_busy_server_is_asked_again_and_one_that_refuses_is_not(project: Project, web: WebServer) -> None:
    web.answers["/busy"] = [(503, "later"), (200, {"at": "last"})]
    web.answers["/gone"] = [(404, "no")]
    project.define(
        f"""
        with DAG("asking"):
            http("{web.url}/busy", task_id="busy", retries=2, retry_delay=0.05)
            http("{web.url}/gone", task_id="gone", retries=2, retry_delay=0.05)
        """
    )
    project.weft("run", "asking", code=1)
    steps = project.steps()
    assert (steps["busy"]["outcome"], steps["gone"]["outcome"]) == ("succeeded", "failed")
    assert sorted(each["path"] for each in web.asked) == ["/busy", "/busy", "/gone"]


def test_operators_are_calls_of_a_flow(project: Project) -> None:
    project.define(
        """
        @flow
        def fetching():
            shell("echo 1 > flag")
            found = wait_for_file("flag", interval=0.1)
            many = shell.map(["echo a", "echo b"])
            return [shell("cat flag", task_id="read"), found, [each.result() for each in many]]

        if __name__ == "__main__":
            print(fetching())
        """
    )
    said = project.run(sys.executable, "defs.py")
    assert "['1', ['" in said
    assert "['a', 'b']" in said
    assert "read" in project.weft("runs", "last")


def test_a_cancelled_run_ends_what_its_commands_started(project: Project) -> None:
    project.define(
        """
        with DAG("long"):
            shell("sleep 100 & echo $! > child; wait", task_id="sleep")
        """
    )
    import signal
    import time

    with project.start(sys.executable, "-m", "weft", "run", "long") as process:
        child = project.folder / "child"
        while not child.exists() or not child.read_text().strip():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        while "again to kill" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    living.wait_until_ended(int(child.read_text()))


def test_files_are_copied_within_an_object_store_by_a_step(
    project: Project, s3: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_CONN_LAKE", s3.uri)
    files = s3.files()
    files.mkdir("steps")
    files.pipe_file("steps/raw/2024-01-02/a.csv", b"a")
    project.define(
        """
        with DAG("copying", schedule="@daily", start_date=datetime(2024, 1, 1)):
            transfer(task_id="copy", source="s3://steps/raw/{{ ds }}/", destination="s3://steps/staging/{{ ds }}/",
                     connection="lake")
        """
    )
    project.weft("run", "copying", "--partition", "2024-01-02")
    files.invalidate_cache()
    assert files.cat_file("steps/staging/2024-01-02/a.csv") == b"a"


def test_column_lineage_is_recorded_with_the_outlet(project: Project) -> None:
    project.define(
        """
        with DAG("lineage"):
            sql("CREATE TABLE trades (symbol text, quantity int); CREATE TABLE metrics AS SELECT symbol, "
                "sum(quantity) AS volume FROM trades GROUP BY symbol", url="sqlite://", result="none",
                task_id="metrics", outlets="metrics")
        """
    )
    project.weft("run", "lineage")
    made = next(each for each in project.events() if each["type"] == "Materialized")
    assert made["output"]["metadata"]["column_lineage"] == {"symbol": ["trades.symbol"], "volume": ["trades.quantity"]}


@pytest.mark.parametrize("executor", ["inline", "thread", "process"])
def test_operators_run_on_each_executor(project: Project, executor: str) -> None:
    (project.folder / "ask.sql").write_text(
        "-- {{ ds }}\nSELECT '{{ ds }} {{ params.least }} {{ said() }}' AS a, :b AS b"
    )
    project.define(
        f"""
        def add(a, b):
            return a + b

        with DAG("all", schedule="@daily", start_date=datetime(2024, 1, 1), params={{"least": 5}},
                 user_defined_macros={{"said": lambda: "ours"}}):
            rows = sql(file="ask.sql", url="sqlite://", parameters={{"b": "{{{{ ds_nodash }}}}"}}, result="row",
                       task_id="rows")
            shell("echo {{{{ ti.xcom_pull(task_ids='rows')['a'] }}}} > rows", task_id="tell") << rows
            python_venv(python_callable=add, op_args=[1, 2], python={sys.executable!r}, task_id="venv")
            copied = transfer("ask.sql", "copies/", task_id="copy")
            wait_for_file("copies/*.sql", task_id="wait", interval=0.1)
            wait_until("00:00", task_id="until") >> wait_for_delta(0, task_id="delta")
        """
    )
    project.weft("run", "all", "--partition", "2024-01-02", "--executor", executor)
    assert (project.folder / "rows").read_text() == "2024-01-02 5 ours\n"
    assert {each["outcome"] for each in project.steps().values()} == {"succeeded"}
    made = next(each for each in project.events() if each["type"] == "StepSucceeded" and each["step"] == "all:rows")
    assert "'2024-01-02 5 ours'" in made["task"]["rendered"]["file ask.sql"]


def test_an_unknown_name_in_a_file_of_sql_is_told_with_the_file(project: Project) -> None:
    (project.folder / "ask.sql").write_text("SELECT '{{ dss }}'")
    project.define(
        """
        with DAG("wrong"):
            sql(file="ask.sql", url="sqlite://", task_id="rows", retries=3)
        """
    )
    project.weft("run", "wrong", code=1)
    said = project.weft("logs", "last")
    assert "'file ask.sql'" in said
    assert "unknown name 'dss'" in said


def test_a_wait_in_a_flow_waits_and_goes_on(project: Project) -> None:
    project.define(
        """
        import threading, pathlib

        @flow
        def waiting():
            threading.Timer(0.4, lambda: pathlib.Path("flag").write_text("x")).start()
            return wait_for_file("flag", interval=0.1)

        if __name__ == "__main__":
            print(waiting())
        """
    )
    assert "flag" in project.run(sys.executable, "defs.py")


def test_a_wait_in_a_flow_ends_in_vain(project: Project) -> None:
    project.define(
        """
        @flow
        def waiting():
            wait_for_file("never", interval=0.1, timeout=0.3)

        if __name__ == "__main__":
            waiting()
        """
    )
    assert "in vain" in project.run(sys.executable, "defs.py", code=1)


def test_a_password_in_a_url_is_not_recorded(project: Project) -> None:
    project.define(
        """
        with DAG("urls", params={"port": 1}):
            sql("SELECT 1", url="postgres://me:{{ 'hidden-' ~ 'away' }}@127.0.0.1:{{ params.port }}/x", task_id="rows")
            http("http://me:{{ 'hidden-' ~ 'away' }}@127.0.0.1:{{ params.port }}/x", task_id="ask")
        """
    )
    project.weft("run", "urls", code=1)
    said = project.weft("logs", "last") + project.weft("runs", "last") + project.weft("ledger", "events", "--json")
    everything = [said, *(path.read_bytes().decode("latin-1") for path in project.folder.rglob("*") if path.is_file())]
    assert not any("hidden-away" in each for each in everything)


# --- dbt --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dbt project on DuckDB: a seed, a model on it through an ephemeral one, and a model on a source."""
    monkeypatch.setenv("DBT_EXECUTABLE", dbt_program())
    folder = project.folder / "shop"
    files = {
        "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nmodels: {shop: {+materialized: table}}\n",
        "profiles.yml": f"shop: {{target: dev, outputs: {{dev: {{type: duckdb, path: '{folder}/shop.duckdb'}}}}}}\n",
        "seeds/orders.csv": "id,amount\n1,10\n2,20\n",
        "models/cleaned.sql": "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}",
        "models/totals.sql": "select sum(amount) as total from {{ ref('cleaned') }}",
        "models/doubled.sql": "select total * 2 as total from {{ ref('totals') }}",
        "models/schema.yml": "models:\n  - name: totals\n    description: All orders\n    columns:\n"
        "      - name: total\n        data_tests: [not_null]\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.mark.slow
def test_the_models_of_dbt_are_assets_with_their_dependencies(project: Project, shop: Path) -> None:
    project.define(
        f"""
        from weft import Context
        from weft.operators.dbt import DbtCli, DbtProject, dbt_assets

        shop = DbtProject({str(shop)!r})
        if not shop.manifest_path.exists():
            shop.prepare()
        dbt = DbtCli(project=shop)

        @dbt_assets(manifest=shop.manifest_path)
        def models(context: Context, dbt: DbtCli):
            yield from dbt.cli(["build"], context=context).stream()

        @asset(deps=["doubled"])
        def report():
            import duckdb
            with duckdb.connect({str(shop / "shop.duckdb")!r}, read_only=True) as opened:
                return opened.execute("SELECT total FROM doubled").fetchone()[0]
        """
    )
    listed = {each["key"]: each for each in json.loads(project.weft("ls", "--json"))}
    assert {key: each["upstream"] for key, each in listed.items()} == {
        "orders": [], "totals": ["orders"], "doubled": ["totals"], "report": ["doubled"],
    }  # fmt: skip
    assert listed["totals"]["description"] == "All orders"
    project.weft("apply", "+report", "--yes")
    import duckdb

    with duckdb.connect(str(shop / "shop.duckdb"), read_only=True) as opened:
        assert opened.execute("SELECT total FROM doubled").fetchone() == (60,)
    assert "fresh" in project.weft("status", "report")


@pytest.mark.slow
def test_a_dbt_command_is_a_step_and_its_failures_are_told(project: Project, shop: Path) -> None:
    project.define(
        f"with DAG('analytics'):\n    dbt_run(task_id='model', project_dir={str(shop)!r}, command='build')\n"
    )
    project.weft("run", "analytics")
    (shop / "models" / "broken.sql").write_text("select no_such_column from {{ ref('totals') }}")
    project.weft("run", "analytics", code=1)
    assert "model.shop.broken" in project.weft("runs", "last")
