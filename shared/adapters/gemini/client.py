"""The SDK's client in Vertex mode, made when it is first needed: importing the SDK takes half a second."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.genai import Client


class Connection:
    """Calling it gives the client, always the same. Without credentials, the function's service account is used."""

    def __init__(
        self,
        project: str,
        location: str,
        *,
        base_url: str | None = None,
        credentials: Credentials | None = None,
        seconds: float = 12.0,
    ) -> None:
        self._project = project
        self._location = location
        self._base_url = base_url
        self._credentials = credentials
        self._seconds = seconds

    def __call__(self) -> Client:
        return self._client

    @cached_property
    def _client(self) -> Client:
        from google.genai import Client  # noqa: PLC0415  # half a second, for those who ask
        from google.genai.types import HttpOptions  # noqa: PLC0415

        from shared.adapters.gemini.transport import bounded_client  # noqa: PLC0415

        options = HttpOptions(base_url=self._base_url, api_version="v1", httpx_client=bounded_client(self._seconds))
        return Client(
            vertexai=True,
            project=self._project,
            location=self._location,
            credentials=self._credentials,
            http_options=options,
        )
