from __future__ import annotations

from dataclasses import replace

import pytest

from weft import wiring
from weft.service.asset import rollback_preview
from weft.service.server import standings

DAY = "2024-01-02"


@pytest.fixture
def twice(chain):
    """Everything was made, and then day 2 again with other data, and all below it."""
    chain.ok("apply", "--yes")
    (chain.folder / "offset").write_text("100")
    chain.ok("materialize", "raw", "--partitions", DAY)
    chain.ok("apply", "--yes")
    (chain.folder / "offset").write_text("0")
    return chain


def current(project, asset, partition=None):
    found = project.ok("versions", asset, "--json", *(["--partition", partition] if partition else [])).json
    (one,) = [each for each in found if each["current"]]
    return one


# --- rollback ---------------------------------------------------------------------------------------------------------


def test_a_rolled_back_partition_makes_its_downstream_stale_and_is_not_undone(twice):
    before = current(twice, "raw", DAY)
    twice.ok("rollback", "raw", "--partition", DAY, "--to", "previous")

    assert current(twice, "raw", DAY)["version"] != before["version"]
    assert twice.steps() == {"double": [DAY], "total": None}
    (twice.folder / "journal").unlink()
    twice.ok("apply", "--yes")
    assert twice.lines("journal") == ["double", "total"]
    assert twice.steps() == {}
    assert twice.ok("ledger", "verify").code == 0


def test_a_rolled_back_bad_version_stays_rolled_back_though_its_input_says_otherwise(twice):
    twice.ok("rollback", "double", "--partition", DAY, "--to", "previous", "--reason", "it was bad")

    assert twice.steps() == {"total": None}
    twice.ok("apply", "--yes")
    assert twice.steps() == {}
    # only a later change makes it stale again
    (twice.folder / "offset").write_text("7")
    twice.ok("materialize", "raw", "--partitions", DAY)
    assert twice.steps() == {"double": [DAY], "total": None}


def test_a_version_is_pointed_to_by_its_name(twice):
    newest, oldest = twice.ok("versions", "raw", "--partition", DAY, "--json").json
    result = twice.ok("rollback", "raw", "--partition", DAY, "--to", oldest["version"], "--json").json
    assert result == [
        {
            "asset": "raw",
            "partition": DAY,
            "action": "rolled_back",
            "version": oldest["version"],
            "previous": newest["version"],
        }
    ]
    twice.ok("rollback", "raw", "--partition", DAY, "--to", newest["version"])
    assert current(twice, "raw", DAY)["version"] == newest["version"]


def test_what_cannot_be_pointed_to_is_refused_and_nothing_moves(twice):
    newest, _ = twice.ok("versions", "raw", "--partition", DAY, "--json").json
    other = current(twice, "raw", "2024-01-03")["version"]
    for to, told in (
        (newest["version"], "current one already"),
        (other, "is of the partition '2024-01-03'"),
        ("v99999", "has no version"),
        ("first", "is no version"),
    ):
        result = twice.weft("rollback", "raw", "--partition", DAY, "--to", to)
        assert result.code == 2
        assert told in result.err
    result = twice.weft("rollback", "raw", "--partitions", "2024-01-02..2024-01-03", "--to", "previous")
    assert result.code == 2
    assert "no version before the current one of 2024-01-03" in result.err
    assert current(twice, "raw", DAY)["version"] == newest["version"]


def test_a_removed_version_cannot_be_pointed_to(twice):
    _, oldest = twice.ok("versions", "raw", "--partition", DAY, "--json").json
    twice.ok("gc", "--keep", "1")
    result = twice.weft("rollback", "raw", "--partition", DAY, "--to", oldest["version"])
    assert result.code == 2
    assert "was removed by `weft gc`" in result.err


def looked_at(project, *arguments):
    world = wiring.open_world(wiring.Place(start=project.folder))
    server = replace(world, kept=standings.Standings())  # one that keeps what it reads
    try:
        found, again = (rollback_preview.preview(server, *arguments) for _ in range(2))
        assert found == again == rollback_preview.preview(world, *arguments)
        return found
    finally:
        world.ledger.close()


def test_a_rollback_that_is_looked_at_says_what_it_makes_stale_and_moves_nothing(twice):
    newest, oldest = twice.ok("versions", "raw", "--partition", DAY, "--json").json
    found = looked_at(twice, "raw", DAY, "previous")
    assert [(each.partition, each.previous, each.version) for each in found.items] == [
        (DAY, newest["version"], oldest["version"])
    ]
    assert [(each.asset, each.partitions, each.count) for each in found.stale] == [
        ("double", DAY, 1),
        ("total", None, 1),
    ]
    assert current(twice, "raw", DAY)["version"] == newest["version"]
    assert twice.steps() == {}
    twice.ok("rollback", "raw", "--partition", DAY, "--to", "previous")
    assert twice.steps() == {"double": [DAY], "total": None}


def test_a_rollback_to_the_same_content_makes_nothing_stale(chain):
    chain.ok("apply", "--yes")
    chain.ok("materialize", "raw", "--partitions", DAY)
    found = looked_at(chain, "raw", DAY, "previous")
    assert (len(found.items), found.stale) == (1, [])


# --- accept -----------------------------------------------------------------------------------------------------------


def test_an_accepted_stale_partition_is_fresh_until_something_changes_again(chain):
    chain.ok("apply", "--yes")
    (chain.folder / "offset").write_text("5")
    chain.ok("materialize", "raw", "--partitions", "2024-01-01..2024-01-02")
    chain.ok("accept", "double", "--partition", "2024-01-01", "--reason", "rounding", "--by", "ann")

    assert chain.steps()["double"] == ["2024-01-02"]
    (chain.folder / "offset").write_text("6")
    chain.ok("materialize", "raw", "--partitions", "2024-01-01")
    assert chain.steps()["double"] == ["2024-01-01", "2024-01-02"]


