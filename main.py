"""Where deployed functions begin: each name below is one function, loaded when it is asked for.

functions-framework asks for the one in FUNCTION_TARGET (or `--target`) and so imports that function's module only; the
Firebase CLI and `python -m scripts.generated` ask for all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FUNCTIONS = {
    "ai_assess_severity": "functions.http.ai_assess_severity",
    "ai_categorize": "functions.http.ai_categorize",
    "ai_mitigation_strategies": "functions.http.ai_mitigation_strategies",
    "api_docs": "functions.http.api_docs",
    "api_health": "functions.http.api_health",
    "api_root": "functions.http.api_root",
    "applications_apply": "functions.http.applications_apply",
    "applications_can_apply": "functions.http.applications_can_apply",
    "applications_mine": "functions.http.applications_mine",
    "applications_pending": "functions.http.applications_pending",
    "applications_review": "functions.http.applications_review",
    "access_alert_created": "functions.events.access_alert_created",
    "audit": "functions.http.audit",
    "audit_head": "functions.http.audit_head",
    "audit_sealing": "functions.scheduled.audit_sealing",
    "auth_access": "functions.http.auth_access",
    "auth_account": "functions.http.auth_account",
    "auth_manage_security_team": "functions.http.auth_manage_security_team",
    "auth_profile": "functions.http.auth_profile",
    "auth_register": "functions.http.auth_register",
    "auth_sessions": "functions.http.auth_sessions",
    "auth_users": "functions.http.auth_users",
    "auth_verify_email": "functions.http.auth_verify_email",
    "auth_verify_token": "functions.http.auth_verify_token",
    "email_notifications": "functions.events.email_notifications",
    "erasure_requested": "functions.events.erasure_requested",
    "incident": "functions.http.incident",
    "incident_analysis": "functions.events.incident_analysis",
    "incident_assign": "functions.http.incident_assign",
    "incident_created": "functions.events.incident_created",
    "incident_messages": "functions.http.incident_messages",
    "incident_reply": "functions.http.incident_reply",
    "incident_custom_fields": "functions.http.incident_custom_fields",
    "incident_duplicates": "functions.http.incident_duplicates",
    "incident_filters": "functions.http.incident_filters",
    "incident_join": "functions.http.incident_join",
    "incident_links": "functions.http.incident_links",
    "incident_merge": "functions.http.incident_merge",
    "incident_split": "functions.http.incident_split",
    "incident_observables": "functions.http.incident_observables",
    "incident_timeline": "functions.http.incident_timeline",
    "incident_evidence": "functions.http.incident_evidence",
    "evidence_uploaded": "functions.events.evidence_uploaded",
    "incident_updated": "functions.events.incident_updated",
    "incidents": "functions.http.incidents",
    "incidents_live": "functions.http.incidents_live",
    "known_good": "functions.http.known_good",
    "notifications": "functions.http.notifications",
    "on_call_rota": "functions.http.on_call_rota",
    "outbox_created": "functions.events.outbox_created",
    "timeline_created": "functions.events.timeline_created",
    "user_written": "functions.events.user_written",
}


def __getattr__(name: str) -> Any:
    if name not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(FUNCTIONS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *FUNCTIONS})
