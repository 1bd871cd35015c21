"""Splitting an incident: what of it becomes one of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.domain.base import Model
from shared.domain.incident import Assets, Description, Reason, Tags, Title
from shared.domain.observables import MAX_OBSERVABLES, ObservableType, ObservableValue


class Trace(Model):
    """Names an observable of an incident."""

    type: ObservableType
    value: ObservableValue


class SplitRequest(Model):
    """The new incident, and which of the old one's tags, assets and observables move over to it."""

    title: Title
    description: Description
    reason: Reason = Field(description="Why these are two incidents: both timelines say it")
    tags: Tags = []
    affected_assets: Assets = []
    observables: Annotated[list[Trace], Field(max_length=MAX_OBSERVABLES)] = []
