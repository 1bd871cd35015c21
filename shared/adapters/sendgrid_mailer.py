"""SendGrid's v3 API, through its own client."""

from __future__ import annotations

import socket
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    ClickTracking,
    Content,
    CustomArg,
    Mail,
    OpenTracking,
    Personalization,
    To,
    TrackingSettings,
)

from shared.domain.mail import MailMessage
from shared.ports.messaging import MailNotSentError, MailOutcomeUnknownError, MailRefusedError

_TIMEOUT = 30.0  # seconds; the client's own default is to wait for ever
_TOO_MANY_REQUESTS = 429


class SendgridMailer:
    """Sends one message to each recipient apart: nobody sees the others' addresses."""

    def __init__(self, api_key: str, sender: str, endpoint: str) -> None:
        self._client = SendGridAPIClient(api_key, host=endpoint)
        self._client.client.timeout = _TIMEOUT
        self._sender = sender

    def send(self, message: MailMessage, mail_id: str) -> str:
        """As the port says."""
        try:
            response = self._client.send(_mail(message, self._sender, mail_id))
        except HTTPError as error:
            # The body may repeat addresses: the status says enough.
            if error.status_code == _TOO_MANY_REQUESTS or error.status_code >= 500:
                raise MailNotSentError(f"the provider answered {error.status_code}") from error
            raise MailRefusedError(f"the provider answered {error.status_code}") from error
        except URLError as error:
            # urllib wraps what fails before the request is out: no connection, no name, no TLS.
            if isinstance(error.reason, ConnectionRefusedError | socket.gaierror):
                raise MailNotSentError("the provider cannot be reached") from error
            raise MailOutcomeUnknownError("the connection broke before the provider answered") from error
        except (OSError, TimeoutError) as error:
            raise MailOutcomeUnknownError("the connection broke before the provider answered") from error
        return str(response.headers.get("X-Message-Id", ""))


def _mail(message: MailMessage, sender: str, mail_id: str) -> Mail:
    mail = Mail(from_email=sender, subject=message.subject)
    for address in message.to:
        personalization = Personalization()
        personalization.add_to(To(address))
        mail.add_personalization(personalization)
    mail.add_content(Content("text/plain", message.text))
    mail.add_content(Content("text/html", message.html))
    mail.add_custom_arg(CustomArg("outbox_id", mail_id))
    # Rewritten links and tracking pixels tell a third party who reads about which incident.
    tracking = TrackingSettings()
    tracking.click_tracking = ClickTracking(enable=False, enable_text=False)
    tracking.open_tracking = OpenTracking(enable=False)
    mail.tracking_settings = tracking
    return mail
