import datetime

import pytest
from task_world import DAY, MIDNIGHT, World, message, params, result_of

from weft.define import references
from weft.model import pipelines

INTERVAL = {"interval": (MIDNIGHT, MIDNIGHT + DAY), "partition": "2024-01-05", "trigger": "schedule"}


def rendered(tmp_path, text, **options):
    facts = {**INTERVAL, **options.pop("facts", {})}
    world = World(tmp_path, lambda sql: sql, arguments={"sql": references.Template(text, field="sql")}, **options)
    return world.value(world.run(**facts))


def failing(tmp_path, text, **options):
    world = World(tmp_path, lambda sql: sql, arguments={"sql": references.Template(text, field="sql")}, **options)
    report = world.run(params=params(date="d", region="eu"))
    assert not report.retryable
    return message(report)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ ds }}", "2024-01-05"),
        ("{{ ds_nodash }}", "20240105"),
        ("{{ ts }}", "2024-01-05T00:00:00+00:00"),
        ("{{ ts_nodash }}", "20240105T000000"),
        ("{{ ts_nodash_with_tz }}", "20240105T000000+0000"),
        ("{{ logical_date.year }} {{ execution_date.month }}", "2024 1"),
        ("{{ data_interval_start }} {{ data_interval_end | ds }}", "2024-01-05 00:00:00+00:00 2024-01-06"),
        ("{{ data_interval_end | ts_nodash }}", "20240106T000000"),
        ("{{ prev_data_interval_start_success | ds }}", "2024-01-04"),
        ("{{ prev_ds }} {{ next_ds }}", "2024-01-04 2024-01-06"),
        ("{{ macros.ds_add(ds, 7) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%Y') }}", "2024-01-12 05.01.2024"),
        ("{{ task_instance_key_str }} {{ test_mode }}", "p__made__20240105 False"),
        ("{{ macros.uuid.uuid4() | string | length }} {{ macros.random() < 1 }}", "36 True"),
        ("{{ (logical_date + macros.timedelta(hours=1)) | strftime('%H') }}", "01"),
        ("{{ params.date }} {{ params['date'] }} {{ dag_run.conf.date }}", "d d d"),
        ("{{ dag_run.run_type }} {{ run_id }} {{ run.id }}", "scheduled run1 run1"),
        (
            "{{ dag.dag_id }}.{{ task.task_id }} {{ ti.task_id }} {{ ti.map_index }} {{ ti.try_number }}",
            "p.made made -1 1",
        ),
        ("{{ partition_key }} {{ partition }}", "2024-01-05 2024-01-05"),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        ("{{ nothing | default('x') }}{% if other is defined %}y{% endif %}", "x"),
        ("{{ [1, 2] }}", "[1, 2]"),
        ("plain", "plain"),
    ],
)
def test_a_template_is_filled_in_as_airflow_would(tmp_path, text, expected):
    facts = {"params": params(date="d"), "previous": (MIDNIGHT - DAY, MIDNIGHT)}
    assert rendered(tmp_path, text, facts=facts) == expected


def test_now_is_this_moment(tmp_path):
    today = datetime.datetime.now(datetime.UTC).date()
    found = datetime.date.fromisoformat(rendered(tmp_path, "{{ now | strftime('%Y-%m-%d') }}"))
    assert found - today in (datetime.timedelta(0), datetime.timedelta(days=1))


def test_dates_are_those_of_the_schedules_time_zone(tmp_path):
    tokyo = pipelines.Schedule(kind="cron", text="@daily", timezone="Asia/Tokyo")
    facts = {"interval": (MIDNIGHT - 9 * 3_600_000_000, MIDNIGHT)}
    assert (
        rendered(tmp_path, "{{ ds }} {{ ts }}", schedule=tokyo, facts=facts) == "2024-01-05 2024-01-05T00:00:00+09:00"
    )


def test_macros_and_filters_of_the_pipeline_are_known(tmp_path):
    options = {"macros": {"region": "eu", "twice": lambda n: 2 * n}, "filters": {"shout": str.upper}}
    assert rendered(tmp_path, "{{ region | shout }} {{ twice(2) }}", **options) == "EU 4"


def test_variables_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_VAR_BUCKET", "lake")
    monkeypatch.setenv("WEFT_VAR_LIMITS", '{"rows": 3}')
    text = "{{ var.value.bucket }} {{ var.json.limits.rows }} {{ var.value.get('absent', 'none') }}"
    assert rendered(tmp_path, text) == "lake 3 none"


