"""The composition root: builds what a function needs, when it needs it, once per instance.

Every builder is lazy and imports its SDK inside, so that a function loads only the clients it uses. Tests pass fakes by
keyword to the use cases themselves; nothing here is patched.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from shared.adapters.system import RandomIds, SystemClock
from shared.domain.errors import NotConfiguredError
from shared.settings import Settings

if TYPE_CHECKING:
    import firebase_admin
    from google.cloud.firestore import Client

    from shared.ai.categorizer import Categorizer
    from shared.entry.gate import Gate
    from shared.entry.live import LiveUpdates
    from shared.entry.operations import Operation
    from shared.ports.access import Access
    from shared.ports.accounts import Accounts
    from shared.ports.audit import AuditLog, Signer
    from shared.ports.evidence import EvidenceFiles, Print
    from shared.ports.identity import AppVerifier, TokenVerifier
    from shared.ports.language_model import LanguageModel
    from shared.ports.link_tokens import LinkTokens
    from shared.ports.messaging import Publisher
    from shared.ports.personal_data import PersonalData
    from shared.ports.repositories import Incidents, Users
    from shared.ports.sessions import Sessions
    from shared.ports.store import Store
    from shared.ports.subject_keys import SubjectCipher
    from shared.services.access.alerting import AccessAlerting
    from shared.services.access.limiting import RateLimiter
    from shared.services.access.monitoring import AccessMonitor
    from shared.services.access.noting import SessionNotes
    from shared.services.access.reading import AccessReading
    from shared.services.access.revoked import RevokedSessions
    from shared.services.accounts.directory import Directory
    from shared.services.accounts.erasure import AccountErasure
    from shared.services.accounts.export import AccountExport
    from shared.services.accounts.profiles import Profiles
    from shared.services.accounts.provisioning import AccountProvisioning
    from shared.services.accounts.registration import AccountRegistration
    from shared.services.accounts.second_factors import SecondFactorReset
    from shared.services.accounts.sessions import SessionEnding, SessionListing
    from shared.services.accounts.synchronizing import AccountSync
    from shared.services.accounts.team import TeamManagement
    from shared.services.accounts.verification import AddressVerification
    from shared.services.analysis.analyzing import IncidentAnalysis
    from shared.services.analysis.mitigating import Mitigating
    from shared.services.applications import ApplicationReading, Applying, Reviewing
    from shared.services.audit import AuditTrail
    from shared.services.audit.reading import AuditReading
    from shared.services.audit.sealing import AuditSealing
    from shared.services.evidence.arriving import Arrival
    from shared.services.evidence.custody import EvidenceCustody
    from shared.services.evidence.deleting import EvidenceDeleting
    from shared.services.evidence.downloading import EvidenceDownloading
    from shared.services.evidence.inspecting import Inspecting
    from shared.services.evidence.moving import Moving
    from shared.services.evidence.reading import EvidenceReading
    from shared.services.evidence.receiving import Receiving
    from shared.services.evidence.recording import EvidenceRecord
    from shared.services.evidence.uploading import EvidenceUploading
    from shared.services.incidents import IncidentChanging, IncidentReading, IncidentReporting
    from shared.services.incidents.accepting import Accept
    from shared.services.incidents.assigning import IncidentAssigning
    from shared.services.incidents.custom_fields import CustomFieldAdministration, CustomFieldValues
    from shared.services.incidents.duplicates import DuplicateSearch
    from shared.services.incidents.filters import IncidentFilters
    from shared.services.incidents.joining import IncidentJoining
    from shared.services.incidents.known_good import KnownGoodLists, KnownGoodManaging
    from shared.services.incidents.linking import IncidentLinking
    from shared.services.incidents.merging import IncidentMerging
    from shared.services.incidents.observables import IncidentObservables
    from shared.services.incidents.observing import Observe
    from shared.services.incidents.recording import IncidentRecord
    from shared.services.incidents.splitting import IncidentSplitting
    from shared.services.incidents.timeline import ActivityEntering, TimelineReading
    from shared.services.messages.editing import MessageEditing
    from shared.services.messages.reading import MessageReading
    from shared.services.messages.receipts import ReadReceipts
    from shared.services.messages.recording import MessageRecord
    from shared.services.messages.replying import MessageReplying
    from shared.services.messages.writing import MessageWriting
    from shared.services.notifications import AnalysisNotification, MailSending
    from shared.services.notifications.inbox import NotificationInbox
    from shared.services.notifications.incident_notices import IncidentNotices
    from shared.services.on_call.rota import OnCallRota


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
    from shared.adapters.firebase_identity import FirebaseTokenVerifier, UnsignedTokenVerifier
    from shared.adapters.signing_keys import ID_TOKEN_KEYS, SigningKeys, certificates

    # The emulators' official switch, which firebase-admin goes by too: their tokens are not signed.
    if os.environ.get("FIREBASE_AUTH_EMULATOR_HOST"):
        return UnsignedTokenVerifier(settings().project, SystemClock())
    keys = SigningKeys(SystemClock(), ID_TOKEN_KEYS, certificates)
    return FirebaseTokenVerifier(settings().project, keys, SystemClock())


@cache
def strict_token_verifier() -> TokenVerifier:
    """Checks ID tokens and asks the identity provider about the account."""
    from shared.adapters.account_checks import AccountCheckingVerifier

    return AccountCheckingVerifier(token_verifier(), _firebase_app())


@cache
def publisher() -> Publisher:
    """Publishes to topics."""
    from shared.adapters.pubsub_publisher import PubsubPublisher

    return PubsubPublisher(settings().project)


@cache
def subject_cipher() -> SubjectCipher:
    """Encrypts personal values under a key for each person."""
    from shared.adapters.firestore.subject_keys import FirestoreSubjectCipher, MasterKey

    return FirestoreSubjectCipher(firestore_client(), MasterKey.parse(settings().require("audit_master_key")))


@cache
def audit_trail() -> AuditTrail:
    """Makes entries of the audit trail."""
    from shared.services.audit import AuditTrail

    return AuditTrail(subject_cipher(), SystemClock(), RandomIds())


@cache
def _audit_log() -> AuditLog:
    from shared.adapters.firestore.audit import FirestoreAuditLog

    return FirestoreAuditLog(firestore_client())


@cache
def _audit_signer() -> Signer:
    from shared.adapters.ed25519 import Ed25519Signer

    return Ed25519Signer(settings().require("audit_signing_key"))


@cache
def audit_reading() -> AuditReading:
    """Reads the audit trail."""
    from shared.services.audit.reading import AuditReading

    return AuditReading(_audit_log(), subject_cipher(), store(), audit_trail(), SystemClock())


@cache
def audit_sealing() -> AuditSealing:
    """Seals the audit trail."""
    from shared.entry.witness import log_seal
    from shared.services.audit.sealing import AuditSealing

    lag = timedelta(seconds=settings().audit_lag)
    return AuditSealing(_audit_log(), _audit_signer(), SystemClock(), lag, log_seal)


@cache
def incident_record() -> IncidentRecord:
    """Makes the audit and timeline entries of incidents."""
    from shared.services.incidents.recording import IncidentRecord

    return IncidentRecord(audit_trail(), SystemClock(), RandomIds())


@cache
def incidents() -> Incidents:
    """Keeps incidents."""
    from shared.adapters.firestore.collections import FirestoreIncidents

    return FirestoreIncidents(firestore_client())


@cache
def incident_reporting() -> IncidentReporting:
    """Reports incidents."""
    from shared.services.incidents import IncidentReporting

    return IncidentReporting(incidents(), incident_record(), report_acceptance(), observe(), SystemClock(), RandomIds())


@cache
def incident_reading() -> IncidentReading:
    """Reads incidents."""
    from shared.services.incidents import IncidentReading

    return IncidentReading(incidents(), store(), incident_record())


@cache
def incident_changing() -> IncidentChanging:
    """Changes incidents."""
    from shared.services.incidents import IncidentChanging
    from shared.services.incidents.changing import Rules

    rules = Rules(_custom_values().checked, observe())
    return IncidentChanging(incidents(), store(), incident_record(), SystemClock(), rules)


@cache
def categorizer() -> Categorizer:
    """Says what kind of incident a text describes."""
    from shared.ai.categorizer import Categorizer

    return Categorizer.load()


@cache
def incident_analysis() -> IncidentAnalysis:
    """Analyses incidents."""
    from shared.services.analysis.analyzing import IncidentAnalysis

    return IncidentAnalysis(incidents(), incident_record(), categorizer(), SystemClock())


@cache
def mitigating() -> Mitigating:
    """Plans responses."""
    from shared.services.analysis.mitigating import Mitigating

    return Mitigating(incident_reading().get, categorizer())


@cache
def analysis_notification() -> AnalysisNotification:
    """Queues the mail about an analysis."""
    from shared.adapters.firestore.collections import FirestoreOutbox
    from shared.services.notifications import AnalysisNotification

    outbox = FirestoreOutbox(firestore_client())
    return AnalysisNotification(users(), outbox, SystemClock(), settings().require("public_url"))


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
def store() -> Store:
    """Runs transactions."""
    from shared.adapters.firestore.store import FirestoreStore

    return FirestoreStore(firestore_client())


@cache
def accounts() -> Accounts:
    """The identity provider's accounts."""
    from shared.adapters.firebase_accounts import FirebaseAccounts

    return FirebaseAccounts(_firebase_app())


