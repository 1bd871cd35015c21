"""What the services are started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of each service; 0 takes a free one. The defaults are those of the official emulators."""

    firestore: int = 8080
    auth: int = 9099
    pubsub: int = 8085
    storage: int = 9199
    mail: int = 8025
    control: int = 4400  # where the official suite has its hub


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a service needs to know at its start."""

    project: str
    data: Path
    functions_url: str
    host: str = "127.0.0.1"
    ports: Ports = field(default_factory=Ports)
    manifest: Path | None = None
    rules: Path | None = None  # security rules of Firestore; without them nothing but service accounts may do anything
    storage_rules: Path | None = None
    indexes: Path | None = None  # firestore.indexes.json: composite indexes, exemptions, TTL policies
    index_check: bool = True
    faults: tuple[str, ...] = ()
    fault_seed: int = 0
