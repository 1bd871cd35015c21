"""The chain of custody: what it shows, what it proves, and the document it makes."""

from __future__ import annotations

import io
from datetime import timedelta

import pypdf
import pytest

from shared.adapters.custody_pdf import custody_pdf
from shared.adapters.ed25519 import signature_check
from shared.domain.custody import SealState
from shared.domain.errors import NotFoundError
from shared.services.audit.sealing import AuditSealing
from shared.services.evidence.custody import EvidenceCustody, Trail
from tests.builders import ADMIN, ANALYST, EMPLOYEE
from tests.unit.audit.trails import SIGNER, FakeAuditLog
from tests.unit.evidence.support import Case

HOSTILE = '#read("/etc/passwd") *x* $1$ ]] #panic() \\ <b>'


class Chain(Case):
    """A case whose audit trail is kept and sealed."""

    def __init__(self) -> None:
        super().__init__()
        self.log = FakeAuditLog()
        self.sealing = AuditSealing(self.log, SIGNER, self.clock, timedelta(minutes=2), lambda _: None)
        trail = Trail(self.log, self.cipher, lambda keys: signature_check(*keys))
        self.custody = EvidenceCustody(self.store, trail, self.record, self.clock)

    def keep(self) -> None:
        """Have everything in the trail that was recorded, as of now."""
        for entry in self.audit():
            if entry.id not in self.log.entries:
                self.log.entries[entry.id] = entry.model_copy(update={"recorded_at": self.clock.now()})

    def seal(self) -> None:
        self.keep()
        self.clock.advance(timedelta(minutes=30))
        self.sealing.seal()


@pytest.fixture
def chain():
    return Chain()


def test_everything_that_happened_is_shown_with_hash_person_and_seal(chain):
    evidence = chain.received()
    chain.seal()
    chain.reading.get(ANALYST, "abc", evidence.id)
    chain.keep()
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    actions = [item.action.removeprefix("evidence:") for item in report.items]
    assert actions == ["announced", "uploaded", "scanned", "copied", "deleted", "viewed"]
    assert (report.sealed, report.waiting, report.broken, report.intact) == (5, 1, 0, True)
    uploaded = report.items[1]
    assert (uploaded.person, uploaded.sha256) == ("Emp <emp@example.org>", evidence.sha256)
    assert uploaded.seal.sequence == 1
    assert uploaded.details["generation"] == evidence.pinned.generation
    # That it was read is part of it from now on.
    chain.keep()
    again = chain.custody.report(ANALYST, "abc", evidence.id)
    assert again.items[-1].action == "evidence:custody_read"


def test_what_was_changed_after_it_was_sealed_is_found(chain):
    evidence = chain.received()
    chain.seal()
    changed = next(one for one in chain.log.entries.values() if one.action == "evidence:scanned")
    chain.log.entries[changed.id] = changed.model_copy(update={"action": "evidence:viewed"})
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    (broken,) = [item for item in report.items if item.state is SealState.BROKEN]
    assert broken.id == changed.id
    assert "changed" in broken.problem
    assert not report.intact


def test_what_was_put_in_later_is_found(chain):
    evidence = chain.received()
    chain.seal()
    real = chain.audit()[0]
    forged = real.model_copy(update={"id": "forged", "recorded_at": chain.clock.now() - timedelta(minutes=30)})
    chain.log.entries["forged"] = forged
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    assert [item.id for item in report.items if item.state is SealState.BROKEN] == ["forged"]


def test_a_seal_that_was_changed_proves_nothing(chain):
    evidence = chain.received()
    chain.seal()
    ((name, seal),) = chain.log.kept.items()
    chain.log.kept[name] = seal.model_copy(update={"head": "0" * 64})
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    assert report.broken == len(report.items)
    assert "signed" in report.items[0].problem


def test_it_is_for_those_who_handle_the_incident(chain):
    evidence = chain.received()
    with pytest.raises(NotFoundError):
        chain.custody.report(EMPLOYEE, "abc", evidence.id)


def printed(report):
    read = pypdf.PdfReader(io.BytesIO(custody_pdf(report)))
    pages = [page.extract_text().replace("\u200b", "") for page in read.pages]
    return read, pages


def test_the_document_says_all_of_it(chain):
    evidence = chain.received()
    chain.deleting.delete(ADMIN, "abc", evidence.id, HOSTILE)
    chain.seal()
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    read, pages = printed(report)
    text = "".join(pages)
    assert read.metadata.title == f"Chain of custody of evidence {evidence.id}"
    assert read.trailer["/Root"]["/Lang"] == "en"
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]
    for said in (evidence.sha256, evidence.sha1, "INC-0000-0000", "Adm <adm@example.org>", "verify_audit"):
        assert said in text.replace("\n", "")
    for item in report.items:
        assert item.hash in text.replace("\n", "")
    assert "page 1 of" in pages[0]
    assert SIGNER.public_key.text in text.replace("\n", "")


@pytest.mark.parametrize("name", [HOSTILE, "a\u202eb\u0000c", "名前🙂", "\n= Forged heading", "x" * 900])
def test_words_of_people_are_only_ever_text(chain, name):
    evidence = chain.received()
    chain.seal()
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    file = report.file.model_copy(update={"file_name": name, "original_name": name})
    _, pages = printed(report.model_copy(update={"file": file}))
    text = "".join(pages)
    assert "root:" not in text
    assert "\u202e" not in text
    if name == HOSTILE:
        assert '#read("/etc/passwd") *x* $1$ ]] #panic() \\ <b>' in text


def test_a_chain_that_does_not_hold_says_so_first(chain):
    evidence = chain.received()
    chain.seal()
    chain.log.kept.clear()
    report = chain.custody.report(ANALYST, "abc", evidence.id)
    broken = report.model_copy(update={"broken": 1})
    _, pages = printed(broken)
    assert "does not hold" in pages[0].replace("\n", " ")
