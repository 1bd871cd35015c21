"""Observables as a STIX 2.1 bundle, for MISP, OpenCTI and the like.

Each is a cyber observable object whose id follows from what it says (STIX 2.1, section 2.9), so that the same trace is
the same object wherever it comes from. Those of TLP 2.0 are marked as OASIS's extension for it says. What STIX has no
object for (wallets, others) is a custom object, x-secura-observable.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shared.domain.observables import Observable, ObservableType
from shared.domain.taxonomy import Tlp

_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, section 2.9
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_MARKINGS = {
    Tlp.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_OBJECTS = {
    ObservableType.DOMAIN: ("domain-name", "value"),
    ObservableType.URL: ("url", "value"),
    ObservableType.MAIL: ("email-addr", "value"),
    ObservableType.FILENAME: ("file", "name"),
    ObservableType.CVE: ("vulnerability", "name"),
    ObservableType.REGISTRY: ("windows-registry-key", "key"),
}
_HASHES = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}


def stix_bundle(observables: Iterable[Observable]) -> str:
    """The bundle as JSON; the same observables always make the same text. What is known good is left out."""
    kept = [one for one in observables if not one.known_good]
    objects = {made["id"]: made for made in map(_object, kept)}
    markings = [_marking(tlp) for tlp in Tlp if any(one.tlp is tlp for one in kept)]
    everything = [*markings, *objects.values()]
    identity = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(everything, sort_keys=True))
    bundle: dict[str, Any] = {"type": "bundle", "id": f"bundle--{identity}"}
    if everything:  # a list in STIX is never empty
        bundle["objects"] = everything
    return json.dumps(bundle, ensure_ascii=False, indent=2)


def _object(one: Observable) -> dict[str, Any]:
    kind, said = _said(one)
    marking = {"object_marking_refs": [f"marking-definition--{_MARKINGS[one.tlp]}"]}
    # The namespace of observable objects is theirs alone; a vulnerability is a domain object.
    namespace = uuid.NAMESPACE_URL if kind == "vulnerability" else _NAMESPACE
    common = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{_identity(said, namespace)}"}
    if kind == "vulnerability":  # a domain object has times
        at = _time(one.first_seen_at)
        return {**common, "created": at, "modified": at, **said, **marking}
    return {**common, **said, **marking}


def _said(one: Observable) -> tuple[str, dict[str, Any]]:
    if one.type is ObservableType.IP:
        return ("ipv6-addr" if ":" in one.value else "ipv4-addr"), {"value": one.value}
    if one.type is ObservableType.HASH:
        return "file", {"hashes": {_HASHES[len(one.value)]: one.value}}
    if one.type in _OBJECTS:
        kind, field = _OBJECTS[one.type]
        return kind, {field: one.value}
    return "x-secura-observable", {"kind": one.type.value, "value": one.value}


def _identity(said: dict[str, Any], namespace: uuid.UUID) -> uuid.UUID:
    # The canonical JSON of RFC 8785; of texts only, sorted keys and no spaces are that.
    return uuid.uuid5(namespace, json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _marking(tlp: Tlp) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{_MARKINGS[tlp]}",
        "created": "2022-10-01T00:00:00.000Z",
        "name": f"TLP:{tlp.value}",
        "extensions": {_TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.value.lower()}},
    }


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
