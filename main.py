"""Where deployed functions begin: each name below is one function, loaded when it is asked for.

functions-framework asks for the one in FUNCTION_TARGET (or `--target`) and so imports that function's module only; the
Firebase CLI and `python -m scripts.generated` ask for all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FUNCTIONS = {
    "api_docs": "functions.http.api_docs",
    "api_health": "functions.http.api_health",
    "api_root": "functions.http.api_root",
    "auth_profile": "functions.http.auth_profile",
    "auth_register": "functions.http.auth_register",
    "auth_verify_token": "functions.http.auth_verify_token",
    "email_notifications": "functions.events.email_notifications",
    "incident": "functions.http.incident",
    "incident_analysis": "functions.events.incident_analysis",
    "incident_created": "functions.events.incident_created",
    "incident_updated": "functions.events.incident_updated",
    "incidents": "functions.http.incidents",
}


def __getattr__(name: str) -> Any:
    if name not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(FUNCTIONS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *FUNCTIONS})
