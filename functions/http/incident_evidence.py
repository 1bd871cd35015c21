"""/api/incidents/{id}/evidence: the files at an incident."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote

from firebase_functions import https_fn
from firebase_functions.options import MemoryOption
from flask import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.http import parse_range_header

from functions import options
from shared import bootstrap
from shared.domain.base import Model
from shared.domain.custody_report import CustodyReport
from shared.domain.evidence import MAX_DIRECT, EvidenceAnnouncement, EvidenceDeletion, EvidenceForm
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.entry.uploads import Upload, UploadRule
from shared.services.evidence.downloading import Opened
from shared.services.evidence.uploading import Taken
from shared.services.evidence.views import EvidencePage, ShownEvidence, TakenEvidence

_PATH = "/api/incidents/{id}/evidence"
_ONE = _PATH + "/{evidence_id}"
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,63}")
_OPTIONS = {**options.HTTP, "memory": MemoryOption.MB_512, "concurrency": 8, "timeout_sec": 540}
"""Eight uploads of 10 MB at once, and downloads that take longer than Firebase Hosting lets them."""


class EvidenceQuery(Model):
    """Which part of the list."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


class CustodyQuery(Model):
    """In which form."""

    format: Literal["json", "pdf"] = "json"


class ContentQuery(BaseModel):
    """What the link carries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    token: Annotated[str, Field(max_length=4_000)]


def add(call: Call[EvidenceAnnouncement, None]) -> Answer:
    """Take the file in, or say where to send it."""
    incident_id, key = call.path["id"], call.idempotency_key
    uploading = bootstrap.evidence_uploading()
    if call.upload is not None:
        taken = uploading.upload(call.identity, incident_id, _announced(call.upload), call.upload, key)
    else:
        taken = uploading.announce(call.identity, incident_id, call.body, key)
    return Answer(taken.content, HTTPStatus.CREATED, _headers(incident_id, taken))


def _announced(upload: Upload) -> EvidenceAnnouncement:
    form = upload.fields
    assert isinstance(form, EvidenceForm)  # noqa: S101  # as declared below
    declared = (upload.content_type or "").partition(";")[0].strip()
    return EvidenceAnnouncement(
        file_name=upload.file_name[:1_000] or "unnamed",
        size=upload.size,
        content_type=declared if _TYPE.fullmatch(declared) else None,
        description=form.description,
    )


def _headers(incident_id: str, taken: Taken) -> dict[str, str]:
    headers = {"Location": f"/api/incidents/{incident_id}/evidence/{taken.content.evidence.id}"}
    if taken.replayed:
        headers["Idempotency-Replayed"] = "true"
    return headers


def find(call: Call[None, EvidenceQuery]) -> Answer:
    """One page of the incident's evidence."""
    reading = bootstrap.evidence_reading()
    return Answer(reading.find(call.identity, call.path["id"], call.query.limit, call.query.cursor))


def read(call: Call[None, None]) -> Answer:
    """One piece of evidence."""
    return Answer(bootstrap.evidence_reading().get(call.identity, call.path["id"], call.path["evidence_id"]))


def delete(call: Call[EvidenceDeletion, None]) -> Answer:
    """Take its bytes away."""
    deleting = bootstrap.evidence_deleting()
    return Answer(deleting.delete(call.identity, call.path["id"], call.path["evidence_id"], call.body.reason))


def custody(call: Call[None, CustodyQuery]) -> Answer:
    """What happened to it, verified."""
    report = bootstrap.evidence_custody().report(call.identity, call.path["id"], call.path["evidence_id"])
    if call.query.format == "json":
        return Answer(report)
    name = f"custody-{report.file.incident_reference}-{report.file.id}.pdf"
    headers = {"Content-Disposition": _attachment(name)}
    return Answer(Response(bootstrap.custody_pdf()(report), content_type="application/pdf", headers=headers))


