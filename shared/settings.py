"""The settings, read from an environment-like mapping once and checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, EmailStr, Field, HttpUrl, SecretStr, ValidationError


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
