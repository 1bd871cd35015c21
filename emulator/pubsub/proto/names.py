"""The messages the server uses: short name to full protobuf name."""

from __future__ import annotations

from typing import Final

_PUBSUB = (
    "AcknowledgeRequest DeadLetterPolicy DeleteSubscriptionRequest DeleteTopicRequest DetachSubscriptionRequest "
    "DetachSubscriptionResponse ExpirationPolicy GetSubscriptionRequest GetTopicRequest ListSubscriptionsRequest "
    "ListSubscriptionsResponse ListTopicSubscriptionsRequest ListTopicSubscriptionsResponse ListTopicsRequest "
    "ListTopicsResponse ModifyAckDeadlineRequest ModifyPushConfigRequest PublishRequest PublishResponse PubsubMessage "
    "PullRequest PullResponse PushConfig ReceivedMessage RetryPolicy SeekRequest SeekResponse StreamingPullRequest "
    "StreamingPullResponse Subscription Topic UpdateSubscriptionRequest UpdateTopicRequest"
)

EXPORTED: Final[dict[str, str]] = {
    "Duration": "google.protobuf.Duration",
    "Empty": "google.protobuf.Empty",
    "FieldMask": "google.protobuf.FieldMask",
    "Timestamp": "google.protobuf.Timestamp",
    **{name: f"google.pubsub.v1.{name}" for name in _PUBSUB.split()},
}
