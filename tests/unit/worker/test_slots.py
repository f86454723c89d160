import os
import threading

import pytest

from weft.model import errors
from weft.worker import slots


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(slots.FOLDER_VARIABLE, str(tmp_path / "slots"))


def is_free(name="api", **options):
    try:
        with slots.concurrency(name, timeout=0, **options):
            return True
    except TimeoutError:
        return False


def test_no_more_than_the_limit_are_within_at_once():
    with slots.concurrency("api", limit=2):
        assert is_free(limit=2)
        with slots.concurrency("api", limit=2):
            assert not is_free(limit=2)
            assert is_free("another", limit=2)
        assert is_free(limit=2)


def test_several_slots_are_taken_all_or_none():
    with slots.concurrency("api", limit=3, occupy=2):
        assert not is_free(limit=3, occupy=2)
        assert is_free(limit=3)


def test_threads_wait_for_each_other():
    within, most, lock = [], [], threading.Lock()

    def work():
        for _ in range(5):
            with slots.concurrency("api", limit=2):
                with lock:
                    within.append(1)
                    most.append(len(within))
                with lock:
                    within.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(most) == 30
    assert max(most) <= 2


def test_a_process_that_dies_frees_its_slots():
    ready, ended = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with slots.concurrency("api"):
            os.write(ready[1], b".")
            os.read(ended[0], 1)
            os._exit(9)
    os.read(ready[0], 1)
    assert not is_free()
    os.write(ended[1], b".")
    os.waitpid(child, 0)
    assert is_free()


def test_waiting_too_long_says_for_what():
    with (
        slots.concurrency("api", limit=1),
        pytest.raises(TimeoutError, match=r"concurrency\('api'\): its slot is in use, and did not become free"),
        slots.concurrency("api", limit=1, timeout="10ms"),
    ):
        pass


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"occupy": True}, "occupy is True"),
        ({"limit": 1, "occupy": 2}, "2 slots are to be taken, but there are only 1"),
    ],
)
def test_wrong_numbers_are_errors(options, told):
    with pytest.raises(errors.UsageError, match=told), slots.concurrency("api", **options):
        pass


def test_a_name_that_is_none_is_an_error():
    with pytest.raises(errors.UsageError, match="was given the name ''"), slots.concurrency(""):
        pass
