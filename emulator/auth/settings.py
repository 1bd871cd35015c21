"""The settings of a project that change what the methods do; a new project's by default."""

from __future__ import annotations

import copy
from typing import Any

from emulator.auth.body import Body

_DEFAULTS: dict[str, Any] = {
    "signIn": {
        "email": {"enabled": True, "passwordRequired": True},
        "anonymous": {"enabled": True},
        "allowDuplicateEmails": False,
    },
    "emailPrivacyConfig": {"enableImprovedEmailPrivacy": True},
    "client": {"permissions": {"disabledUserSignup": False, "disabledUserDeletion": False}},
}
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
        self._values = changed or copy.deepcopy(_DEFAULTS)

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
        return values

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
