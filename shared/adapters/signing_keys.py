"""The public keys that Google signs tokens with, fetched when they are needed and kept as long as it says."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.domain.errors import UnavailableError
from shared.ports.clock import Clock

ID_TOKEN_KEYS = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"  # noqa: S105  # a URL
"""https://firebase.google.com/docs/auth/admin/verify-id-tokens: X.509 certificates in PEM by `kid`."""
APP_CHECK_KEYS = "https://firebaseappcheck.googleapis.com/v1/jwks"
"""https://firebase.google.com/docs/app-check/custom-resource-backend: a JSON Web Key Set."""
_TIMEOUT = 5.0  # seconds
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])", re.IGNORECASE)
_SHORTEST = timedelta(minutes=1)
_PAUSE = timedelta(seconds=30)  # between two fetches on behalf of unknown keys: anyone can invent such
_REST = timedelta(seconds=2)  # after a fetch that failed
_NOT_TO_BE_HAD = "The keys to check tokens with cannot be had"
_GRACE = timedelta(minutes=10)  # the keys are used beyond their age while Google does not answer

Keys = Mapping[str, RSAPublicKey]


def certificates(document: object) -> Keys:
    """The keys in certificates by id.

    Raises:
        ValueError: there are none, or one cannot be read.
    """
    if not isinstance(document, dict) or not document:
        raise ValueError("no certificates")
    keys = {name: x509.load_pem_x509_certificate(str(pem).encode()).public_key() for name, pem in document.items()}
    return {name: key for name, key in keys.items() if isinstance(key, RSAPublicKey)}


def key_set(document: object) -> Keys:
    """The keys of a JSON Web Key Set.

    Raises:
        ValueError: it is none.
    """
    try:
        found = jwt.PyJWKSet.from_dict(document if isinstance(document, dict) else {})
    except jwt.PyJWTError as error:
        raise ValueError("no key set") from error
    return {one.key_id: one.key for one in found.keys if one.key_id and isinstance(one.key, RSAPublicKey)}


class SigningKeys:
    """Keys by id. Thread-safe: while keys are known, nobody waits for a fetch but who needs it."""

    def __init__(self, clock: Clock, url: str, parse: Callable[[object], Keys]) -> None:
        self._clock = clock
        self._url = url
        self._parse = parse
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._stale_at: datetime | None = None
        self._tried_at: datetime | None = None

    def key(self, key_id: str) -> RSAPublicKey | None:
        """The key; None when Google has none of this id, after looking again if that was not done just now.

        Raises:
            UnavailableError: the keys cannot be had.
        """
        if self._fresh() and (key := self._keys.get(key_id)) is not None:
            return key
        with self._lock:
            if not self._fresh() or (key_id not in self._keys and not self._just_tried()):
                self._fetch()
            return self._keys.get(key_id)

    def _fresh(self) -> bool:
        return self._stale_at is not None and self._clock.now() < self._stale_at

    def _just_tried(self) -> bool:
        return self._tried_at is not None and self._clock.now() < self._tried_at + _PAUSE

    def _fetch(self) -> None:
        now = self._clock.now()
        usable = self._stale_at is not None and now < self._stale_at + _GRACE
        if usable and self._just_tried():
            return
        if self._tried_at is not None and now < self._tried_at + _REST:
            raise UnavailableError(_NOT_TO_BE_HAD)  # those who waited for the lock need not all try
        self._tried_at = now
        try:
            answer = requests.get(self._url, timeout=_TIMEOUT)
            answer.raise_for_status()
            keys = self._parse(answer.json())
        except (requests.RequestException, ValueError) as error:
            if usable:
                return
            raise UnavailableError(_NOT_TO_BE_HAD) from error
        self._keys = keys
        self._stale_at = now + _max_age(answer.headers.get("Cache-Control", ""))


def _max_age(cache_control: str) -> timedelta:
    found = _MAX_AGE.search(cache_control)
    return max(_SHORTEST, timedelta(seconds=int(found[1]))) if found else _SHORTEST