def content(call: Call[None, ContentQuery]) -> Answer:
    """The bytes, as an attachment."""
    downloading = bootstrap.evidence_downloading()
    opened = downloading.open(call.query.token, call.path["id"], call.path["evidence_id"], call.origin)
    headers = _content_headers(opened)
    part = _wanted_part(call.request, opened)
    if part is None:
        headers["Content-Range"] = f"bytes */{opened.size}"
        return Answer(Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers))
    start, end = part
    whole = (start, end) == (0, opened.size)
    headers["Content-Length"] = str(end - start)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{opened.size}"
    body: Iterator[bytes] = iter(())
    if call.request.method != "HEAD":
        body = downloading.fetch(opened, start, end)
    status = HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT
    return Answer(Response(body, status=status, headers=headers))


def _content_headers(opened: Opened) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(opened.sha256)).decode()
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": _attachment(opened.file_name),
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Accept-Ranges": "bytes",
        "ETag": f'"{opened.sha256}"',
        # RFC 9530, section 3: of the whole, whichever part is sent.
        "Repr-Digest": f"sha-256=:{digest}:",
    }


def _attachment(name: str) -> str:
    """RFC 6266 with RFC 8187: the name as it is for those who read `filename*`, in ASCII for the others."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _wanted_part(request: Request, opened: Opened) -> tuple[int, int] | None:
    """From where up to where (not with it); the whole where no single part is asked for, None where there is none such.

    A Range that is malformed, or behind an If-Range that does not fit, counts as none (RFC 9110, section 14).
    """
    whole = (0, opened.size)
    wanted = parse_range_header(request.headers.get("Range"))
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return whole
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != f'"{opened.sha256}"':
        return whole
    return wanted.range_for_length(opened.size)


ENDPOINT = Endpoint(
    "incident_evidence",
    Operation(
        "POST",
        _PATH,
        add,
        "Attach a file",
        description="Up to 10 MiB as a form with a `file`; larger ones by JSON with name and size, which is answered "
        "with a resumable upload session of Cloud Storage. The file is inspected before anybody can fetch it. With an "
        "Idempotency-Key a retry never attaches twice.",
        permission=Permission.EVIDENCE_CREATE,
        body=EvidenceAnnouncement,
        upload=UploadRule(EvidenceForm, MAX_DIRECT, "send its name and size as JSON to get an upload session instead"),
        returns=TakenEvidence,
        status=HTTPStatus.CREATED,
        tag="incidents",
        headers={"Idempotency-Key": "Makes a retry safe"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "GET",
        _PATH,
        find,
        "List the files",
        description="Oldest first.",
        permission=Permission.EVIDENCE_READ,
        query=EvidenceQuery,
        returns=EvidencePage,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "GET",
        _ONE,
        read,
        "Read one file's record",
        description="With a link to the file that holds for five minutes, when it is clean; when it is not, only for "
        "those who handle the incident, and to an encrypted archive. Each view is in the chain of custody.",
        permission=Permission.EVIDENCE_READ,
        returns=ShownEvidence,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "DELETE",
        _ONE,
        delete,
        "Take a file away",
        description="For those who handle the incident. The bytes are deleted, the record and its chain of custody "
        "stay.",
        permission=Permission.EVIDENCE_DELETE,
        body=EvidenceDeletion,
        returns=ShownEvidence,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "GET",
        _ONE + "/custody",
        custody,
        "Read a file's chain of custody",
        description="For those who handle the incident: every upload, scan, view, download, copy and deletion, from "
        "the sealed audit trail and verified now; as JSON, or as a PDF document.",
        permission=Permission.EVIDENCE_CUSTODY,
        query=CustodyQuery,
        returns=CustodyReport,
        media=("application/pdf",),
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "GET",
        _ONE + "/content",
        content,
        "Fetch a file by its link",
        description="Always as an attachment of unknown type, which no browser shows. One Range is served. Each "
        "download is in the chain of custody.",
        query=ContentQuery,
        returns=None,
        page=True,
        media=("application/octet-stream",),
        tag="incidents",
        failures=(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.INTERNAL_SERVER_ERROR,
        ),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS + options.LINK_SECRETS, **_OPTIONS)
def incident_evidence(request: Request) -> Response:
    """/api/incidents/{id}/evidence and what is below it."""
    return ENDPOINT(request)
