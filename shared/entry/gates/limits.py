"""Rate limits by address and by user, and how an answer tells of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.domain.errors import TooManyRequestsError
from shared.domain.limits import LimitTable
from shared.domain.people import Identity, Origin
from shared.entry.gates.origin import network_of
from shared.entry.operations import Operation
from shared.services.access.limiting import Allowance, RateLimiter


class LimitGate:
    """Counts a request against the quotas of its operation's class."""

    def __init__(self, table: LimitTable, limiter: Callable[[], RateLimiter]) -> None:
        self._table = table
        self._limiter = limiter

    def by_address(self, operation: Operation, origin: Origin) -> Allowance | None:
        """Count it for the address it comes from; None when there is no limit."""
        quota = self._table.for_address(operation.limit_class)
        if quota is None:
            return None
        # Those whose address nobody knows share one quota.
        key = network_of(origin.address) if origin.address else "unknown"
        return self._limiter().take(f"{operation.limit_class}-address", key, quota)

    def by_user(self, operation: Operation, identity: Identity) -> Allowance | None:
        """Count it for who asks; None when there is no limit."""
        quota = self._table.for_user(operation.limit_class, identity.role)
        if quota is None:
            return None
        return self._limiter().take(f"{operation.limit_class}-user", identity.uid, quota)


def enforce(allowance: Allowance) -> None:
    """Let the request pass.

    Raises:
        TooManyRequestsError: the quota is used up.
    """
    if not allowance.allowed:
        raise TooManyRequestsError(allowance.reset)


def headers(allowances: Sequence[Allowance]) -> dict[str, str]:
    """What the answer says of the limits: draft-ietf-httpapi-ratelimit-headers-10, one item for each quota."""
    if not allowances:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{one.name}";q={one.quota.limit};w={one.quota.window}' for one in allowances),
        "RateLimit": ", ".join(f'"{one.name}";r={one.remaining};t={one.reset}' for one in allowances),
    }
