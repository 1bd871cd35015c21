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
    INCIDENT_ASSIGN = "incident:assign"
    FILTER_MANAGE = "filter:manage"
    ROTA_READ = "rota:read"
    ROTA_MANAGE = "rota:manage"
    NOTIFICATION_READ = "notification:read"
    CUSTOM_FIELD_MANAGE = "custom_field:manage"
    MESSAGE_READ = "message:read"
    MESSAGE_WRITE = "message:write"
    MESSAGE_MODERATE = "message:moderate"
    EVIDENCE_CREATE = "evidence:create"
    EVIDENCE_READ = "evidence:read"
    EVIDENCE_DELETE = "evidence:delete"
    EVIDENCE_CUSTODY = "evidence:custody"
    KNOWN_GOOD_READ = "known_good:read"
    KNOWN_GOOD_MANAGE = "known_good:manage"
    AI_USE = "ai:use"
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
    Permission.INCIDENT_ASSIGN: "assign incidents to people of the team",
    Permission.FILTER_MANAGE: "keep filters of the list of incidents; the team shares them",
    Permission.ROTA_READ: "see who is on call, and the rota; leads of the team change it, too",
    Permission.ROTA_MANAGE: "change the on-call rota",
    Permission.NOTIFICATION_READ: "read one's own notifications",
    Permission.MESSAGE_READ: "read the messages of incidents that one may see",
    Permission.MESSAGE_WRITE: "write messages at incidents that one may see, edit and delete one's own",
    Permission.MESSAGE_MODERATE: "delete messages of others",
    Permission.CUSTOM_FIELD_MANAGE: "add, change and retire the custom fields of incidents",
    Permission.EVIDENCE_CREATE: "attach files to incidents that one may see",
    Permission.EVIDENCE_READ: "list and fetch the files of incidents that one may see",
    Permission.EVIDENCE_DELETE: "take away files of incidents that one handles",
    Permission.EVIDENCE_CUSTODY: "read the chain of custody of files of incidents that one handles",
    Permission.KNOWN_GOOD_READ: "read the organisation's list of harmless values",
    Permission.KNOWN_GOOD_MANAGE: "add to and remove from the list of harmless values",
    Permission.AI_USE: "ask the AI about texts and incidents",
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
        Permission.FILTER_MANAGE,
        Permission.NOTIFICATION_READ,
        Permission.MESSAGE_READ,
        Permission.MESSAGE_WRITE,
        Permission.EVIDENCE_CREATE,
        Permission.EVIDENCE_READ,
    }
)
_SECURITY_TEAM = _EVERYBODY | {
    Permission.INCIDENT_READ_ALL,
    Permission.INCIDENT_UPDATE_ALL,
    Permission.INCIDENT_IMPORT,
    Permission.INCIDENT_ASSIGN,
    Permission.ROTA_READ,
    Permission.KNOWN_GOOD_READ,
    Permission.EVIDENCE_DELETE,
    Permission.EVIDENCE_CUSTODY,
    Permission.AI_USE,
}
_ADMIN = _SECURITY_TEAM | {
    Permission.MESSAGE_MODERATE,
    Permission.ROTA_MANAGE,
    Permission.APPLICATION_REVIEW,
    Permission.CUSTOM_FIELD_MANAGE,
    Permission.KNOWN_GOOD_MANAGE,
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