def test_an_unknown_variable_says_how_to_set_it(tmp_path):
    assert "Set WEFT_VAR_BUCKET in the environment" in failing(tmp_path, "{{ var.value.bucket }}")


def test_an_unknown_name_is_an_error_that_names_template_argument_and_the_nearest_name(tmp_path):
    told = failing(tmp_path, "SELECT * FROM t WHERE d = '{{ dss }}'")
    assert "The template \"SELECT * FROM t WHERE d = '{{ dss }}'\" of the argument 'sql' of 'made'" in told
    assert "has an unknown name 'dss'. Did you mean 'ds'" in told


@pytest.mark.parametrize(
    "text",
    ["{{ nothing.inner }}", "{% for x in nothing %}{% endfor %}", "{{ nothing + 1 }}", "{% if nothing %}{% endif %}"],
)
def test_an_unknown_name_is_an_error_however_it_is_used(tmp_path, text):
    assert "has an unknown name 'nothing'" in failing(tmp_path, text)


def test_an_unknown_parameter_says_which_there_are(tmp_path):
    assert "asks for 'dat', which the parameters lack. Did you mean 'date'?" in failing(tmp_path, "{{ params.dat }}")
    assert "There is 'date', 'region'." in failing(tmp_path, "{{ params.qqq }}")


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("{{ logical_date.add(days=1) }}", "Write `+ macros.timedelta(days=1)`."),
        ("{{ data_interval_end.format('YYYY') }}", "Write `.strftime"),
    ],
)
def test_what_only_airflows_dates_can_do_is_told_in_pythons_words(tmp_path, text, instead):
    assert instead in failing(tmp_path, text)


def test_what_the_sandbox_forbids_is_an_error(tmp_path):
    assert "can't be filled in" in failing(tmp_path, "{{ ''.__class__.__mro__ }}")
    assert "can't be filled in" in failing(tmp_path, "{{ macros.ds_add.__globals__ }}")
    assert "too big" in failing(tmp_path, "{% for n in range(10000000) %}{% endfor %}")


def test_a_misspelt_template_tells_the_line(tmp_path):
    assert "is misspelt at line 2" in failing(tmp_path, "a\n{{ ds ")


def test_a_filter_that_raises_is_an_error_of_the_template(tmp_path):
    assert "ZeroDivisionError" in failing(tmp_path, "{{ 1 / 0 }}")


def test_rendered_values_are_recorded_masked_and_cut(tmp_path):
    world = World(
        tmp_path,
        lambda sql, a: None,
        arguments={
            "sql": references.Template("{{ ds }} hunter22 {{ 'x' * 5000 }}", field="sql"),
            "a": {"b": references.Template("{{ run_id }}")},
        },
    )
    world.masks.learn(["hunter22"])
    recorded = result_of(world.run(**INTERVAL)).rendered
    assert recorded["sql"].startswith("2024-01-05 *** xxx")
    assert len(recorded["sql"]) == 4096
    assert recorded["a['b']"] == "run1"


def test_rendered_values_of_a_failed_attempt_are_recorded(tmp_path):
    def body(sql):
        raise ValueError(sql)

    world = World(tmp_path, body, arguments={"sql": references.Template("{{ ds }}", field="sql")})
    report = world.run(**INTERVAL)
    assert report.outcome == "failed"
    assert report.task.result.rendered == {"sql": "2024-01-05"}


def test_xcom_pull_in_a_template_reads_a_step_above(tmp_path):
    world = World(
        tmp_path,
        lambda sql: sql,
        arguments={
            "sql": references.Template(
                "{{ ti.xcom_pull(task_ids='extract')['n'] }} {{ ti.xcom_pull('extract', key='rows') }}"
            )
        },
        above=("extract",),
    )
    bound = (world.result("extract", {"n": 5}), world.result("extract", 7, name="rows"))
    assert world.value(world.run(results=bound)) == "5 7"


def test_a_secret_of_a_connection_is_used_but_never_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("WEFT_CONN_WAREHOUSE", "postgres://me:hunter22@db.internal:5433/trading")
    seen = []
    text = "{{ conn.warehouse.host }}:{{ conn.warehouse.port }} {{ conn.warehouse.password }}"
    world = World(tmp_path, lambda sql: seen.append(sql), arguments={"sql": references.Template(text, field="sql")})
    recorded = result_of(world.run()).rendered
    assert seen == ["db.internal:5433 hunter22"]
    assert recorded == {"sql": "db.internal:5433 ***"}