@cache
def account_registration() -> AccountRegistration:
    """Registers people."""
    from shared.adapters.zxcvbn_passwords import ZxcvbnJudge
    from shared.services.accounts.registration import AccountRegistration

    return AccountRegistration(accounts(), store(), ZxcvbnJudge(), audit_trail(), SystemClock(), RandomIds())


@cache
def address_verification() -> AddressVerification:
    """Mails the link that verifies an address."""
    from shared.services.accounts.verification import AddressVerification

    return AddressVerification(accounts(), store(), SystemClock())


@cache
def account_sync() -> AccountSync:
    """Brings accounts to what the user documents say."""
    from shared.services.accounts.synchronizing import AccountSync

    return AccountSync(accounts(), store(), SystemClock())


@cache
def team_management() -> TeamManagement:
    """Changes roles."""
    from shared.services.accounts.team import TeamManagement

    return TeamManagement(store(), account_sync(), audit_trail(), SystemClock(), settings().second_factor_roles)


@cache
def account_provisioning() -> AccountProvisioning:
    """Makes people known, for administrators' scripts."""
    from shared.services.accounts.provisioning import AccountProvisioning

    return AccountProvisioning(accounts(), store(), team_management(), audit_trail(), SystemClock(), RandomIds())


@cache
def _personal_data() -> PersonalData:
    from shared.adapters.firestore.personal_data import FirestorePersonalData

    return FirestorePersonalData(firestore_client())


