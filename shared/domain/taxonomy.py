"""The controlled vocabularies of an incident.

Sources: categories are derived from VERIS actions (https://verisframework.org), each with the machine tag of the
Reference Security Incident Taxonomy (RSIT, ENISA/TF-CSIRT) closest to it; states follow NIST SP 800-61r2, chapter 3;
outcomes are those TheHive made common; TLP is FIRST's version 2.0; PAP is the MISP taxonomy of that name.
"""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """What kind of incident it is, in the order of the models' classes."""

    RANSOMWARE = "ransomware"
    DENIAL_OF_SERVICE = "denial_of_service"
    PAYMENT_SKIMMING = "payment_skimming"
    INSIDER_MISUSE = "insider_misuse"
    PHISHING_SOCIAL = "phishing_social"
    MALWARE = "malware"
    LOST_OR_STOLEN = "lost_or_stolen"
    HACKING = "hacking"
    MISDELIVERY = "misdelivery"
    IMPROPER_DISPOSAL = "improper_disposal"
    EXPOSED_ONLINE = "exposed_online"
    OTHER = "other"

    @property
    def rsit_tag(self) -> str:
        """The machine tag in the RSIT namespace, for example ``rsit:availability="ddos"``."""
        return _RSIT_TAGS[self]


_RSIT_TAGS = {
    Category.RANSOMWARE: 'rsit:malicious-code="infected-system"',
    Category.DENIAL_OF_SERVICE: 'rsit:availability="dos"',
    Category.PAYMENT_SKIMMING: 'rsit:fraud="unauthorised-use-of-resources"',
    Category.INSIDER_MISUSE: 'rsit:information-content-security="unauthorised-information-access"',
    Category.PHISHING_SOCIAL: 'rsit:fraud="phishing"',
    Category.MALWARE: 'rsit:malicious-code="infected-system"',
    Category.LOST_OR_STOLEN: 'rsit:information-content-security="data-loss"',
    Category.HACKING: 'rsit:intrusions="system-compromise"',
    Category.MISDELIVERY: 'rsit:information-content-security="data-leak"',
    Category.IMPROPER_DISPOSAL: 'rsit:information-content-security="data-leak"',
    Category.EXPOSED_ONLINE: 'rsit:vulnerable="vulnerable-system"',
    Category.OTHER: 'rsit:other="undetermined"',
}


class Severity(StrEnum):
    """How bad it is, from least to worst."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for informational to 4 for critical."""
        return list(Severity).index(self)


class Priority(StrEnum):
    """How soon to act, apart from how bad it is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Status(StrEnum):
    """Where the response stands (NIST SP 800-61r2, chapter 3)."""

    NEW = "new"
    ANALYSIS = "analysis"
    CONTAINMENT = "containment"
    ERADICATION = "eradication"
    RECOVERY = "recovery"
    POST_INCIDENT = "post_incident"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What it turned out to be."""

    TRUE_POSITIVE_WITH_IMPACT = "true_positive_with_impact"
    TRUE_POSITIVE_NO_IMPACT = "true_positive_no_impact"
    FALSE_POSITIVE = "false_positive"
    LEGITIMATE = "legitimate"
    DUPLICATE = "duplicate"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0 (FIRST): with whom it may be shared."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"


FOR_NAMED_PEOPLE = frozenset({Tlp.AMBER_STRICT, Tlp.RED})
"""What is not shared with everybody in the organization who needs to know."""


class Pap(StrEnum):
    """Permissible Actions Protocol (MISP taxonomy): what may be done with it, seen from the attacker."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
