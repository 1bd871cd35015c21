"""Observables: the technical traces of an incident, as TheHive and MISP type them.

Types are TheHive's default ones with MISP's names beside them where those differ. Values are kept in one canonical
spelling, never defanged, so that the same trace in two incidents is the same value.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.domain.base import Line, Model, UtcDatetime
from shared.domain.taxonomy import Tlp

MAX_OBSERVABLES = 200
"""Of one incident: what is beyond is counted, not kept."""


class ObservableType(StrEnum):
    """TheHive's name; in the comment MISP's attribute type."""

    IP = "ip"  # ip-dst
    DOMAIN = "domain"  # domain
    URL = "url"  # url
    MAIL = "mail"  # email
    HASH = "hash"  # md5, sha1, sha256, sha512
    FILENAME = "filename"  # filename
    CVE = "cve"  # vulnerability
    REGISTRY = "registry"  # regkey
    WALLET = "wallet"  # btc, xmr
    OTHER = "other"  # other


class ObservableSource(StrEnum):
    """Where it was found."""

    REPORT = "report"
    MESSAGE = "message"
    EVIDENCE = "evidence"
    MERGE = "merge"
    TEAM = "team"


ObservableValue = Annotated[Line, Field(min_length=1, max_length=2_000)]


class Observable(Model):
    """One trace. `known_good` ones are on a list of harmless values: kept, marked, not counted as sightings."""

    type: ObservableType
    value: ObservableValue
    tlp: Tlp = Tlp.AMBER
    source: ObservableSource = ObservableSource.REPORT
    known_good: bool = False
    first_seen_at: UtcDatetime

    @property
    def key(self) -> tuple[ObservableType, str]:
        """What makes two of them the same."""
        return self.type, self.value
