"""The words behind each factor of the severity score, and how much they say.

Method after NIST SP 800-61r2, section 3.2.6 (functional impact, information impact, recoverability) and CISA's National
Cyber Incident Scoring System (weighted factors giving 0 to 100; functional impact, observed activity, location of
observed activity, actor characterisation, information impact, recoverability, potential impact). Words and values
are our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.taxonomy import Category

CATEGORY_BASE: Mapping[Category, float] = {
    Category.RANSOMWARE: 1.0,
    Category.DENIAL_OF_SERVICE: 0.7,
    Category.PAYMENT_SKIMMING: 0.6,
    Category.INSIDER_MISUSE: 0.5,
    Category.PHISHING_SOCIAL: 0.45,
    Category.MALWARE: 0.65,
    Category.LOST_OR_STOLEN: 0.4,
    Category.HACKING: 0.8,
    Category.MISDELIVERY: 0.25,
    Category.IMPROPER_DISPOSAL: 0.35,
    Category.EXPOSED_ONLINE: 0.6,
    Category.OTHER: 0.1,
}
UNKNOWN_CATEGORY_BASE = 0.4

# What these do to a service, even where a report does not spell it out.
IMPLIED_OUTAGE: Mapping[Category, float] = {Category.DENIAL_OF_SERVICE: 0.8, Category.RANSOMWARE: 0.8}

# Median of log10(records) of the coded incidents of each kind with more than one record, rounded: what to expect when a
# report gives no number. Kinds with fewer than 20 such incidents take the overall median.
TYPICAL_RECORDS: Mapping[Category, float] = {
    Category.RANSOMWARE: 3.3,
    Category.DENIAL_OF_SERVICE: 0.0,
    Category.PAYMENT_SKIMMING: 2.0,
    Category.INSIDER_MISUSE: 2.7,
    Category.PHISHING_SOCIAL: 3.5,
    Category.MALWARE: 4.6,
    Category.LOST_OR_STOLEN: 3.2,
    Category.HACKING: 4.5,
    Category.MISDELIVERY: 2.4,
    Category.IMPROPER_DISPOSAL: 3.0,
    Category.EXPOSED_ONLINE: 4.0,
    Category.OTHER: 1.0,
}
UNKNOWN_TYPICAL_RECORDS = 2.0
FEW_RECORDS = 1.5
"""log10 of what is usual in a category, below which incidents of it rarely concern records at all."""
MOST_RECORDS = 7.0
"""log10 of the number of records from which on the factor counts fully."""


@dataclass(frozen=True, slots=True)
class Found:
    """How much a text says about a factor (0 to 1), and its words that say so."""

    value: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Patterns in levels; a text has the value of the highest level found in it."""

    levels: tuple[tuple[float, re.Pattern[str]], ...]

    def find(self, text: str) -> Found:
        """The highest level whose words stand in the text without a negation right before them."""
        for value, pattern in self.levels:
            words = _affirmed(pattern, text)
            if words:
                return Found(value, ", ".join(words))
        return Found(0.0, "")


_NEGATION = re.compile(r"\b(?:no|not|never|without|\w+n't|nor|neither|unlikely)\b[\w\s]{0,20}$", re.IGNORECASE)
_MOST_WORDS = 3


def _affirmed(pattern: re.Pattern[str], text: str) -> list[str]:
    found: list[str] = []
    for match in pattern.finditer(text):
        word = match.group().strip()
        if word.casefold() not in {known.casefold() for known in found} and not _negated(text, match.start()):
            found.append(word)
            if len(found) == _MOST_WORDS:
                break
    return found


def _negated(text: str, start: int) -> bool:
    before = re.split(r"[.!?;,\n]|\bbut\b", text[max(0, start - 32) : start])[-1]
    return bool(_NEGATION.search(before))


def _lexicon(*levels: tuple[float, str]) -> Lexicon:
    """Levels from the highest value down; the end of a line means "or", like ``|``."""
    return Lexicon(tuple((value, re.compile(rf"\b(?:{_one_line(words)})\b", re.IGNORECASE)) for value, words in levels))


def _one_line(words: str) -> str:
    return "|".join(line.strip() for line in words.splitlines() if line.strip())


