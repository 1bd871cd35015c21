from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

pytestmark = pytest.mark.slow


def get(url, **options):
    return requests.get(url, timeout=60, **options)


def test_a_function_is_reached_at_its_own_url(running):
    answer = get(f"{running.host_url}/echo/some/path?x=1&y=%20").json()
    assert (answer["target"], answer["setting"]) == ("echo", "from the host")
    assert (answer["path"], answer["query"]) == ("/some/path", "x=1&y=%20")
    assert get(f"{running.host_url}/echo").json()["path"] == "/"


def test_the_gateway_routes_by_the_rewrites_and_passes_everything_on(running):
    answer = requests.put(
        f"{running.url}/api/things?q=%C3%A9", data=b"body", headers={"If-Match": '"3"'}, timeout=60
    ).json()
    assert (answer["method"], answer["path"], answer["query"], answer["body"]) == (
        "PUT",
        "/api/things",
        "q=%C3%A9",
        "body",
    )
    assert answer["headers"]["If-Match"] == '"3"'


def test_only_the_session_cookie_and_the_true_origin_reach_a_function(running):
    headers = {"Cookie": "a=1; __session=s; b=2", "X-Forwarded-For": "8.8.8.8"}
    seen = get(f"{running.url}/api/x", headers=headers).json()["headers"]
    assert seen["Cookie"] == "__session=s"
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["Traceparent"].split("-")[1] == seen["X-Cloud-Trace-Context"].split("/")[0]


def test_static_files_come_first_and_the_rest_is_a_problem(running):
    assert get(f"{running.url}/robots.txt").text == "User-agent: *\n"
    missing = get(f"{running.url}/nothing")
    assert (missing.status_code, missing.headers["Content-Type"].split(";")[0]) == (404, "application/problem+json")
    assert get(f"{running.host_url}/unknown").status_code == 404


def test_a_function_that_cannot_be_loaded_says_so(running):
    assert get(f"{running.url}/gone").status_code == 500
    assert any("missing" in line for name, line in running.output if name == "missing")


def test_streams_pass_through(running):
    assert get(f"{running.url}/api/../api", stream=True).status_code == 200
    assert get(f"{running.host_url}/echo/stream").text == "one two"


def test_a_function_that_dies_is_started_again(running):
    before = get(f"{running.host_url}/echo").json()["pid"]
    assert get(f"{running.host_url}/echo/die").status_code == 502
    after = get(f"{running.host_url}/echo").json()["pid"]
    assert after != before


def test_changed_code_is_used_by_the_next_request_while_old_ones_finish(running):
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(get, f"{running.host_url}/echo/slow")
        while not (running.source / "begun").exists():
            assert not slow.done(), slow.result().text
            time.sleep(0.01)
        (running.source / "words.py").write_text("WORD = 'second, and longer'\n")
        running.processes.retire_all()
        assert get(f"{running.host_url}/echo").json()["word"] == "second, and longer"
        assert slow.result().json()["word"] == "first"


def test_many_requests_at_once_are_all_answered(running):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: get(f"{running.url}/api/{n}").json()["path"], range(200)))
    assert answers == [f"/api/{n}" for n in range(200)]
