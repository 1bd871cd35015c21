"""One Firestore for each worker process, and Google's unmodified clients on projects of their own."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from google.cloud.firestore import Client

from emulator.config import Config, Ports
from tests.emulator.support import running

_PROJECTS = itertools.count()


def connect(address: str, project: str) -> Client:
    """Google's client, led to the address by the official variable, which does not outlive the call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", address)
        return Client(project=project)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("firestore")
    config = Config("demo-test", data, "http://127.0.0.1:9", ports=Ports(firestore=0), index_check=False)
    with running(config, "firestore") as suite:
        yield suite.addresses["firestore"]


@pytest.fixture(scope="session")
def new_client(address: str) -> Iterator[Callable[[], Client]]:
    """Makes clients of databases that are still empty."""
    clients: list[Client] = []

    def make() -> Client:
        clients.append(connect(address, f"demo-{os.getpid()}-{next(_PROJECTS)}"))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    return new_client()


@pytest.fixture(scope="session")
def shared_client(new_client: Callable[[], Client]) -> Client:
    """For the examples of a property, which each use a collection of their own."""
    return new_client()