DATA_KINDS = _lexicon(
    (1.0, r"""
        classified|top secret|state secrets?|biometrics?|fingerprint data|genetic data
    """),
    (0.9, r"""
        medical (?:\w+ )?(?:records?|data|information|files?|histor(?:y|ies)|charts?)
        health (?:records?|data|information)|protected health|patients?|phi|ephi|diagnos[ei]s|prescriptions?
        lab results|test results|hiv|psychiatric|social security|ssns?|passports?|national ids?
        identity (?:cards?|numbers?)|driver'?s? licen[cs]es?|tax (?:returns?|records?|forms?|ids?)|w-?2s?
    """),
    (0.8, r"""
        (?:credit|debit|payment|bank)[ -]?cards?|card numbers?|cardholder|cvv
        bank (?:accounts?|details|data|statements?)|iban|account numbers?|passwords?|credentials?
        login(?:s| details| data)?|private keys?|api keys?|secret keys?|access tokens?
    """),
    (0.65, r"""
        source code|trade secrets?|blueprints?|design (?:drawings|files)|intellectual property|criminal records?
        salar(?:y|ies)|payslips?|payroll|personnel (?:files?|records?|papers)|children'?s?|pupils?|minors?
        birth dates?|dates? of birth|birthdates?
    """),
    (0.45, r"""
        personal (?:data|information|details|files?)|pii|personally identifiable|home addresses|phone numbers
        (?:customer|client|member|user|student|employee)s?'? (?:data|lists?|records?|information)
        (?:customer|client|member|user|student|employee)s?'? (?:files?|details|accounts?|database)
        names and addresses|e-?mail addresses
    """),
    (0.3, r"""
        confidential|internal (?:documents?|data|information)|contracts?|price lists?
        financial (?:data|information|records?)
    """),
)  # fmt: skip

ASSETS = _lexicon(
    (1.0, r"""
        domain controllers?|active directory|identity provider|hypervisors?|life support|infusion pumps?|scada
        plc|industrial control|control pcs?|safety systems?|core banking|certificate authority|power grid
        emergency (?:desk|line|room|call)s?
    """),
    (0.8, r"""
        backups?|backup (?:drive|server|tape)s?|production (?:line|server|database|system)s?|databases?|erp
        patient systems?|medical devices?|payment systems?|payroll system|cloud account|all servers
        data ?cent(?:er|re)s?|vpn|firewalls?
    """),
    (0.6, r"""
        servers?|web ?sites?|portals?|web shops?|mail server|shared drives?|network (?:share|drive)s?|file share
        storage bucket|repositor(?:y|ies)|atms?|cash machines?|point of sale|pos|payment terminals?
        card readers?
    """),
    (0.35, r"""
        laptops?|notebooks?|computers?|desktops?|pcs?|workstations?|mailbox(?:es)?
        external (?:drive|hard (?:disk|drive))s?|hard (?:disk|drive)s?|tapes?|tablets?|ipads?
    """),
    (0.2, r"""
        phones?|iphones?|usb(?: sticks?| drives?)?|flash drives?|thumb drives?|badges?|access cards?|folders?
        papers?|documents?|letters?|e-?mails?|printers?|faxe?s?
    """),
)  # fmt: skip

SPREAD = _lexicon(
    (1.0, r"""
        (?:whole|entire|all of (?:the|our)) (?:company|network|organi[sz]ation|hospital)
        (?:whole|entire|all of (?:the|our)) (?:school|site|building|domain)|company-?wide
        every (?:computer|server|machine|system|monitor|pc|branch|store|site|document)
        all (?:computers|servers|systems|machines|branches|stores|sites|(?:virtual )?machines)
        all (?:of )?our (?:computers|servers|systems|files|data|documents|customers)|everything|everybody
        everyone|nationwide|worldwide
    """),
    (0.6, r"""
        (?:several|many|multiple) (?:\w+ )?(?:computers|servers|machines|workstations)
        (?:dozens of|hundreds of|lots of|numerous) (?:\w+ )?(?:computers|servers|machines|workstations)
        (?:several|many|multiple) (?:\w+ )?(?:pcs|systems|employees|colleagues|accounts)
        (?:dozens of|hundreds of|lots of|numerous) (?:\w+ )?(?:pcs|systems|employees|colleagues|accounts)
        (?:several|many|multiple) (?:\w+ )?(?:mailboxes|users|shops|stores)
        (?:dozens of|hundreds of|lots of|numerous) (?:\w+ )?(?:mailboxes|users|shops|stores)
        (?:several|many|multiple) (?:\w+ )?(?:branches|departments|sites|people|customers)
        (?:dozens of|hundreds of|lots of|numerous) (?:\w+ )?(?:branches|departments|sites|people|customers)
        spread(?:s|ing)?|lateral movement|worm|whole (?:ward|floor|department|team|class)
        other (?:computers|pcs|machines)
    """),
    (0.3, r"""
        (?:two|three|four|five|six|a few|some) (?:\w+ )?(?:computers|servers|machines|workstations|pcs)
        (?:two|three|four|five|six|a few|some) (?:\w+ )?(?:laptops|employees|colleagues|accounts|shops)
        my colleagues?|same thing
    """),
)  # fmt: skip

PRIVILEGE = _lexicon(
    (1.0, r"""
        domain admin(?:istrator)?s?|enterprise admin|global admin(?:istrator)?s?
        root (?:access|login|password|account)s?|krbtgt|golden ticket
    """),
    (0.8, r"""
        admin(?:istrator)?s?(?: (?:account|password|rights|user|access|privileges|login)s?)?|service accounts?
        superusers?|root|sudo|privileged|privilege escalation
    """),
    (0.5, r"""
        (?:ceo|cfo|director)(?:'s)? (?:mailbox|account|password|laptop|email)
        (?:executive|managing director|chief executive)(?:'s)? (?:mailbox|account|password|laptop|email)|ceo|cfo
    """),
)  # fmt: skip

