"""People: joining, profiles, roles, the end of an account."""