def test_acceptance_is_recorded_with_its_reason_and_name(chain):
    chain.ok("apply", "--yes")
    (chain.folder / "offset").write_text("5")
    chain.ok("materialize", "raw", "--partitions", DAY)
    chain.ok("accept", "double", "--partition", DAY, "--reason", "rounding", "--by", "ann")
    events = chain.ok("ledger", "events", "--json").out.splitlines()
    accepted = [each for each in events if '"type":"Accepted"' in each]
    assert '"reason":"rounding"' in accepted[-1]
    assert '"by":"ann"' in accepted[-1]


def test_accepting_a_whole_selection_leaves_nothing_to_do(chain):
    chain.ok("apply", "--yes")
    source = (chain.folder / "defs.py").read_text()
    (chain.folder / "defs.py").write_text(
        source.replace("raw * 2", "raw + raw").replace("sum(double.values())", "sum([*double.values()])")
    )
    assert set(chain.steps()) == {"double", "total"}
    done = chain.ok("accept", "double or total", "--reason", "same thing", "--json").json
    assert {each["asset"] for each in done} == {"double", "total"}
    assert chain.steps() == {}
    assert "Nothing to accept" in chain.ok("accept", "double or total", "--reason", "again").out


def test_what_has_no_data_cannot_be_accepted(chain):
    result = chain.weft("accept", "raw", "--reason", "fine")
    assert result.code == 2
    assert "raw[2024-01-01]" in result.err
    chain.ok("apply", "raw", "--yes", "--partitions", "2024-01-01")
    assert chain.weft("accept", "raw", "--partitions", "*", "--reason", "fine").code == 2


def test_a_failed_partition_that_has_data_can_be_accepted(chain):
    chain.ok("apply", "--yes")
    (chain.folder / "broken").write_text("3")
    chain.weft("materialize", "double", "--partitions", "2024-01-03")
    assert chain.steps() == {"double": ["2024-01-03"], "total": None}
    chain.ok("accept", "double", "--partition", "2024-01-03", "--reason", "the old one is fine")
    assert chain.steps() == {}


CHECKED = """
    @asset
    def number() -> int:
        return int(Path(__file__).with_name("number").read_text())

    @asset
    def below(number: int) -> int:
        return number + 1

    @asset_check(asset="number", blocking=True)
    def positive(number: int) -> CheckResult:
        least = int(Path(__file__).with_name("least").read_text())
        return CheckResult(passed=number > least, description=f"{number} is not more than {least}")
"""


@pytest.fixture
def rejected(project):
    """A good version of number, with what is below it, and a newer one that the blocking check rejected."""
    (project.folder / "number").write_text("1")
    (project.folder / "least").write_text("0")
    project.define(CHECKED)
    project.ok("apply", "--yes")
    (project.folder / "number").write_text("-1")
    assert project.weft("materialize", "number").code == 1
    return project


def test_a_rejected_version_is_kept_but_not_current_and_holds_back_what_is_below(rejected):
    newest, oldest = rejected.ok("versions", "number", "--json").json
    assert (newest["state"], newest["current"], oldest["current"]) == ("rejected", False, True)
    found = rejected.ok("plan", "--json").json
    assert found["steps"] == []
    assert [each["asset"] for each in found["blocked"]] == ["below"]
    assert [each["asset"] for each in found["rejected"]] == ["number"]


def test_an_accepted_rejected_version_becomes_current_and_what_is_below_follows(rejected):
    done = rejected.ok("accept", "number", "--reason", "a refund", "--json").json
    assert [each["action"] for each in done] == ["published"]
    assert rejected.ok("versions", "number", "--json").json[0]["current"]
    assert rejected.steps() == {"below": None}
    rejected.ok("apply", "--yes")
    assert rejected.steps() == {}


def test_a_rejected_version_cannot_be_rolled_back_to(rejected):
    newest = rejected.ok("versions", "number", "--json").json[0]
    result = rejected.weft("rollback", "number", "--to", newest["version"])
    assert result.code == 2
    assert "weft accept" in result.err


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_fails_with_1_while_the_rejected_version_does_not_pass(rejected):
    result = rejected.weft("check")
    assert result.code == 1
    assert "-1 is not more than 0" in result.out
    assert rejected.ok("plan", "--json").json["blocked"]


def test_a_rejected_version_that_passes_now_becomes_current(rejected):
    (rejected.folder / "least").write_text("-5")
    (found,) = rejected.ok("check", "number", "--json").json
    assert (found["passed"], found["published"], found["blocking"]) == (True, True, True)
    assert rejected.ok("versions", "number", "--json").json[0]["current"]
    assert rejected.steps() == {"below": None}
    assert rejected.ok("ledger", "verify").code == 0


def test_a_current_version_that_fails_now_holds_back_what_is_below(project):
    (project.folder / "number").write_text("1")
    (project.folder / "least").write_text("0")
    project.define(CHECKED)
    project.ok("apply", "--yes")
    (project.folder / "least").write_text("5")
    assert project.weft("check").code == 1
    found = project.ok("plan", "--json").json
    assert [each["asset"] for each in found["blocked"]] == ["below"]
    (project.folder / "least").write_text("0")
    assert project.weft("check").code == 0
    assert project.ok("plan", "--json").json["blocked"] == []


def test_check_of_what_has_no_checks_or_no_data_is_wrong_usage(project):
    (project.folder / "number").write_text("1")
    (project.folder / "least").write_text("0")
    project.define(CHECKED)
    assert "no data" in project.weft("check").err
    assert "has checks" in project.weft("check", "below").err