@cache
def account_erasure() -> AccountErasure:
    """Erases accounts."""
    from shared.services.accounts.erasure import AccountErasure, ErasureParts

    return AccountErasure(
        ErasureParts(store(), accounts(), _personal_data(), subject_cipher(), audit_trail(), SystemClock(), RandomIds())
    )


@cache
def account_export() -> AccountExport:
    """Collects what is kept about a person."""
    from shared.services.accounts.export import AccountExport

    return AccountExport(store(), accounts(), _personal_data(), audit_reading(), audit_trail(), SystemClock())


@cache
def directory() -> Directory:
    """Lists people."""
    from shared.services.accounts.directory import Directory

    return Directory(users(), store(), audit_trail())


@cache
def profiles() -> Profiles:
    """Reads and changes profiles."""
    from shared.services.accounts.profiles import Profiles

    return Profiles(users(), audit_trail(), SystemClock())


@cache
def applying() -> Applying:
    """Applies to the security team."""
    from shared.services.applications import Applying

    return Applying(store(), audit_trail(), SystemClock(), settings().require("public_url"))


@cache
def application_reading() -> ApplicationReading:
    """Lists applications."""
    from shared.adapters.firestore.applications import FirestoreApplications
    from shared.services.applications import ApplicationReading

    return ApplicationReading(FirestoreApplications(firestore_client()), store(), audit_trail())


