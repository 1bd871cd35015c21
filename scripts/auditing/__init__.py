"""Verifying the audit trail."""
