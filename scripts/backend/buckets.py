"""The buckets of evidence, in the embedded Cloud Storage: in production, infrastructure makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import aiohttp

_VARIABLES = {
    "SECURA_QUARANTINE_BUCKET": "quarantine",
    "SECURA_EVIDENCE_BUCKET": "evidence",
    "SECURA_INFECTED_BUCKET": "infected",
}


def bucket_names(project: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The names by the variable that the settings read them from."""
    return {name: environment.get(name) or f"{project}-{use}" for name, use in _VARIABLES.items()}


async def create_buckets(storage: str, project: str, names: Iterable[str]) -> None:
    """Have the buckets there; `storage` is host:port.

    Raises:
        aiohttp.ClientError: the embedded Cloud Storage did not make one.
    """
    url = f"http://{storage}/storage/v1/b"
    async with aiohttp.ClientSession() as client:
        for name in names:
            async with client.post(url, params={"project": project}, json={"name": name}) as answer:
                if answer.status != HTTPStatus.CONFLICT:
                    answer.raise_for_status()
