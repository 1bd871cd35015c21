"""The policy: one table of who may do what directly. What does not stand in it is refused.

`{me}` is the uid of who asks, `somebody` another person. Listening is allowed where getting or listing is.
"""

from __future__ import annotations

from typing import Final

# Groups of personas, by the role that their document has now.
ADMINS: Final = frozenset({"admin", "with second factor", "promoted"})
TEAM: Final = ADMINS | {"security team", "team lead"}
EVERYONE: Final = TEAM | {"employee", "signed in again", "demoted"}

ALLOWED: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("get", "users/{me}"): EVERYONE,
    ("get", "users/{me}/sessions/1"): EVERYONE,
    ("get", "users/{me}/sessions/absent"): EVERYONE,
    ("list", "users/{me}/sessions"): EVERYONE,
    ("get", "applications/of-{me}"): EVERYONE,
    ("get", "applications/of-somebody"): ADMINS,
    ("get", "applications/absent"): ADMINS,
    ("get", "applications/ownerless-{me}"): ADMINS,
    ("get", "applications/listing-{me}"): ADMINS,
    ("list", "applications where applicant_id == {me}"): EVERYONE,
    ("list", "applications where applicant_id == somebody"): ADMINS,
    ("list", "applications where applicant_id in {me}, somebody"): ADMINS,
    ("list", "applications where applicant_id >= {me}"): ADMINS,
    ("list", "applications where status == pending"): ADMINS,
    ("list", "applications"): ADMINS,
    ("get", "incidents/of-{me}"): EVERYONE,
    ("get", "incidents/of-somebody"): TEAM,
    ("get", "incidents/absent"): TEAM,
    ("get", "incidents/ownerless-{me}"): TEAM,
    ("get", "incidents/listing-{me}"): TEAM,
    ("list", "incidents where reporter_id == {me}"): EVERYONE,
    ("list", "incidents where reporter_id == somebody"): TEAM,
    ("list", "incidents where reporter_id in {me}, somebody"): TEAM,
    ("list", "incidents where reporter_id >= {me}"): TEAM,
    ("list", "incidents where status == pending"): TEAM,
    ("list", "incidents"): TEAM,
}

# Every collection of the database at its top, and of those below a document of it.
READABLE: Final = ("users", "applications", "incidents")
BELOW_USERS: Final = ("sessions",)
CLOSED: Final = (
    "audit",
    "audit_seals",
    "subject_keys",
    "outbox",
    "idempotency",
    "rate_limits",
    "access_attempts",
    "access_alerts",
    "revocations",
    "erasures",
)
# What no code writes today: names that a later version may take, and inventions.
UNKNOWN: Final = ("processed", "parked_events", "elsewhere")

# What is asked for: documents by path, queries by collection and filter; `**/` asks for a collection group.
DOCUMENTS: Final = [
    *("users/{me}", "users/somebody", "users/absent"),
    *("users/{me}/sessions/1", "users/{me}/sessions/absent", "users/somebody/sessions/1"),
    *("users/{me}/private/1", "users/{me}/sessions/1/deeper/1", "users/{me}/sessions/1/sessions/1"),
    *("applications/of-{me}", "applications/of-somebody", "applications/absent", "applications/of-{me}/documents/1"),
    *("incidents/of-{me}", "incidents/of-somebody", "incidents/absent", "incidents/of-{me}/comments/1"),
    *(f"{name}/{{me}}" for name in (*CLOSED, *UNKNOWN)),
    # Documents whose owner is missing, or is a list with one's own uid: nobody's.
    *(f"{name}/{what}-{{me}}" for name in ("applications", "incidents") for what in ("ownerless", "listing")),
    *("audit/absent", "elsewhere/{me}/users/{me}", "elsewhere/{me}/incidents/{me}", "a/b/c/d/e/f/g/{me}"),
]
QUERIES: Final = [
    *("users", "users where role == employee", "users where email == {me}@example.org", "users where uid == {me}"),
    *("users/{me}/sessions", "users/somebody/sessions", "users/{me}/private", "users/{me}/sessions/1/sessions"),
    *(
        f"{name}{filters}"
        for name, owner in (("applications", "applicant_id"), ("incidents", "reporter_id"))
        for filters in (
            "",
            " where status == pending",
            f" where {owner} == {{me}}",
            f" where {owner} == somebody",
            f" where {owner} in {{me}}, somebody",
            f" where {owner} >= {{me}}",
        )
    ),
    *("applications/of-{me}/documents", "incidents/of-{me}/comments", "elsewhere/{me}/incidents"),
    *(f"{name}{filters}" for name in (*CLOSED, *UNKNOWN) for filters in ("", " where uid == {me}")),
    *(f"**/{name}" for name in ("users", "sessions", "applications", "incidents", "audit")),
    *("**/incidents where reporter_id == {me}", "**/applications where applicant_id == {me}"),
]


def allows(persona: str, operation: str, target: str) -> bool:
    """What the table says."""
    return persona in ALLOWED.get((operation, target), frozenset())