@cache
def reviewing() -> Reviewing:
    """Decides on applications."""
    from shared.services.applications import Reviewing

    with_policy = team_management().with_policy
    settle = account_sync().settle
    return Reviewing(store(), audit_trail(), SystemClock(), with_policy, settle, settings().require("public_url"))


@cache
def gate() -> Gate:
    """Stands between every request and its handler; the platform's own pages go without."""
    from shared.entry.gate import Gatekeeper
    from shared.entry.gates.apps import AppGate
    from shared.entry.gates.documents import DocumentGate
    from shared.entry.gates.limits import LimitGate
    from shared.entry.gates.origin import Origins
    from shared.entry.gates.standing import StandingGate

    configured = settings()
    return Gatekeeper(
        origins=Origins(configured.trusted_proxies),
        apps=AppGate(configured.app_check, _app_verifier),
        limits=LimitGate(configured.rate_limits, _rate_limiter),
        verifier=token_verifier,
        revoked=_revoked_sessions,
        standing=StandingGate(SystemClock().now, configured.second_factor_roles),
        documents=DocumentGate(users),
        sessions=_session_notes,
        monitor=_access_monitor,
    )


@cache
def _app_verifier() -> AppVerifier:
    from shared.adapters.app_check import FirebaseAppVerifier
    from shared.adapters.signing_keys import APP_CHECK_KEYS, SigningKeys, key_set

    keys = SigningKeys(SystemClock(), APP_CHECK_KEYS, key_set)
    return FirebaseAppVerifier(settings().project, keys, SystemClock())


@cache
def _rate_limiter() -> RateLimiter:
    from shared.adapters.firestore.counters import FirestoreCounters
    from shared.services.access.limiting import RateLimiter

    return RateLimiter(FirestoreCounters(firestore_client()), SystemClock())


@cache
def _revoked_sessions() -> RevokedSessions:
    from shared.adapters.firestore.revocations import FirestoreRevocations
    from shared.services.access.revoked import RevokedSessions

    return RevokedSessions(FirestoreRevocations(firestore_client(), SystemClock()), SystemClock())


@cache
def sessions() -> Sessions:
    """Keeps people's sessions."""
    from shared.adapters.firestore.sessions import FirestoreSessions

    return FirestoreSessions(firestore_client())


@cache
def _session_notes() -> SessionNotes:
    from shared.services.access.noting import SessionNotes

    return SessionNotes(sessions(), SystemClock())


@cache
def _access() -> Access:
    from shared.adapters.firestore.access import FirestoreAccess

    return FirestoreAccess(firestore_client())


@cache
def _access_monitor() -> AccessMonitor:
    from shared.services.access.monitoring import AccessMonitor

    return AccessMonitor(_access(), SystemClock(), settings().alert_threshold)


@cache
def access_reading() -> AccessReading:
    """Lists refused requests."""
    from shared.services.access.reading import AccessReading

    return AccessReading(_access(), store(), audit_trail())


@cache
def access_alerting() -> AccessAlerting:
    """Mails administrators about many refused requests."""
    from shared.adapters.firestore.collections import FirestoreOutbox
    from shared.services.access.alerting import AccessAlerting

    outbox = FirestoreOutbox(firestore_client())
    return AccessAlerting(store(), users(), outbox, SystemClock(), settings().require("public_url"))


@cache
def session_listing() -> SessionListing:
    """Lists one's own sessions."""
    from shared.services.accounts.sessions import SessionListing

    return SessionListing(sessions())


@cache
def session_ending() -> SessionEnding:
    """Ends people's sessions."""
    from shared.services.accounts.sessions import SessionEnding

    return SessionEnding(store(), accounts(), sessions(), audit_trail(), SystemClock())


@cache
def second_factor_reset() -> SecondFactorReset:
    """Takes away lost second factors, for administrators' scripts."""
    from shared.services.accounts.second_factors import SecondFactorReset

    return SecondFactorReset(store(), accounts(), audit_trail(), SystemClock())


