"""Who may ask the control port, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.emulator.control.support import PROJECT, Controlled, assert_problem, configured, controlled
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import eventually, receiving


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    with controlled(
        configured(tmp_path_factory.mktemp("control")), "firestore", "storage", "scheduler", "mail"
    ) as control:
        yield control


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:4400", "app.localhost:80", "10.0.0.7", "emulators:4400"]
)
def test_names_that_need_no_name_server_are_served(control: Controlled, host: str) -> None:
    assert control.ask("GET", "/emulator/v1", headers={"Host": host}).ok


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:4400", "[::1", "evil.example."]
)
def test_a_name_that_somebody_else_may_own_is_refused(control: Controlled, host: str) -> None:
    assert_problem(control.ask("GET", "/emulator/v1", headers={"Host": host}), 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost.evil.example", "http://[", ""])
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_pages_from_elsewhere_change_nothing(control: Controlled, origin: str, method: str) -> None:
    path = "/emulator/v1/clock:advance"
    response = control.ask(method, path, {"seconds": 1000}, {"Origin": origin})
    assert_problem(response, 403)
    assert "Access-Control-Allow-Origin" not in response.headers
    assert control.get("/emulator/v1/clock")["offset_seconds"] == 0


def test_pages_of_this_machine_may_ask(control: Controlled) -> None:
    origin = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "content-type, x-own"}
    preflight = control.ask("OPTIONS", "/emulator/v1/clock:advance", headers=origin)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type, x-own"
    for response in (preflight, control.ask("GET", "/emulator/v1/clock", headers=origin)):
        assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_it_lists_its_routes_with_a_line_about_each(control: Controlled) -> None:
    routes = control.get("/emulator/v1")["routes"]
    listed = {(route["method"], route["path"]): route["description"] for route in routes}
    assert ("POST", "/emulator/v1/clock:advance") in listed
    assert ("GET", "/emulator/v1/faults") in listed
    assert ("POST", "/emulator/v1/schedules/{function}:run") in listed
    assert [route for route, text in listed.items() if not text.strip()] == []


def test_firestore_s_port_serves_the_same_routes_to_the_same_people(control: Controlled) -> None:
    url = f"http://{control.suite.addresses['firestore']}/emulator/v1/clock"
    assert requests.get(url, timeout=20).json()["offset_seconds"] == 0
    assert requests.get(url, headers={"Host": "evil.example"}, timeout=20).status_code == 403
    foreign = requests.post(
        f"{url}:advance", json={"seconds": 1}, headers={"Origin": "http://evil.example"}, timeout=20
    )
    assert foreign.status_code == 403
    assert control.get("/emulator/v1/clock")["offset_seconds"] == 0


def test_unknown_paths_and_methods_are_problems(control: Controlled) -> None:
    assert_problem(control.ask("GET", "/emulator/v1/nothing"), 404)
    response = control.ask("PATCH", "/emulator/v1/clock")
    assert_problem(response, 405)
    assert response.headers["Allow"] == "GET"


def test_the_hub_tells_where_services_listen_as_the_official_one_does(control: Controlled) -> None:
    for path in ("/", "/emulators"):
        listed = control.get(path)
        assert set(listed) == {"firestore", "storage", "mail", "hub"}  # the scheduler listens nowhere
        for name, entry in listed.items():
            address = control.suite.addresses[{"hub": "control"}.get(name, name)]
            assert f"{entry['host']}:{entry['port']}" == address
            assert entry["name"] == name


TRIGGERED = """
endpoints:
  changed:
    region: [europe-west1]
    eventTrigger:
      eventType: google.cloud.firestore.document.v1.written
      eventFilters: {database: (default)}
      eventFilterPathPatterns: {document: "c/{id}"}
"""


def test_background_triggers_can_be_switched_off_and_on(tmp_path: Path) -> None:
    manifest = tmp_path / "functions.yaml"
    manifest.write_text(TRIGGERED)
    with (
        receiving() as functions,
        controlled(configured(tmp_path, functions.url, manifest=manifest), "firestore") as control,
    ):
        client = connect(control.suite.addresses["firestore"], PROJECT)
        client.document("c/before").set({})
        assert control.put("/functions/disableBackgroundTriggers") == {"enabled": False}
        assert [one.headers["ce-document"] for one in functions.received] == ["c/before"]
        client.document("c/during").set({})
        assert control.put("/functions/enableBackgroundTriggers") == {"enabled": True}
        client.document("c/after").set({})
        eventually(lambda: len(functions.received) == 2)
        client.close()
    assert [one.headers["ce-document"] for one in functions.received] == ["c/before", "c/after"]
