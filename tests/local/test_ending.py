"""How it ends, and when it cannot begin: with one line, and with no process left."""

from __future__ import annotations

import signal

import pytest
import requests

from tests.local.conftest import PATIENCE

pytestmark = pytest.mark.slow


def test_ctrl_c_ends_everything_and_the_data_is_there_at_the_next_start(project):
    backend = project.start().ready()
    document = (
        f"http://{backend.env['FIREBASE_AUTH_EMULATOR_HOST']}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=x"
    )
    body = {"email": "a@example.org", "password": "correct horse", "returnSecureToken": True}
    uid = requests.post(document, json=body, timeout=PATIENCE).json()["localId"]
    assert len(backend.children) > 2
    assert backend.end(signal.SIGINT) == 0
    assert backend.survivors() == []
    again = project.start().ready()
    sign_in = (
        f"http://{again.env['FIREBASE_AUTH_EMULATOR_HOST']}"
        "/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=x"
    )
    assert requests.post(sign_in, json=body, timeout=PATIENCE).json()["localId"] == uid
    assert again.end(signal.SIGTERM) == 0
    assert again.survivors() == []


def test_killed_it_leaves_no_process_and_the_next_start_works(project):
    backend = project.start().ready()
    assert backend.end(signal.SIGKILL) == -signal.SIGKILL
    assert backend.survivors() == []
    again = project.start().ready()
    second = project.start()
    assert (second.ended(), len(second.output)) == (2, 1)
    assert "another" in second.output[0]
    assert again.end() == 0
    assert again.survivors() == []


def test_services_that_die_end_everything(project):
    backend = project.start().ready()
    next(child for child in backend.children if "emulator" in child.cmdline()).kill()
    assert backend.ended() == 1
    assert backend.survivors() == []
    assert any("ended unexpectedly" in line for line in backend.output)


def test_a_folder_that_cannot_be_made_is_said_in_one_line(project):
    (project.root / "file").write_text("")
    backend = project.start("--data", str(project.root / "file" / "data"))
    assert (backend.ended(), len(backend.output)) == (2, 1)
    assert "file" in backend.output[0]


def test_a_folder_of_somebody_else_is_never_emptied(project):
    thesis = project.root / "documents" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("important")
    backend = project.start("--fresh", "--data", str(thesis.parent))
    assert (backend.ended(), len(backend.output)) == (2, 1)
    assert thesis.read_text() == "important"


@pytest.mark.parametrize("port", ["65536", "-1", "x", "²"])
def test_a_port_that_is_none_is_refused(project, port):
    backend = project.start(f"--port={port}")
    assert backend.ended() == 2
    assert "--port" in backend.output[-1]
