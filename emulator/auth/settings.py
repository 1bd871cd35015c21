"""The settings of a project that change what the methods do; a new project's by default."""

from __future__ import annotations

import copy
from typing import Any

from emulator.auth.body import Body
from emulator.auth.errors import AuthError, UnsupportedError, require

_DEFAULTS: dict[str, Any] = {
    "signIn": {
        "email": {"enabled": True, "passwordRequired": True},
        "anonymous": {"enabled": True},
        "allowDuplicateEmails": False,
    },
    "emailPrivacyConfig": {"enableImprovedEmailPrivacy": True},
    "client": {"permissions": {"disabledUserSignup": False, "disabledUserDeletion": False}},
    # Off in a new project of production, and on here: a developer who enrols an app wants it to work.
    "mfa": {
        "state": "ENABLED",
        "providerConfigs": [{"state": "ENABLED", "totpProviderConfig": {"adjacentIntervals": 5}}],
    },
}
_STATES = frozenset({"DISABLED", "ENABLED", "MANDATORY"})
_ADJACENT_LIMIT = 10
_ADJACENT_DEFAULT = 5
_CHANGEABLE = (
    ("signIn", "email", "enabled"),
    ("signIn", "anonymous", "enabled"),
    ("emailPrivacyConfig", "enableImprovedEmailPrivacy"),
    ("client", "permissions", "disabledUserSignup"),
    ("client", "permissions", "disabledUserDeletion"),
)


class Settings:
    """The settings, `changed` laid over the defaults."""

    def __init__(self, changed: dict[str, Any]) -> None:
        self._values = copy.deepcopy(_DEFAULTS) | changed

    def shown(self) -> dict[str, Any]:
        """As the Config resource of Identity Toolkit v2."""
        return copy.deepcopy(self._values)

    def with_changes(self, patch: Body) -> dict[str, Any]:
        """All settings with those of `patch` that can be changed here."""
        values = self.shown()
        for *path, name in _CHANGEABLE:
            source: Body | None = patch
            target = values
            for part in path:
                source = source.object(part) if source else None
                target = target[part]
            if source is not None and (value := source.flag(name)) is not None:
                target[name] = value
        if (mfa := patch.object("mfa")) is not None:
            values["mfa"] |= _mfa(mfa)
        return values

    @property
    def totp_allowed(self) -> bool:
        """Whether users may enrol an authenticator app as second factor."""
        mfa = self._values["mfa"]
        return mfa.get("state") != "DISABLED" and any(one["state"] != "DISABLED" for one in mfa["providerConfigs"])

    @property
    def adjacent_intervals(self) -> int:
        """How many steps of 30 seconds before and after the present a code may be of."""
        for one in self._values["mfa"]["providerConfigs"]:
            return int(one["totpProviderConfig"].get("adjacentIntervals", _ADJACENT_DEFAULT))
        return _ADJACENT_DEFAULT

    @property
    def password_allowed(self) -> bool:
        """Whether sign-in by password and e-mail link is enabled."""
        return bool(self._values["signIn"]["email"]["enabled"])

    @property
    def anonymous_allowed(self) -> bool:
        """Whether anonymous sign-in is enabled."""
        return bool(self._values["signIn"]["anonymous"]["enabled"])

    @property
    def hides_emails(self) -> bool:
        """Whether answers conceal which addresses have accounts (e-mail enumeration protection)."""
        return bool(self._values["emailPrivacyConfig"]["enableImprovedEmailPrivacy"])

    @property
    def sign_up_allowed(self) -> bool:
        """Whether users may create accounts themselves."""
        return not self._values["client"]["permissions"]["disabledUserSignup"]

    @property
    def deletion_allowed(self) -> bool:
        """Whether users may delete their accounts themselves."""
        return not self._values["client"]["permissions"]["disabledUserDeletion"]


def _mfa(patch: Body) -> dict[str, Any]:
    """Of a MultiFactorAuthConfig what it says, checked.

    https://cloud.google.com/identity-platform/docs/reference/rest/v2/Config#MultiFactorAuthConfig

    Raises:
        AuthError: INVALID_ADJACENT_INTERVAL_RANGE, or a value that is no state.
        UnsupportedError: text messages are to be a second factor.
    """
    if patch.texts("enabledProviders"):
        raise UnsupportedError("A telephone as second factor")
    changed: dict[str, Any] = {}
    if patch.has("state"):
        changed["state"] = _state(patch)
    if patch.has("providerConfigs"):
        given = [(one, one.object("totpProviderConfig")) for one in patch.objects("providerConfigs")]
        # As in production an entry that configures nothing is dropped.
        providers = changed["providerConfigs"] = [_provider(one, app) for one, app in given if app is not None]
        if "state" not in changed and any(one["state"] != "DISABLED" for one in providers):
            changed["state"] = "ENABLED"  # the documentation enables TOTP by its provider alone
    return changed


def _provider(config: Body, app: Body) -> dict[str, Any]:
    adjacent = app.whole("adjacentIntervals")
    require(adjacent is None or 0 <= adjacent <= _ADJACENT_LIMIT, "INVALID_ADJACENT_INTERVAL_RANGE")
    return {
        "state": _state(config),
        "totpProviderConfig": {} if adjacent is None else {"adjacentIntervals": adjacent},
    }


def _state(config: Body) -> str:
    state = config.text("state") or "DISABLED"
    if state not in _STATES:
        raise AuthError("Invalid value at 'config.mfa.state' (TYPE_ENUM)", status="INVALID_ARGUMENT")
    return state
