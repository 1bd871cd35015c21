from __future__ import annotations

from typing import Any

import pytest

from emulator.config import Config, Ports
from emulator.environment import Environment
from emulator.firestore.service import create
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import LoopThread, running


def test_data_survives_a_restart(tmp_path):
    config = Config("demo-restart", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0))
    times: list[Any] = []
    for number in range(2):
        with running(config, "firestore") as suite:
            client = connect(suite.addresses["firestore"], "demo-restart")
            document = client.document("c/d")
            assert (document.get().to_dict() or {"n": 0}) == {"n": number}
            times.append(document.set({"n": number + 1}).update_time)
            client.close()
    assert times[0] < times[1]


def test_a_taken_port_is_an_oserror(tmp_path, address):
    config = Config("demo-port", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=int(address.split(":")[1])))
    with LoopThread() as thread, pytest.raises(OSError, match=address):
        thread.run(create(Environment(config)).start())


def test_a_file_that_is_no_database_is_an_oserror(tmp_path):
    (tmp_path / "firestore.sqlite3").write_text("something else " * 100)
    config = Config("demo-file", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0))
    with LoopThread() as thread, pytest.raises(OSError, match="cannot use"):
        thread.run(create(Environment(config)).start())
