"""A port that something else has."""

from __future__ import annotations

import os
import socket

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("service", ["hosting", "functions", "firestore"])
def test_a_taken_port_is_said_in_one_line(project, service):
    port = project.ports[service]
    with socket.create_server(("127.0.0.1", port)):
        backend = project.start(port=project.ports["hosting"])
        assert (backend.ended(), len(backend.output)) == (2, 1)
    name = {"hosting": "gateway", "functions": "functions host"}.get(service, service)
    assert f"port {port} ({name}) is taken" in backend.output[0]
    assert f"process {os.getpid()}" in backend.output[0]
    assert backend.survivors() == []
