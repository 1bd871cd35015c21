"""Pipelines: a feature of the Enterprise edition, refused as a database of the Standard edition refuses it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from emulator.firestore.callers import Caller
from emulator.firestore.errors import failed_precondition
from emulator.firestore.proto.v1 import ExecutePipelineRequest, ExecutePipelineResponse


async def execute_pipeline(request: ExecutePipelineRequest, caller: Caller) -> AsyncIterator[ExecutePipelineResponse]:
    """Refuse.

    Raises:
        FirestoreError: FAILED_PRECONDITION; always.
    """
    del request, caller
    raise failed_precondition("Pipeline queries are only allowed on ENTERPRISE mode.")
    yield  # makes this the stream that the method promises