@cache
def link_tokens() -> LinkTokens:
    """Makes and reads the tokens of links."""
    from shared.adapters.link_tokens import SignedLinkTokens

    return SignedLinkTokens(settings().require("link_key"), SystemClock())


@cache
def _message_record() -> MessageRecord:
    from shared.services.messages.recording import MessageRecord

    return MessageRecord(audit_trail(), incident_record())


@cache
def message_writing() -> MessageWriting:
    """Writes messages."""
    from shared.services.messages.writing import MessageWriting

    return MessageWriting(store(), _message_record(), observe(), SystemClock(), RandomIds())


@cache
def message_editing() -> MessageEditing:
    """Edits and deletes messages."""
    from shared.services.messages.editing import MessageEditing

    return MessageEditing(store(), _message_record(), observe(), SystemClock())


@cache
def message_reading() -> MessageReading:
    """Reads messages."""
    from shared.adapters.firestore.messages import FirestoreMessages
    from shared.services.messages.reading import MessageReading

    return MessageReading(FirestoreMessages(firestore_client()), store(), incident_record())


@cache
def read_receipts() -> ReadReceipts:
    """Notes how far people have read."""
    from shared.services.messages.receipts import ReadReceipts

    return ReadReceipts(store(), SystemClock())


@cache
def message_replying() -> MessageReplying:
    """Takes answers by e-mail link."""
    from shared.services.messages.replying import MessageReplying

    return MessageReplying(link_tokens(), store(), message_writing())


@cache
def custom_fields() -> CustomFieldAdministration:
    """Adds, changes and retires custom fields."""
    from shared.services.incidents.custom_fields import CustomFieldAdministration

    return CustomFieldAdministration(store(), audit_trail(), SystemClock())


@cache
def _custom_values() -> CustomFieldValues:
    from shared.services.incidents.custom_fields import CustomFieldValues

    return CustomFieldValues(custom_fields(), SystemClock())


@cache
def report_acceptance() -> Accept:
    """Checks what a report names."""
    from shared.services.incidents.accepting import ReportAcceptance

    return ReportAcceptance(store(), _custom_values().checked)


@cache
def incident_linking() -> IncidentLinking:
    """Links incidents."""
    from shared.services.incidents.linking import IncidentLinking

    return IncidentLinking(store(), incident_record(), SystemClock())


@cache
def incident_merging() -> IncidentMerging:
    """Merges incidents."""
    from shared.services.incidents.merging import IncidentMerging

    return IncidentMerging(store(), incident_record(), observe(), SystemClock())


@cache
def incident_joining() -> IncidentJoining:
    """Joins reports to other incidents."""
    from shared.services.incidents.joining import IncidentJoining

    return IncidentJoining(store(), incident_merging())


@cache
def incident_splitting() -> IncidentSplitting:
    """Splits incidents."""
    from shared.services.incidents.splitting import IncidentSplitting, Tools

    return IncidentSplitting(store(), Tools(incident_record(), observe(), SystemClock(), RandomIds()))


@cache
def inspecting() -> Inspecting:
    """Inspects files: their type, archives, malware."""
    from shared.adapters.scanning.archives import BoundedArchives
    from shared.adapters.scanning.clamd_scanner import Clamd, ClamdScanner
    from shared.adapters.scanning.limits import MB, ArchiveLimits
    from shared.adapters.scanning.magika_types import MagikaTypes
    from shared.adapters.scanning.yara_scanner import YaraScanner
    from shared.ports.scanning import Scanner
    from shared.services.evidence.inspecting import Inspecting

    configured = settings()
    scanners: list[Scanner] = [YaraScanner()]
    if configured.clamd is not None:
        scanners.append(ClamdScanner(Clamd(configured.clamd, configured.clamd_stream_mb * MB)))
    archives = BoundedArchives(ArchiveLimits(spool=configured.archive_spool_mb * MB))
    return Inspecting(MagikaTypes(), archives, scanners)


@cache
def _known_good_lists() -> KnownGoodLists:
    from shared.services.incidents.known_good import KnownGoodLists

    return KnownGoodLists(store(), SystemClock())


