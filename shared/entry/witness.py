"""The log as a witness of the audit trail's seals."""

from __future__ import annotations

from shared.domain.sealing import Seal
from shared.entry import logs


def log_seal(seal: Seal) -> None:
    """Log the head: Cloud Logging keeps it where who changes the database has no hand."""
    logs.logger().info(
        "audit sealed", sequence=seal.sequence, head=seal.head, count=seal.count, until=seal.until.isoformat()
    )
