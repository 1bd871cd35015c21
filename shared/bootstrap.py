"""The composition root: builds what a function needs, when it needs it, once per instance.

Every builder is lazy and imports its SDK inside, so that a function loads only the clients it uses. Tests pass fakes by
keyword to the use cases themselves; nothing here is patched.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from shared.adapters.system import RandomIds, SystemClock
from shared.settings import Settings

if TYPE_CHECKING:
    import firebase_admin
    from google.cloud.firestore import Client

    from shared.ports.identity import TokenVerifier
    from shared.ports.messaging import Publisher
    from shared.ports.repositories import Users
    from shared.services.accounts import AccountRegistration, Profiles
    from shared.services.analysis.analyzing import IncidentAnalysis
    from shared.services.incidents import IncidentChanging, IncidentReading, IncidentReporting
    from shared.services.notifications import AnalysisNotification, MailSending


@cache
def settings() -> Settings:
    """The settings of this instance.

    Raises:
        SettingsError: the environment is not usable.
    """
    return Settings.read(os.environ)


@cache
def _firebase_app() -> firebase_admin.App:
    import firebase_admin

    # firebase-functions makes the default app too, when an event comes first.
    if firebase_admin._DEFAULT_APP_NAME in firebase_admin._apps:  # noqa: SLF001  # the library offers no public test
        return firebase_admin.get_app()
    return firebase_admin.initialize_app(options={"projectId": settings().project})


@cache
def firestore_client() -> Client:
    """The Firestore client, one per instance: its channel is what costs."""
    from google.cloud.firestore import Client

    return Client(project=settings().project)


@cache
def token_verifier() -> TokenVerifier:
    """Checks ID tokens."""
    from shared.adapters.firebase_identity import FirebaseTokenVerifier

    return FirebaseTokenVerifier(_firebase_app())


@cache
def strict_token_verifier() -> TokenVerifier:
    """Checks ID tokens and asks the identity provider whether they were revoked."""
    from shared.adapters.firebase_identity import FirebaseTokenVerifier

    return FirebaseTokenVerifier(_firebase_app(), check_revoked=True)


@cache
def publisher() -> Publisher:
    """Publishes to topics."""
    from shared.adapters.pubsub_publisher import PubsubPublisher

    return PubsubPublisher(settings().project)


@cache
def incident_reporting() -> IncidentReporting:
    """Reports incidents."""
    from shared.adapters.firestore.collections import FirestoreIncidents
    from shared.services.incidents import IncidentReporting

    return IncidentReporting(FirestoreIncidents(firestore_client()), SystemClock(), RandomIds())


@cache
def incident_reading() -> IncidentReading:
    """Reads incidents."""
    from shared.adapters.firestore.collections import FirestoreIncidents
    from shared.services.incidents import IncidentReading

    return IncidentReading(FirestoreIncidents(firestore_client()))


@cache
def incident_changing() -> IncidentChanging:
    """Changes incidents."""
    from shared.adapters.firestore.collections import FirestoreIncidents
    from shared.services.incidents import IncidentChanging

    return IncidentChanging(FirestoreIncidents(firestore_client()), SystemClock())


@cache
def incident_analysis() -> IncidentAnalysis:
    """Analyses incidents."""
    from shared.adapters.firestore.collections import FirestoreIncidents
    from shared.ai.categorizer import Categorizer
    from shared.services.analysis.analyzing import IncidentAnalysis

    return IncidentAnalysis(FirestoreIncidents(firestore_client()), Categorizer.load(), SystemClock())


@cache
def analysis_notification() -> AnalysisNotification:
    """Queues the mail about an analysis."""
    from shared.adapters.firestore.collections import FirestoreOutbox
    from shared.services.notifications import AnalysisNotification

    outbox = FirestoreOutbox(firestore_client())
    return AnalysisNotification(users(), outbox, publisher(), SystemClock(), settings().require("public_url"))


@cache
def mail_sending() -> MailSending:
    """Sends queued mail."""
    from shared.adapters.firestore.collections import FirestoreOutbox
    from shared.adapters.sendgrid_mailer import SendgridMailer
    from shared.services.notifications import MailSending

    configured = settings()
    mailer = SendgridMailer(
        configured.require("sendgrid_api_key"), configured.require("mail_from"), configured.require("mail_endpoint")
    )
    return MailSending(FirestoreOutbox(firestore_client()), mailer, SystemClock())


@cache
def users() -> Users:
    """Keeps people."""
    from shared.adapters.firestore.collections import FirestoreUsers

    return FirestoreUsers(firestore_client())


@cache
def account_registration() -> AccountRegistration:
    """Registers people."""
    from shared.adapters.firebase_accounts import FirebaseAccounts
    from shared.services.accounts import AccountRegistration

    return AccountRegistration(FirebaseAccounts(_firebase_app()), users(), SystemClock(), RandomIds())


@cache
def profiles() -> Profiles:
    """Reads and changes profiles."""
    from shared.services.accounts import Profiles

    return Profiles(users(), SystemClock())
