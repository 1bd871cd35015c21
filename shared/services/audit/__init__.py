"""The audit trail: recording, reading, sealing, verifying."""

from shared.services.audit.recording import AuditTrail

__all__ = ["AuditTrail"]
