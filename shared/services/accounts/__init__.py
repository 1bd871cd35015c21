"""Registering and knowing people."""

from shared.services.accounts.profiles import Profiles
from shared.services.accounts.registration import AccountRegistration

__all__ = ["AccountRegistration", "Profiles"]
