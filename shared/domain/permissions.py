"""Who may do what: one table of roles and `resource:action` permissions, deny by default.

docs/permissions.md is written from it (`python -m scripts.generated`), the HTTP layer and the tests read it.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A person's coarse role: the truth is in `users/{uid}`; the ID token's custom claim `role` follows it."""

    EMPLOYEE = "employee"
    SECURITY_TEAM = "security_team"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that can be done to one kind of resource."""

    PROFILE_READ = "profile:read"
    PROFILE_UPDATE = "profile:update"
    SESSION_LIST = "session:list"
    SESSION_REVOKE = "session:revoke"
    ACCOUNT_EXPORT = "account:export"
    ACCOUNT_ERASE = "account:erase"
    APPLICATION_CREATE = "application:create"
    APPLICATION_READ_OWN = "application:read_own"
    APPLICATION_REVIEW = "application:review"
    INCIDENT_CREATE = "incident:create"
    INCIDENT_READ_OWN = "incident:read_own"
    INCIDENT_READ_ALL = "incident:read_all"
    INCIDENT_UPDATE_OWN = "incident:update_own"
    INCIDENT_UPDATE_ALL = "incident:update_all"
    INCIDENT_IMPORT = "incident:import"
    USER_READ = "user:read"
    TEAM_MANAGE = "team:manage"
    ACCESS_READ = "access:read"
    AUDIT_READ = "audit:read"


PURPOSES: dict[Permission, str] = {
    Permission.PROFILE_READ: "read one's own profile",
    Permission.PROFILE_UPDATE: "change one's own profile",
    Permission.SESSION_LIST: "list one's own sessions",
    Permission.SESSION_REVOKE: "end all of one's own sessions",
    Permission.ACCOUNT_EXPORT: "get a copy of everything kept about oneself (GDPR, article 15)",
    Permission.ACCOUNT_ERASE: "have one's own account erased (GDPR, article 17)",
    Permission.APPLICATION_CREATE: "apply to the security team",
    Permission.APPLICATION_READ_OWN: "read one's own applications, and whether one can apply",
    Permission.APPLICATION_REVIEW: "read and decide applications",
    Permission.INCIDENT_CREATE: "report an incident",
    Permission.INCIDENT_READ_OWN: "read the incidents one reported",
    Permission.INCIDENT_READ_ALL: "read every incident",
    Permission.INCIDENT_UPDATE_OWN: "correct one's own report while it is new",
    Permission.INCIDENT_UPDATE_ALL: "change every incident",
    Permission.INCIDENT_IMPORT: "import old incidents without mailing the team",
    Permission.USER_READ: "search and export the people of the platform",
    Permission.TEAM_MANAGE: "add to, remove from and promote in the security team; disable and enable people",
    Permission.ACCESS_READ: "see failed and denied attempts, and the alerts about them",
    Permission.AUDIT_READ: "read and export the audit trail",
}

_EVERYBODY = frozenset(
    {
        Permission.PROFILE_READ,
        Permission.PROFILE_UPDATE,
        Permission.SESSION_LIST,
        Permission.SESSION_REVOKE,
        Permission.ACCOUNT_EXPORT,
        Permission.ACCOUNT_ERASE,
        Permission.APPLICATION_READ_OWN,
        Permission.INCIDENT_CREATE,
        Permission.INCIDENT_READ_OWN,
        Permission.INCIDENT_UPDATE_OWN,
    }
)
_SECURITY_TEAM = _EVERYBODY | {
    Permission.INCIDENT_READ_ALL,
    Permission.INCIDENT_UPDATE_ALL,
    Permission.INCIDENT_IMPORT,
}
_ADMIN = _SECURITY_TEAM | {
    Permission.APPLICATION_REVIEW,
    Permission.USER_READ,
    Permission.TEAM_MANAGE,
    Permission.ACCESS_READ,
    Permission.AUDIT_READ,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.EMPLOYEE: _EVERYBODY | {Permission.APPLICATION_CREATE},
    Role.SECURITY_TEAM: _SECURITY_TEAM,
    Role.ADMIN: _ADMIN,
}


def allows(role: Role, permission: Permission) -> bool:
    """Whether the role carries the permission."""
    return permission in ROLE_PERMISSIONS[role]
