"""The audit trail: recording, reading, sealing."""

from shared.services.audit.recording import AuditTrail

__all__ = ["AuditTrail"]
