"""The settings, read from an environment-like mapping once and checked at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    InstanceOf,
    SecretStr,
    ValidationError,
)

from shared.domain.limits import LimitTable
from shared.domain.permissions import Role
from shared.domain.taxonomy import Tlp


def _listed(value: Any) -> Any:
    return [part for part in (part.strip() for part in value.split(",")) if part] if isinstance(value, str) else value


def _networks(value: Any) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(part) for part in _listed(value))


def _limit_table(value: Any) -> Any:
    return LimitTable.parse(value) if isinstance(value, str) else value


Networks = Annotated[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], BeforeValidator(_networks)]
# Firebase Hosting's edge: https://api.fastly.com/public-ip-list. It changes two or three times a year.
_FASTLY = _networks(
    "23.235.32.0/20, 43.249.72.0/22, 103.244.50.0/24, 103.245.222.0/23, 103.245.224.0/24, 104.156.80.0/20,"
    "140.248.64.0/18, 140.248.128.0/17, 146.75.0.0/17, 151.101.0.0/16, 157.52.64.0/18, 167.82.0.0/17, 167.82.128.0/20,"
    "167.82.160.0/20, 167.82.224.0/20, 172.111.64.0/18, 185.31.16.0/22, 199.27.72.0/21, 199.232.0.0/16,"
    "2a04:4e40::/32, 2a04:4e42::/32"
)


class SettingsError(ValueError):
    """A variable is missing or malformed; the text names each, never its value."""


class Settings(BaseModel):
    """Every setting, with the variable it comes from (its alias) and its default. Secrets come from Secret Manager."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    project: Annotated[str, Field(alias="GOOGLE_CLOUD_PROJECT", min_length=1)]
    public_url: Annotated[HttpUrl | None, Field(alias="SECURA_PUBLIC_URL")] = None
    mail_endpoint: Annotated[HttpUrl, Field(alias="SECURA_MAIL_ENDPOINT")] = HttpUrl("https://api.sendgrid.com")
    mail_from: Annotated[EmailStr | None, Field(alias="SECURA_MAIL_FROM")] = None
    sendgrid_api_key: Annotated[SecretStr | None, Field(alias="SENDGRID_API_KEY")] = None
    trusted_proxies: Annotated[Networks, Field(alias="SECURA_TRUSTED_PROXIES")] = _FASTLY
    app_check: Annotated[Literal["off", "monitor", "enforce"], Field(alias="SECURA_APP_CHECK")] = "off"
    rate_limits: Annotated[InstanceOf[LimitTable], BeforeValidator(_limit_table), Field(alias="SECURA_RATE_LIMITS")] = (
        LimitTable()
    )
    second_factor_roles: Annotated[
        frozenset[Role], BeforeValidator(_listed), Field(alias="SECURA_SECOND_FACTOR_ROLES")
    ] = frozenset()
    alert_threshold: Annotated[int, Field(alias="SECURA_ALERT_THRESHOLD", ge=1, le=100_000)] = 20
    audit_master_key: Annotated[SecretStr | None, Field(alias="SECURA_AUDIT_MASTER_KEY")] = None
    audit_signing_key: Annotated[SecretStr | None, Field(alias="SECURA_AUDIT_SIGNING_KEY")] = None
    link_key: Annotated[SecretStr | None, Field(alias="SECURA_LINK_KEY")] = None
    clamd: Annotated[str | None, Field(alias="SECURA_CLAMD", pattern=r"^(/.+|[^/\s]+:[0-9]{1,5})$")] = None
    clamd_stream_mb: Annotated[int, Field(alias="SECURA_CLAMD_STREAM_MB", ge=3, le=4_000)] = 25
    archive_spool_mb: Annotated[int, Field(alias="SECURA_ARCHIVE_SPOOL_MB", ge=1, le=4_000)] = 64
    quarantine_bucket: Annotated[str | None, Field(alias="SECURA_QUARANTINE_BUCKET")] = None
    evidence_bucket: Annotated[str | None, Field(alias="SECURA_EVIDENCE_BUCKET")] = None
    infected_bucket: Annotated[str | None, Field(alias="SECURA_INFECTED_BUCKET")] = None
    max_evidence_size: Annotated[int, Field(alias="SECURA_MAX_EVIDENCE_SIZE", ge=1, le=5 * 1024**4)] = 5 * 1024**3
    functions_url: Annotated[HttpUrl | None, Field(alias="SECURA_FUNCTIONS_URL")] = None
    audit_lag: Annotated[int, Field(alias="SECURA_AUDIT_LAG", ge=0, le=600)] = 120
    gemini_location: Annotated[
        str | None, Field(alias="SECURA_GEMINI_LOCATION", pattern=r"^(global|[a-z]{2,10}(-[a-z]+[0-9]+)?)$")
    ] = None
    gemini_models: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(alias="SECURA_GEMINI_MODELS")] = ()
    gemini_daily_budget: Annotated[Decimal | None, Field(alias="SECURA_GEMINI_DAILY_BUDGET", gt=0, le=100_000)] = None
    gemini_max_tlp: Annotated[Literal[Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER], Field(alias="SECURA_GEMINI_MAX_TLP")] = (
        Tlp.GREEN
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="SECURA_LOG_LEVEL")] = "INFO"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """The settings in the mapping; an empty variable counts as left out.

        Raises:
            SettingsError: one is missing or malformed.
        """
        given = {name: value for name, value in environment.items() if value}
        # Cloud Run sets no GOOGLE_CLOUD_PROJECT by itself; the Firebase CLI sets GCLOUD_PROJECT on every function.
        given.setdefault("GOOGLE_CLOUD_PROJECT", given.get("GCLOUD_PROJECT", ""))
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = "; ".join(f"{issue['loc'][0]}: {issue['msg']}" for issue in error.errors(include_input=False))
            raise SettingsError(f"Settings are not usable: {problems}") from None

    def require(self, name: str) -> str:
        """The value of a setting that this function cannot do without.

        Raises:
            SettingsError: it is not set.
        """
        value = getattr(self, name)
        if value is None:
            variable = type(self).model_fields[name].alias
            raise SettingsError(f"Set {variable}: this function needs it")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value).rstrip("/")
