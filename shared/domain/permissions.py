"""Who may do what: one table of roles and `resource:action` permissions, deny by default."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A person's coarse role, carried in the ID token's custom claim `role`."""

    EMPLOYEE = "employee"
    SECURITY_TEAM = "security_team"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that can be done to one kind of resource."""

    PROFILE_READ = "profile:read"
    PROFILE_UPDATE = "profile:update"
    INCIDENT_CREATE = "incident:create"
    INCIDENT_READ_OWN = "incident:read_own"
    INCIDENT_READ_ALL = "incident:read_all"
    INCIDENT_UPDATE_OWN = "incident:update_own"
    INCIDENT_UPDATE_ALL = "incident:update_all"
    INCIDENT_IMPORT = "incident:import"


_EMPLOYEE = frozenset(
    {
        Permission.PROFILE_READ,
        Permission.PROFILE_UPDATE,
        Permission.INCIDENT_CREATE,
        Permission.INCIDENT_READ_OWN,
        Permission.INCIDENT_UPDATE_OWN,
    }
)
_SECURITY_TEAM = _EMPLOYEE | {Permission.INCIDENT_READ_ALL, Permission.INCIDENT_UPDATE_ALL, Permission.INCIDENT_IMPORT}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.EMPLOYEE: _EMPLOYEE,
    Role.SECURITY_TEAM: _SECURITY_TEAM,
    Role.ADMIN: _SECURITY_TEAM,
}


def allows(role: Role, permission: Permission) -> bool:
    """Whether the role carries the permission."""
    return permission in ROLE_PERMISSIONS[role]