@cache
def known_good() -> KnownGoodManaging:
    """Manages the organisation's list of harmless values."""
    from shared.services.incidents.known_good import KnownGoodManaging

    return KnownGoodManaging(store(), _known_good_lists(), audit_trail(), SystemClock())


@cache
def observe() -> Observe:
    """Adds the observables of a text to an incident."""
    from shared.services.incidents.observing import Observing

    return Observing(_known_good_lists().current)


@cache
def incident_observables() -> IncidentObservables:
    """Shows, adds and removes the observables of an incident."""
    from shared.adapters.firestore.sightings import FirestoreSightings
    from shared.services.incidents.observables import IncidentObservables

    sightings = FirestoreSightings(firestore_client())
    return IncidentObservables(
        incidents(), incident_reading().get, sightings, _known_good_lists().current, incident_record(), SystemClock()
    )


@cache
def incident_assigning() -> IncidentAssigning:
    """Assigns incidents to people."""
    from shared.adapters.firestore.workload import FirestoreWorkload
    from shared.services.incidents.assigning import IncidentAssigning

    workload = FirestoreWorkload(firestore_client())
    return IncidentAssigning(store(), users(), workload, incident_record(), SystemClock())


@cache
def on_call_rota() -> OnCallRota:
    """The on-call rota."""
    from shared.services.on_call.rota import OnCallRota

    return OnCallRota(store(), audit_trail(), SystemClock())


@cache
def timeline_reading() -> TimelineReading:
    """Reads and exports timelines."""
    from shared.adapters.firestore.timelines import FirestoreTimelines
    from shared.services.incidents.timeline import TimelineReading

    return TimelineReading(FirestoreTimelines(firestore_client()), store(), incident_record())


@cache
def activity_entering() -> ActivityEntering:
    """Enters what the attacker did."""
    from shared.services.incidents.timeline import ActivityEntering

    return ActivityEntering(store(), audit_trail(), incident_record(), SystemClock())


@cache
def notification_inbox() -> NotificationInbox:
    """Lists people's own notifications."""
    from shared.adapters.firestore.notifications import FirestoreNotifications
    from shared.services.notifications.inbox import NotificationInbox

    return NotificationInbox(FirestoreNotifications(firestore_client()), store(), SystemClock())


@cache
def incident_notices() -> IncidentNotices:
    """Tells people what happens at incidents."""
    from functools import partial

    from shared.services.messages.replying import reply_link
    from shared.services.notifications.incident_notices import IncidentNotices

    public_url = settings().require("public_url")
    link = partial(reply_link, link_tokens(), public_url=public_url)
    return IncidentNotices(store(), link, SystemClock(), public_url)


@cache
def evidence_files() -> EvidenceFiles:
    """Keeps the bytes of evidence."""
    from google.cloud.storage import Client as StorageClient

    from shared.adapters.storage_evidence import StorageEvidenceFiles
    from shared.domain.evidence import Bucket

    configured = settings()
    buckets = {
        Bucket.QUARANTINE: configured.quarantine_bucket or f"{configured.project}-quarantine",
        Bucket.CLEAN: configured.evidence_bucket or f"{configured.project}-evidence",
        Bucket.INFECTED: configured.infected_bucket or f"{configured.project}-infected",
    }
    return StorageEvidenceFiles(StorageClient(project=configured.project), buckets)


@cache
def _evidence_record() -> EvidenceRecord:
    from shared.services.evidence.recording import EvidenceRecord

    return EvidenceRecord(audit_trail(), incident_record())


@cache
def _evidence_arrival() -> Arrival:
    from shared.services.evidence.arriving import Arrival

    return Arrival(_evidence_record(), observe())


@cache
def _evidence_moving() -> Moving:
    from shared.adapters.encrypted_zip import encrypted_zip
    from shared.services.evidence.moving import Moving

    return Moving(evidence_files(), encrypted_zip)


@cache
def evidence_uploading() -> EvidenceUploading:
    """Takes files in."""
    from shared.services.evidence.uploading import EvidenceUploading, Tools

    limit = settings().max_evidence_size
    return EvidenceUploading(Tools(store(), evidence_files(), _evidence_arrival(), SystemClock(), RandomIds(), limit))


