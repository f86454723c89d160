from hypothesis import example, given
from hypothesis import strategies as st

from weft.storage import paths

keys = st.text(max_size=300) | st.text("aAbB%~@./\\ ", max_size=6)


@given(keys, keys)
@example("a", "A")
@example("", "%")
@example("A", "a~1")
@example("ß", "SS")
@example("x" * 200, "x" * 200 + "y")
@example("X" * 200, "x" * 200)
def test_different_keys_never_share_a_name_even_where_case_is_ignored(left: str, right: str) -> None:
    same = paths.escape(left).lower() == paths.escape(right).lower()
    assert same == (left == right)


@given(keys)
def test_a_name_is_a_safe_single_segment(key: str) -> None:
    name = paths.escape(key)
    assert name.isascii()
    assert name.isprintable()
    assert 1 <= len(name) <= 160
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith((".", "@"))
    assert not name.endswith(".")


slots = st.tuples(
    st.lists(keys, min_size=1, max_size=3).map("/".join), st.none() | keys, st.sampled_from(["a", "b", "@"])
)


@given(slots, slots)
def test_versions_of_different_slots_never_share_a_file_and_no_file_is_anothers_folder(left, right) -> None:  # type: ignore[no-untyped-def]
    one = paths.version_file(*left, ".json").lower()
    two = paths.version_file(*right, ".json").lower()
    assert (one == two) == (left == right)
    assert not one.startswith(two + "/")
    assert ".." not in one.split("/")
    assert not one.startswith("/")


def test_an_ordinary_name_stays_readable() -> None:
    assert paths.version_file("trading/daily_metrics", "2024-01-05", "r1-0", ".parquet") == (
        "trading/daily_metrics/@2024-01-05/r1-0.parquet"
    )
    assert paths.version_folder("Trading/raw", None) == "Trading~1/raw/@"


def test_a_very_deep_key_still_fits_into_a_path() -> None:
    assert len(paths.version_file("/".join(["segment"] * 1000), "p" * 1000, "a" * 1000, ".parquet")) < 2500