ACTIVITY = _lexicon(
    (1.0, r"""
        right now|as we speak|still (?:going on|ongoing|running|active|inside|happening|spreading|encrypting)
        ongoing|at this moment
        (?:is|are) being (?:\w+ )?(?:encrypted|attacked|flooded|deleted|copied|exfiltrated|exploited)
        under attack|actively exploited|keeps? (?:spreading|coming|happening)|is spreading|while i watch
    """),
    (0.7, r"""
        exploit(?:ed|s|ing|ation)?|zero[ -]day|web ?shell|backdoor|command and control|c2|beacon(?:s|ing)?
        exfiltrat\w+|lateral movement|keeps? falling|currently|again and again|brute force|botnet
        posted (?:\w+ ){0,4}(?:online|on a forum|dark ?web)|for sale|sold (?:\w+ ){0,3}(?:online|dark ?web)
    """),
    (0.4, r"""
        today|this morning|tonight|just now|minutes ago|suspicious|unknown (?:address|login|user)|logged in
        clicked
    """),
)  # fmt: skip

OUTAGE = _lexicon(
    (1.0, r"""
        (?:nobody|no one|none of us) can (?:work|log ?in|access|open)|production (?:line )?(?:has )?stopped
        (?:everything|all systems) (?:is|are) (?:down|offline|stopped)
        (?:cannot|can't|can not|unable to) (?:work|operate|treat|take orders|run)|on paper
        shut ?down (?:\w+ ){0,3}operations|operations (?:are )?halted|no (?:backups?|restore)
        backups? (?:\w+ ){0,3}(?:encrypted|deleted|destroyed)
    """),
    (0.7, r"""
        (?:is|are|was|were) (?:\w+ )?(?:down|offline|unreachable|unavailable|inaccessible)
        (?:went|goes|been|knocked) (?:\w+ )?(?:down|offline|unreachable|unavailable|inaccessible)|outage
        taken offline|cannot (?:reach|open|access|log ?in)|can't (?:reach|open|access|log ?in)|unreachable
        unavailable|locked (?:up|out)|stopped (?:working|responding|answering)|deleted|wiped|destroyed
    """),
    (0.35, r"""
        slow|times? out|timeout|errors?|crash(?:es|ed)?|interrupted|disrupt\w*|delayed
    """),
)  # fmt: skip

ACTOR = _lexicon(
    (1.0, r"""
        nation[ -]state|state[ -]sponsored|apt ?\d*|organi[sz]ed crime|ransomware (?:gang|group)|criminals?
        extort\w*|ransom|blackmail\w*
    """),
    (0.7, r"""
        hackers?|attackers?|intruders?|outsiders?|hacktivists?|fraudsters?|scammers?|thie(?:f|ves)|burglars?
        stolen|stole|strangers?
    """),
    (0.6, r"""
        insiders?|former (?:employee|engineer|colleague|contractor|worker)s?|on purpose|deliberately
        intentionally|sold|without permission|snoop\w*
    """),
    (0.15, r"""
        by mistake|accident(?:ally)?|inadvertent(?:ly)?|unintentional(?:ly)?|human error|mixed up|forgot|lost
        misplaced
    """),
)  # fmt: skip

SAFETY = _lexicon(
    (1.0, r"""
        life[ -]threatening|danger to life|people (?:are )?(?:hurt|injured)|ambulances?|intensive care|icu
        surger(?:y|ies) (?:\w+ ){0,3}(?:cancel\w+|postponed|stopped)|life support|infusion pumps?|explosions?
        chlorine|emergency (?:calls?|services?|room|desk|number)s?|(?:call(?:ed|ing)?|dial(?:led|ing)?) (?:911|112)
    """),
    (0.6, r"""
        wards?|patient care|treatment (?:\w+ ){0,2}(?:delayed|stopped)|drinking water|power (?:plant|grid)
        safety systems?|train signals?|traffic lights|heating control|stalk\w*|domestic violence
    """),
)  # fmt: skip

PROTECTED = _lexicon(
    (1.0, r"""
        (?:was|were|is|are|fully|disk|drive|laptop|device|phone|it's|strongly) (?:(?!not |never )\w+ )?encrypted(?! by)
        bitlocker|filevault|full[ -]disk encryption|remotely wiped|false (?:alarm|positive)|only (?:a )?test
        nothing happened
    """),
    (0.6, r"""
        password[ -]protected|blocked|quarantined|recovered|found again|returned|deleted it unread|did not click
        didn't click|destroyed by the recipient|restored from backups?|contained|locked remotely
    """),
)  # fmt: skip
# Where data were taken hostage, "encrypted" is the damage and no protection.
HOSTAGE = re.compile(
    r"ransom|decrypt|bitcoin|\bpay\b|being encrypted|crypto ?lock|scrambled"
    r"|(?:files?|documents?|data|servers?) (?:\w+ ){0,2}encrypted",
    re.IGNORECASE,
)
