import pytest

from weft.define import bodies, caching
from weft.worker.tasks import caching as keys


def key(cache, arguments=None, *, code="c1:1", run="run1", name="work"):
    body = bodies.TaskBody(
        key="p:work", name=name, function=print, parameters=bodies.Parameters(), cache=caching.policy(cache), code=code
    )
    return keys.key(body, arguments or {}, None, run)


def test_equal_inputs_and_source_have_one_key():
    assert key(True, {"a": 1, "b": [2]}) == key(True, {"b": [2], "a": 1})
    assert key(True, {"a": 1}) != key(True, {"a": 2})
    assert key(True, {"a": 1}) != key(True, {"b": 1})
    assert key(True) != key(True, code="c1:2")
    assert key(True) != key(True, name="other")


def test_parts_of_the_policy_count_alone():
    inputs = caching.Inputs()
    assert key(inputs, {"a": 1}) == key(inputs, {"a": 1}, code="c1:2")
    assert key(inputs - "day", {"a": 1, "day": 1}) == key(inputs - "day", {"a": 1, "day": 2})
    assert key(inputs + caching.InRun()) != key(inputs + caching.InRun(), run="run2")
    assert key(caching.Source(), {"a": 1}) == key(caching.Source(), {"a": 2})


def test_a_key_function_sees_the_arguments():
    assert key(lambda context, params: f"{params['a']}", {"a": 1}) != key(lambda context, params: "2", {"a": 1})
    assert key(lambda context, params: None, {"a": 1}) == ""


def test_tasks_that_share_a_name_share_results():
    shared = caching.Cache(caching.Inputs(), name="both")
    assert key(shared, {"a": 1}, name="one") == key(shared, {"a": 1}, name="two")


def test_what_cannot_be_digested_is_never_reused_and_that_is_told_once(caplog):
    assert key(True, {"a": object()}, name="undigested") == ""
    assert key(True, {"a": object()}, name="undigested") == ""
    assert caplog.text.count("The results of the task 'undigested' are not cached") == 1


def test_a_key_that_is_no_text_is_an_error():
    with pytest.raises(keys.CacheKeyError, match="returned 3, which is no text"):
        key(lambda context, params: 3)


def test_a_known_data_version_takes_the_place_of_the_content():
    thing = object()
    assert keys.digest({"a": thing}) is None
    assert keys.digest({"a": thing}, lambda value: "j1:1" if value is thing else None) is not None
