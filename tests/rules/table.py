"""The policy: one table of who may do what directly. What does not stand in it is refused.

`{me}` is the uid of who asks, `somebody` another person. Listening is allowed where getting or listing is.
"""

from __future__ import annotations

from typing import Final

# Groups of personas, by the role that their document has now.
ADMINS: Final = frozenset({"admin", "with second factor", "promoted"})
TEAM: Final = ADMINS | {"security team", "team lead"}
EVERYONE: Final = TEAM | {"employee", "signed in again", "demoted"}

# Incidents that one sees oneself, and what is below an incident: for whoever sees it, and for those who handle it.
MINE: Final = ("of", "confidential-of", "naming")
BELOW_OPEN: Final = ("messages/open", "timeline/open", "evidence/1", "evidence/absent")
BELOW_INTERNAL: Final = (
    *("messages/internal", "messages/neither", "messages/absent", "timeline/internal", "timeline/absent"),
)
OPEN_LISTS: Final = ("messages where internal == false", "timeline where internal == false", "evidence")
INTERNAL_LISTS: Final = ("messages", "messages where internal == true", "timeline", "timeline where kind == changed")
NEVER_BELOW: Final = ("receipts/1", "merges/1", "revisions/1", "tallies/1")

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
    ("get", "users/{me}/notifications/1"): EVERYONE,
    ("list", "users/{me}/notifications"): EVERYONE,
    ("get", "custom_fields/{me}"): EVERYONE,
    ("list", "custom_fields"): EVERYONE,
    ("list", "custom_fields where uid == {me}"): EVERYONE,
    ("get", "incidents/of-{me}"): EVERYONE,
    ("get", "incidents/of-somebody"): TEAM,
    ("get", "incidents/confidential-of-{me}"): EVERYONE,
    ("get", "incidents/naming-{me}"): EVERYONE,
    ("list", "incidents where reporter_id == {me}"): EVERYONE,
    ("list", "incidents where access_ids array-contains {me}"): EVERYONE,
    ("list", "incidents where confidential == false"): TEAM,
    **{("get", f"incidents/{mine}-{{me}}/{below}"): EVERYONE for mine in MINE for below in BELOW_OPEN},
    **{("get", f"incidents/{mine}-{{me}}/{below}"): TEAM for mine in MINE for below in BELOW_INTERNAL},
    **{("get", f"incidents/of-somebody/{below}"): TEAM for below in (*BELOW_OPEN, *BELOW_INTERNAL)},
    **{("list", f"incidents/{mine}-{{me}}/{below}"): EVERYONE for mine in MINE for below in OPEN_LISTS},
    **{("list", f"incidents/{mine}-{{me}}/{below}"): TEAM for mine in MINE for below in INTERNAL_LISTS},
    **{("list", f"incidents/of-somebody/{below}"): TEAM for below in (*OPEN_LISTS, *INTERNAL_LISTS)},
}

# Every collection of the database at its top, and of those below a document of it.
READABLE: Final = ("users", "applications", "incidents", "custom_fields")
BELOW_USERS: Final = ("sessions", "notifications")
BELOW_INCIDENTS: Final = ("messages", "timeline", "evidence", "receipts", "merges", "revisions", "tallies")
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
    "incident_filters",
    "known_good",
    "rotas",
    "ai_usage",
    "ai_charges",
)
# What no code writes today: names that a later version may take, and inventions.
UNKNOWN: Final = ("processed", "parked_events", "elsewhere")

# What is asked for: documents by path, queries by collection and filter; `**/` asks for a collection group.
DOCUMENTS: Final = [
    *("users/{me}", "users/somebody", "users/absent"),
    *("users/{me}/sessions/1", "users/{me}/sessions/absent", "users/somebody/sessions/1"),
    *("users/{me}/private/1", "users/{me}/sessions/1/deeper/1", "users/{me}/sessions/1/sessions/1"),
    *("applications/of-{me}", "applications/of-somebody", "applications/absent", "applications/of-{me}/documents/1"),
    *("users/{me}/notifications/1", "users/somebody/notifications/1", "custom_fields/{me}"),
    *("incidents/of-{me}", "incidents/of-somebody", "incidents/absent", "incidents/of-{me}/comments/1"),
    *("incidents/confidential-of-{me}", "incidents/confidential-of-somebody", "incidents/naming-{me}"),
    "incidents/naming-somebody",
    *(
        f"incidents/{incident}/{below}"
        for incident in (
            *(f"{mine}-{{me}}" for mine in MINE),
            *("of-somebody", "confidential-of-somebody", "naming-somebody", "absent", "ownerless-{me}"),
        )
        for below in (*BELOW_OPEN, *BELOW_INTERNAL, *NEVER_BELOW)
    ),
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
    *("users/{me}/notifications", "users/somebody/notifications", "custom_fields", "custom_fields where uid == {me}"),
    *("incidents where access_ids array-contains {me}", "incidents where access_ids array-contains somebody"),
    *("incidents where confidential == false", "incidents where confidential == true"),
    *(
        f"incidents/{incident}/{below}"
        for incident in (
            *(f"{mine}-{{me}}" for mine in MINE),
            *("of-somebody", "confidential-of-somebody", "naming-somebody", "absent"),
        )
        for below in (*OPEN_LISTS, *INTERNAL_LISTS, "receipts", "merges", "revisions", "tallies")
    ),
    *(f"**/{name}" for name in ("notifications", *BELOW_INCIDENTS)),
    *("**/messages where internal == false", "**/timeline where internal == false"),
    *("applications/of-{me}/documents", "incidents/of-{me}/comments", "elsewhere/{me}/incidents"),
    *(f"{name}{filters}" for name in (*CLOSED, *UNKNOWN) for filters in ("", " where uid == {me}")),
    *(f"**/{name}" for name in ("users", "sessions", "applications", "incidents", "audit")),
    *("**/incidents where reporter_id == {me}", "**/applications where applicant_id == {me}"),
]


def allows(persona: str, operation: str, target: str) -> bool:
    """What the table says."""
    return persona in ALLOWED.get((operation, target), frozenset())
