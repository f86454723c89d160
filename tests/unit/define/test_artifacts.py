"""Artifacts: what bodies may attach, what is refused, and where they go."""

from __future__ import annotations

import contextvars
import logging
import threading
from pathlib import Path

import msgspec
import pytest

from weft.define import artifact_contents, artifacts
from weft.model import errors
from weft.storage import typed

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def storage(tmp_path: Path) -> typed.TypedStorage:
    return typed.TypedStorage(tmp_path)


def collector(storage: typed.TypedStorage, **more) -> artifacts.Collector:
    return artifacts.Collector(storage, run="r1", tag="t", **more)


def test_artifacts_of_a_body_are_collected_in_order_with_their_values(storage: typed.TypedStorage) -> None:
    taking = collector(storage, name="load.store")
    with artifacts.collecting(taking):
        artifacts.markdown("# Odd", key="odd", description="of the day")
        artifacts.table([{"a": 1, "b": 2.5}, {"b": None, "c": "x"}])
        artifacts.link("https://example.com/x", "More")
        artifacts.image(PNG, key="picture")
    found = taking.reports()
    assert [(each.key, each.kind) for each in found] == [
        ("odd", "markdown"),
        ("load-store-table", "table"),
        ("load-store-link", "link"),
        ("picture", "image"),
    ]
    assert [storage.read(each.value) for each in found] == [
        "# Odd",
        {"columns": ["a", "b", "c"], "rows": [[1, 2.5, None], [None, None, "x"]]},
        {"url": "https://example.com/x", "text": "More"},
        PNG,
    ]
    assert found[0].description == "of the day"
    assert found[3].value.metadata == {"media_type": msgspec.Raw(b'"image/png"')}


def test_the_same_key_twice_is_two_versions_also_of_large_values(storage: typed.TypedStorage) -> None:
    taking = collector(storage)
    with artifacts.collecting(taking):
        artifacts.markdown("a" * 100_000, key="long")
        artifacts.markdown("b" * 100_000, key="long")
    first, second = taking.reports()
    assert first.value.uri != second.value.uri
    assert storage.read(first.value) == "a" * 100_000
    assert "runs/r1" in first.value.uri


def test_a_progress_is_one_version_with_its_last_value(storage: typed.TypedStorage) -> None:
    taking = collector(storage)
    with artifacts.collecting(taking):
        bar = artifacts.progress(key="loading")
        artifacts.link("https://example.com", key="between")
        bar.update(40)
        bar.update(99.5, description="nearly")
    link, progress = taking.reports()
    assert link.key == "between"
    assert (storage.read(progress.value), progress.description) == (99.5, "nearly")


def test_one_who_watches_is_told_at_once_and_of_each_per_cent_once(storage: typed.TypedStorage) -> None:
    told: list[object] = []
    taking = collector(storage, at_once=lambda report: told.append(storage.read(report.value)))
    with artifacts.collecting(taking):
        bar = artifacts.progress(key="loading")
        for tenth in range(30):
            bar.update(tenth / 10)
        artifacts.markdown("x", key="x")
    assert told == [0.0, 1.0, 2.0, "x"]
    assert taking.reports() == ()


def test_an_artifact_of_an_assets_body_is_attached_to_the_asset(storage: typed.TypedStorage) -> None:
    taking = collector(storage, asset="shop/orders")
    with artifacts.collecting(taking):
        artifacts.markdown("x", key="x")
    assert [each.asset for each in taking.reports()] == ["shop/orders"]
    several = collector(storage, name="split", assets=("shop/left", "shop/right"))
    with artifacts.collecting(several):
        artifacts.markdown("x", key="x", asset="shop/right")
        with pytest.raises(errors.UsageError, match="names the asset 'shop/rigth', which 'split' does not make") as no:
            artifacts.markdown("x", key="x", asset="shop/rigth")
    assert "shop/right" in no.value.remedy
    assert [each.asset for each in several.reports()] == ["shop/right"]


def test_threads_that_take_the_context_along_attach_to_the_same_run(storage: typed.TypedStorage) -> None:
    taking = collector(storage)

    def body(number: int) -> None:
        artifacts.markdown(str(number), key=f"part-{number}")

    with artifacts.collecting(taking):
        threads = [threading.Thread(target=contextvars.copy_context().run, args=(body, number)) for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert {each.key for each in taking.reports()} == {f"part-{number}" for number in range(8)}


def test_outside_of_any_run_the_artifact_comes_back_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="weft.artifacts")
    made = artifacts.markdown("# x", key="report")
    assert (made.key, made.kind, made.value) == ("report", "markdown", "# x")
    assert "'report' was made outside of any run" in caplog.text


