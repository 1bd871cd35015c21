"""The calls of the two services: name to the short names of request and answer."""

from __future__ import annotations

from typing import Final

PUBLISHER: Final = {
    "CreateTopic": ("Topic", "Topic"),
    "UpdateTopic": ("UpdateTopicRequest", "Topic"),
    "Publish": ("PublishRequest", "PublishResponse"),
    "GetTopic": ("GetTopicRequest", "Topic"),
    "ListTopics": ("ListTopicsRequest", "ListTopicsResponse"),
    "ListTopicSubscriptions": ("ListTopicSubscriptionsRequest", "ListTopicSubscriptionsResponse"),
    "DeleteTopic": ("DeleteTopicRequest", "Empty"),
    "DetachSubscription": ("DetachSubscriptionRequest", "DetachSubscriptionResponse"),
}
SUBSCRIBER: Final = {
    "CreateSubscription": ("Subscription", "Subscription"),
    "GetSubscription": ("GetSubscriptionRequest", "Subscription"),
    "UpdateSubscription": ("UpdateSubscriptionRequest", "Subscription"),
    "ListSubscriptions": ("ListSubscriptionsRequest", "ListSubscriptionsResponse"),
    "DeleteSubscription": ("DeleteSubscriptionRequest", "Empty"),
    "ModifyAckDeadline": ("ModifyAckDeadlineRequest", "Empty"),
    "Acknowledge": ("AcknowledgeRequest", "Empty"),
    "Pull": ("PullRequest", "PullResponse"),
    "StreamingPull": ("StreamingPullRequest", "StreamingPullResponse"),
    "ModifyPushConfig": ("ModifyPushConfigRequest", "Empty"),
    "Seek": ("SeekRequest", "SeekResponse"),
}
