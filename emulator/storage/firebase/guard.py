"""Asks the security rules.

Source: "Use conditions in Firebase Cloud Storage Security Rules" and the reference of `rules.firebase.storage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from emulator.clock import Clock
from emulator.denials import Denials
from emulator.rules.errors import EvaluationError
from emulator.rules.requests import AccessBudget, Documents, Method, Request, Segment
from emulator.rules.values import Timestamp
from emulator.storage.errors import ForbiddenError
from emulator.storage.firebase.callers import Caller
from emulator.storage.firebase.metadata import TOKENS
from emulator.storage.firebase.rules import RulesInForce

_TEXTS: Final = ("contentType", "contentDisposition", "contentEncoding", "contentLanguage", "cacheControl")
_MOST_DOCUMENTS: Final = 2  # that a rule of Storage may read, as the official emulator has it
_SUMS: Final = ("md5Hash", "crc32c")


class NoFirestore:
    """Documents where no Firestore runs beside: a rule that reads one has an error, which denies."""

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """Raises EvaluationError."""
        raise EvaluationError(f"There is no Firestore to read /{'/'.join(path)} from.")

    def get_after(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """Raises EvaluationError."""
        return self.get(path)


class Guard:
    """Lets calls pass that the rules allow. Used from the store's thread."""

    def __init__(self, rules: RulesInForce, documents: Documents | None, denials: Denials, clock: Clock) -> None:
        self._rules = rules
        self._documents: Documents = documents or NoFirestore()
        self._denials = denials
        self._clock = clock

    def check(
        self,
        caller: Caller,
        method: Method,
        path: tuple[Segment, ...],
        resources: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None] = (None, None),
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Let pass. `path` is the bucket and the segments of the name; `resources` the object as it is and will be.

        Raises:
            ForbiddenError: the rules do not allow it; `denials` says why.
        """
        if caller.privileged:
            return
        what = f"{method} {'/'.join(segment if isinstance(segment, str) else '*' for segment in path)}"
        rules = self._rules.of(str(path[0]))
        if rules is None:
            self._deny(what, "No storage rules are in force, and without rules nothing is allowed.")
        before, after = resources
        request = Request(
            service="firebase.storage",
            method=method,
            path=("b", path[0], "o", *path[1:]),
            auth=caller.auth,
            time=self._clock.now(),
            resource=None if before is None else _stored(before),
            request_resource=None if after is None else _described(after),
            extra={"params": dict(params or {})},
        )
        try:
            budget = AccessBudget(_MOST_DOCUMENTS)
            decision = rules.ruleset.decide(request, self._documents, budget=budget, coverage=rules.coverage)
        except EvaluationError as error:
            self._deny(what, str(error))
        if not decision.allowed:
            self._deny(what, decision.explanation.text())

    def _deny(self, what: str, explanation: str) -> NoReturn:
        self._denials.add("storage", what, explanation)
        raise ForbiddenError("Permission denied.")


def _described(resource: Mapping[str, Any]) -> dict[str, Any]:
    """An object as its writer describes it: `request.resource`."""
    described = {
        "name": resource["name"],
        "bucket": resource["bucket"],
        "size": int(resource["size"]),
        "metadata": {name: value for name, value in resource.get("metadata", {}).items() if name != TOKENS},
    }
    described |= {name: resource.get(name) for name in _TEXTS}
    return described | {name: resource[name] for name in _SUMS if resource.get(name)}


def _stored(resource: Mapping[str, Any]) -> dict[str, Any]:
    """An object that there is: `resource`."""
    return _described(resource) | {
        "generation": int(resource["generation"]),
        "metageneration": int(resource["metageneration"]),
        "etag": resource["etag"],
        "storageClass": resource["storageClass"],
        "timeCreated": Timestamp.from_datetime(datetime.fromisoformat(resource["timeCreated"])),
        "updated": Timestamp.from_datetime(datetime.fromisoformat(resource["updated"])),
    }