def test_the_names_that_prefect_has_do_the_same(storage: typed.TypedStorage) -> None:
    taking = collector(storage)
    with artifacts.collecting(taking):
        artifacts.create_markdown_artifact(key="a", markdown="# x", description="d")
        artifacts.create_table_artifact(key="b", table=[[1, 2]])
        artifacts.create_link_artifact(key="c", link="https://example.com", link_text="More")
        artifacts.create_image_artifact(key="d", image_url="https://example.com/x.png")
        bar = artifacts.create_progress_artifact(progress=10, key="e")
        artifacts.update_progress_artifact(bar, progress=20)
        with pytest.raises(errors.UsageError, match="'e', which is no progress"):
            artifacts.update_progress_artifact("e", 30)
    assert [storage.read(each.value) for each in taking.reports()] == [
        "# x",
        {"columns": ["1", "2"], "rows": [[1, 2]]},
        {"url": "https://example.com", "text": "More"},
        {"url": "https://example.com/x.png"},
        20.0,
    ]


@pytest.mark.parametrize("library", ["polars", "pandas", "pyarrow"])
def test_tables_of_each_library_are_shown(library: str) -> None:
    columns = {"day": ["a", "b"], "n": [1, 2]}
    module = pytest.importorskip(library)
    made = module.table(columns) if library == "pyarrow" else module.DataFrame(columns)
    assert artifact_contents.table(made).value == {"columns": ["day", "n"], "rows": [["a", 1], ["b", 2]]}
    longer = {"n": list(range(artifact_contents.MOST_ROWS + 1))}
    with pytest.raises(errors.UsageError, match=r"has 10,001 rows; 10,000 are allowed"):
        artifact_contents.table(module.table(longer) if library == "pyarrow" else module.DataFrame(longer))


def test_cells_that_json_lacks_are_shown_as_text() -> None:
    rows = [{"x": float("nan"), "y": Path("a"), "z": [1, {2: float("inf")}]}]
    assert artifact_contents.table(rows).value["rows"] == [["nan", "a", [1, {"2": "inf"}]]]
    assert artifact_contents.table({"a": [1, 2], "b": [3, 4]}).value["rows"] == [[1, 3], [2, 4]]


def test_a_figure_of_matplotlib_becomes_svg() -> None:
    figures = pytest.importorskip("matplotlib.figure")
    figure = figures.Figure()
    axes = figure.subplots()
    axes.plot([1, 2])
    for each in (figure, axes):
        drawn = artifact_contents.plot(each)
        assert drawn.media_type == "image/svg+xml"
        assert b"<svg" in drawn.value


def test_a_large_drawing_of_matplotlib_becomes_png(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = pytest.importorskip("matplotlib.figure")
    monkeypatch.setattr(artifact_contents, "_MOST_SVG", 100)
    drawn = artifact_contents.plot(figures.Figure())
    assert drawn.media_type == "image/png"
    assert drawn.value.startswith(b"\x89PNG")


def test_figures_of_plotly_and_altair_are_kept_as_their_specification() -> None:
    graphs = pytest.importorskip("plotly.graph_objects")
    drawn = artifact_contents.plot(graphs.Figure(data=[{"type": "bar", "y": [1, 2]}]))
    assert drawn.value["data"][0]["type"] == "bar"
    assert "plotly" in drawn.media_type
    altair = pytest.importorskip("altair")
    chart = altair.Chart(altair.Data(values=[{"a": 1}])).mark_bar().encode(x="a:Q")
    drawn = artifact_contents.plot(chart)
    assert drawn.value["mark"]["type"] == "bar"
    assert "vegalite" in drawn.media_type


@pytest.mark.parametrize(
    ("make", "told", "remedy"),
    [
        (lambda: artifacts.markdown("x", key="Daily Report"), "'Daily Report' of a .* is no name", "'daily-report'"),
        (lambda: artifacts.markdown("x", key=""), "key '' of", "daily-report"),
        (lambda: artifacts.markdown("x" * 1_000_001, key="x"), "has 1,000,001 bytes; 1,000,000 are allowed", "summary"),
        (lambda: artifacts.markdown(5, key="x"), "the type int in place of text", "table"),
        (lambda: artifacts.table(5, key="x"), "type int, which is no table", "list of mappings"),
        (lambda: artifacts.table({"a": [1], "b": [1, 2]}, key="x"), "different lengths: a 1, b 2", "equally"),
        (lambda: artifacts.table([[1]] * 10_001, key="x"), "has 10,001 rows", "head"),
        (lambda: artifacts.link("javascript:alert(1)", key="x"), "no URL that can be opened", "https"),
        (lambda: artifacts.image("nowhere.png", key="x"), "'nowhere.png' of an artifact cannot be read", "exists"),
        (lambda: artifacts.image(b"abc", key="x"), "3 bytes that are no image", "PNG"),
        (lambda: artifacts.image(5, key="x"), "type int", "plot"),
        (lambda: artifacts.plot(5, key="x"), "type builtins.int, which is no figure", "matplotlib"),
        (lambda: artifacts.progress(101, key="x"), "given 101, which is no number from 0 to 100", "100 \\* done"),
        (lambda: artifacts.progress(float("nan"), key="x"), "given nan", "per cent"),
        (lambda: artifacts.progress(key="x").update(-1), "given -1", "per cent"),
    ],
)  # fmt: skip
def test_what_is_no_artifact_is_refused_with_a_remedy(make, told: str, remedy: str) -> None:
    with pytest.raises(errors.UsageError, match=told) as caught:
        make()
    assert remedy.replace("\\", "") in caught.value.remedy
