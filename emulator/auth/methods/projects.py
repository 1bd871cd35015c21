"""What a client or an administrator asks about the project itself."""

from __future__ import annotations

from typing import Any

from emulator.auth.call import Call


async def describe(call: Call) -> dict[str, Any]:
    """projects.get of v1: what the web SDK's redirect helper reads."""
    return {"projectId": call.project, "authorizedDomains": ["localhost", "127.0.0.1"]}


async def get_config(call: Call) -> dict[str, Any]:
    """The Config resource of v2."""
    return {"name": f"projects/{call.project}/config"} | call.settings.shown()


async def patch_config(call: Call) -> dict[str, Any]:
    """Change the settings that this emulator obeys; others are left as they are."""
    changed = call.settings.with_changes(call.body)
    call.store.put_settings(call.project, changed)
    return {"name": f"projects/{call.project}/config"} | changed


async def password_policy(call: Call) -> dict[str, Any]:
    """v2/passwordPolicy, for the web SDK's validatePassword."""
    return {
        "customStrengthOptions": {"minPasswordLength": 6, "maxPasswordLength": 4096},
        "allowedNonAlphanumericCharacters": list("^$*.[]{}()?\"!@#%&/\\,><':;|_~"),
        "schemaVersion": 1,
        "enforcementState": "OFF",
        "forceUpgradeOnSignin": False,
    }


async def recaptcha_config(call: Call) -> dict[str, Any]:
    """v2/recaptchaConfig: reCAPTCHA is enforced nowhere."""
    return {"recaptchaEnforcementState": []}


async def clear(call: Call) -> dict[str, Any]:
    """Remove all accounts of the project."""
    call.store.clear(call.project)
    return {}


async def list_codes(call: Call) -> dict[str, Any]:
    """The action codes that production would have sent by e-mail and nobody has used, oldest first."""
    return {
        "oobCodes": [
            {"email": one.new_email or one.email, "requestType": one.kind, "oobCode": one.code, "oobLink": one.link}
            for one in call.store.codes(call.project)
        ]
    }


async def public_keys(call: Call) -> dict[str, Any]:
    """The certificates that check tokens: none, because no token is signed."""
    return {}