@cache
def evidence_receiving() -> Receiving:
    """Inspects what was uploaded."""
    from shared.services.evidence.receiving import Receiving

    inspect = inspecting().inspect
    return Receiving(store(), evidence_files(), _evidence_moving(), inspect, _evidence_arrival(), SystemClock())


@cache
def evidence_reading() -> EvidenceReading:
    """Lists and shows evidence."""
    from shared.services.evidence.reading import EvidenceReading

    configured = settings()
    if configured.functions_url is not None:
        base = f"{configured.require('functions_url')}/incident_evidence"
    else:
        base = configured.require("public_url")
    return EvidenceReading(store(), link_tokens(), _evidence_record(), SystemClock(), base)


@cache
def evidence_downloading() -> EvidenceDownloading:
    """Opens links to evidence."""
    from shared.services.evidence.downloading import EvidenceDownloading

    return EvidenceDownloading(link_tokens(), store(), evidence_files(), _evidence_record())


@cache
def evidence_deleting() -> EvidenceDeleting:
    """Takes evidence away."""
    from shared.services.evidence.deleting import EvidenceDeleting

    return EvidenceDeleting(store(), evidence_files(), _evidence_moving(), _evidence_record(), SystemClock())


@cache
def evidence_custody() -> EvidenceCustody:
    """Reads chains of custody."""
    from shared.adapters.ed25519 import signature_check
    from shared.services.evidence.custody import EvidenceCustody, Trail

    trail = Trail(_audit_log(), subject_cipher(), lambda keys: signature_check(*keys))
    return EvidenceCustody(store(), trail, _evidence_record(), SystemClock())


@cache
def custody_pdf() -> Print:
    """Makes PDF documents of chains of custody."""
    from shared.adapters.custody_pdf import custody_pdf as make

    return make


@cache
def live_updates(operation: Operation, most: int) -> LiveUpdates:
    """Serves WebSockets of live updates, at most so many at a time."""
    from shared.adapters.firestore.live import FirestoreChanges
    from shared.entry.live import LiveParts, LiveUpdates
    from shared.services.live.hub import Hub

    changes = FirestoreChanges(firestore_client())
    parts = LiveParts(gate, token_verifier, _revoked_sessions, changes, Hub(changes, SystemClock()), SystemClock())
    return LiveUpdates(parts, operation, most)


@cache
def incident_filters() -> IncidentFilters:
    """Keeps people's filters of the list."""
    from shared.services.incidents.filters import IncidentFilters

    return IncidentFilters(store(), SystemClock(), RandomIds())


@cache
def duplicate_search() -> DuplicateSearch:
    """Finds what was reported before."""
    from shared.adapters.firestore.candidates import FirestoreCandidates
    from shared.services.incidents.duplicates import DuplicateSearch

    return DuplicateSearch(FirestoreCandidates(firestore_client()), SystemClock())


@cache
def language_model() -> LanguageModel:
    """Answers questions about texts, when the settings switch it on; else every question is answered by an error."""
    from shared.adapters.gemini.unconfigured import UnconfiguredLanguageModel

    given = settings()
    if given.gemini_location is None or given.gemini_daily_budget is None:
        return UnconfiguredLanguageModel("set SECURA_GEMINI_LOCATION and SECURA_GEMINI_DAILY_BUDGET")
    from shared.adapters.firestore.ai_usage import FirestoreAiUsage
    from shared.adapters.gemini.client import Connection
    from shared.adapters.gemini.language_model import GeminiLanguageModel, Terms
    from shared.adapters.gemini.models import NANO, table

    try:
        chain = table().chain(given.gemini_models)
    except NotConfiguredError as error:
        # Whoever builds this needs no language model: only asking it fails.
        return UnconfiguredLanguageModel(str(error))
    terms = Terms(chain, int(given.gemini_daily_budget * NANO), given.gemini_max_tlp)
    connection = Connection(given.project, given.gemini_location)
    return GeminiLanguageModel(connection, terms, FirestoreAiUsage(firestore_client()), SystemClock(), RandomIds())
