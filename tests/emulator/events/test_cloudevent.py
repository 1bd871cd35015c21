from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

from cloudevents.http import from_http
from hypothesis import given
from hypothesis import strategies as st

from emulator.events.cloudevent import CloudEvent

TEXT = st.text(min_size=1)


@given(subject=TEXT, value=TEXT)
def test_any_text_survives_the_way_through_the_headers(subject: str, value: str) -> None:
    event = CloudEvent(
        id="1",
        source="//pubsub.googleapis.com/projects/p/topics/t",
        type="google.cloud.pubsub.topic.v1.messagePublished",
        time=datetime(2026, 1, 2, tzinfo=UTC),
        data=b"{}",
        content_type="application/json",
        subject=subject,
        attributes={"document": value},
    )
    headers = event.headers()
    assert all(header.isascii() and header.isprintable() for header in headers.values())
    read = from_http(headers, event.data)  # Google's reader leaves the percent-encoding to the handler
    assert (unquote(read["subject"]), unquote(read["document"])) == (subject, value)


def test_time_is_written_in_utc_with_microseconds() -> None:
    event = CloudEvent(
        id="1",
        source="s",
        type="t",
        time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
        data=b"",
        content_type="application/protobuf",
    )
    assert event.headers() == {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "s",
        "ce-type": "t",
        "ce-time": "2026-01-02T01:04:05.000000Z",
        "content-type": "application/protobuf",
    }
