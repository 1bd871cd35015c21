"""CloudEvents 1.0 in the binary mode of its HTTP binding, as Eventarc sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

# Section 3.1.3.2 of the HTTP binding: printable ASCII stays, but for space, double quote and percent.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event. `attributes` are the extension attributes, their names in lower case."""

    id: str
    source: str
    type: str
    time: datetime
    data: bytes
    content_type: str
    subject: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> dict[str, str]:
        """The HTTP headers; the data is the body."""
        stamp = self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        attributes = {"specversion": "1.0", "id": self.id, "source": self.source, "type": self.type, "time": stamp}
        if self.subject is not None:
            attributes["subject"] = self.subject
        attributes |= self.attributes
        return {f"ce-{name}": quote(value, safe=_SAFE) for name, value in attributes.items()} | {
            "content-type": self.content_type
        }
