"""What the body of an asset may do beyond returning a value: call tasks, attach artifacts."""

from worker_world import World

from weft.define import artifacts, signals, tasks
from weft.ports import caller


def test_the_body_of_an_asset_may_call_tasks(tmp_path):
    tried = []

    @tasks.task(retries=1)
    def flaky(n: int) -> int:
        tried.append(n)
        if len(tried) == 1:
            raise ValueError("luck")
        return n + 1

    world = World(tmp_path, lambda: [flaky("1"), *flaky.map([5, 6]).result()])
    assert world.value(world.run()) == [2, 6, 7]
    assert caller.current.get() is None


def test_artifacts_of_a_body_are_reported_and_are_about_its_asset(tmp_path):
    report = World(tmp_path, lambda: artifacts.markdown("# two", key="notes").key).run()
    (made,) = report.task.artifacts
    assert (made.key, made.kind, made.asset) == ("notes", "markdown", "made")


def test_artifacts_of_a_body_that_fails_are_reported_too(tmp_path):
    def body():
        artifacts.markdown("# why", key="notes")
        raise ValueError("no luck")

    report = World(tmp_path, body).run()
    assert (report.outcome, report.error.message) == ("failed", "no luck")
    assert [each.key for each in report.task.artifacts] == ["notes"]


def test_an_asset_without_artifacts_has_no_report_of_a_task(tmp_path):
    assert World(tmp_path, lambda: 1).run().task is None


def test_a_body_that_says_fail_is_not_tried_again(tmp_path):
    def body():
        raise signals.Fail("no use")

    report = World(tmp_path, body, retry_if=lambda error: True).run()
    assert (report.error.message, report.retryable) == ("no use", False)
