"""What production refuses in requests, in its words where they are known."""

from __future__ import annotations

from typing import Final, TypeVar
from urllib.parse import urlsplit

from google.protobuf.field_mask_pb2 import FieldMask

from emulator.pubsub.errors import invalid, unimplemented
from emulator.pubsub.filters import compile_filter
from emulator.pubsub.names import check_name
from emulator.pubsub.proto.v1 import PublishRequest, PubsubMessage, PushConfig, Subscription, Topic

# Source of the limits: "Quotas and limits" of Pub/Sub.
_MAX_MESSAGES: Final = 1000
_MAX_REQUEST: Final = 10_000_000
_MAX_ATTRIBUTES: Final = 100
_MAX_ATTRIBUTE_NAME: Final = 256
_MAX_ATTRIBUTE_VALUE: Final = 1024
_MAX_ORDERING_KEY: Final = 1024
_MINUTE: Final = 60
_DAY: Final = 86_400
_IMMUTABLE: Final = frozenset({"name", "topic", "filter", "enable_message_ordering", "detached", "state"})
_ABSENT_IN_SUBSCRIPTIONS: Final = ("bigquery_config", "cloud_storage_config", "bigtable_config")
_ABSENT_IN_TOPICS: Final = ("schema_settings", "ingestion_data_source_settings")

_M = TypeVar("_M", Topic, Subscription)


def check_publish(request: PublishRequest) -> None:
    """Refuse a batch that cannot be published.

    Raises:
        PubsubError: INVALID_ARGUMENT.
    """
    if not 1 <= len(request.messages) <= _MAX_MESSAGES:
        raise invalid(
            f"The value for message_count is out of bounds. You passed {len(request.messages)} in the request, but "
            f"the minimum value is 1 and the maximum value is {_MAX_MESSAGES}."
        )
    if request.ByteSize() > _MAX_REQUEST:
        raise invalid(f"Request payload size exceeds the limit: {_MAX_REQUEST} bytes.")
    for message in request.messages:
        _check_message(message)


def _check_message(message: PubsubMessage) -> None:
    if not message.data and not message.attributes:
        raise invalid(
            "One or more messages in the publish request is empty. Each message must contain either non-empty data, "
            "or at least one attribute."
        )
    if len(message.attributes) > _MAX_ATTRIBUTES:
        raise invalid(f"A message has more than {_MAX_ATTRIBUTES} attributes.")
    if len(message.ordering_key.encode()) > _MAX_ORDERING_KEY:
        raise invalid(f"An ordering key is longer than {_MAX_ORDERING_KEY} bytes.")
    for name, value in message.attributes.items():
        if not name or len(name.encode()) > _MAX_ATTRIBUTE_NAME or name.startswith("goog"):
            raise invalid(f"An attribute key is empty, longer than {_MAX_ATTRIBUTE_NAME} bytes or begins with goog.")
        if len(value.encode()) > _MAX_ATTRIBUTE_VALUE:
            raise invalid(f"The value of attribute {name} is longer than {_MAX_ATTRIBUTE_VALUE} bytes.")


def check_topic(topic: Topic) -> None:
    """Refuse a topic that cannot be.

    Raises:
        PubsubError: INVALID_ARGUMENT, or UNIMPLEMENTED for what only production has.
    """
    check_name("topics", topic.name)
    for field in _ABSENT_IN_TOPICS:
        if topic.HasField(field):
            raise unimplemented(f"The local Pub/Sub has no {field}.")
    if topic.message_transforms:
        raise unimplemented("The local Pub/Sub has no message_transforms.")


def check_subscription(subscription: Subscription) -> None:
    """Refuse a subscription that cannot be.

    Raises:
        PubsubError: INVALID_ARGUMENT, or UNIMPLEMENTED for what only production has.
    """
    check_name("subscriptions", subscription.name)
    for field in _ABSENT_IN_SUBSCRIPTIONS:
        if subscription.HasField(field):
            raise unimplemented(f"The local Pub/Sub has no {field}.")
    if subscription.message_transforms:
        raise unimplemented("The local Pub/Sub has no message_transforms.")
    if not 10 <= subscription.ack_deadline_seconds <= 600:
        raise invalid(f"Invalid ack deadline given: (value={subscription.ack_deadline_seconds}), not 10 to 600.")
    kept = subscription.message_retention_duration.ToTimedelta().total_seconds()
    if not 10 * _MINUTE <= kept <= 31 * _DAY:
        raise invalid(f"Invalid message retention duration: {kept:.0f} seconds, not 10 minutes to 31 days.")
    compile_filter(subscription.filter)
    check_push(subscription.push_config)
    _check_policies(subscription)


def check_push(config: PushConfig) -> None:
    """Refuse an endpoint that nothing can be posted to.

    Raises:
        PubsubError: INVALID_ARGUMENT.
    """
    if not config.push_endpoint:
        return
    try:
        parts = urlsplit(config.push_endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise invalid(f"Invalid push endpoint given: (endpoint={config.push_endpoint[:300]})")


def _check_policies(subscription: Subscription) -> None:
    if subscription.HasField("dead_letter_policy"):
        policy = subscription.dead_letter_policy
        check_name("topics", policy.dead_letter_topic)
        if policy.max_delivery_attempts and not 5 <= policy.max_delivery_attempts <= 100:
            raise invalid(f"Invalid max_delivery_attempts: {policy.max_delivery_attempts}, not 5 to 100.")
    if subscription.HasField("retry_policy"):
        for backoff in (subscription.retry_policy.minimum_backoff, subscription.retry_policy.maximum_backoff):
            if not 0 <= backoff.ToTimedelta().total_seconds() <= 600:
                raise invalid("Invalid retry policy: a back-off must be between 0 and 600 seconds.")


def updated(source: _M, current: _M, mask: FieldMask) -> _M:
    """`current` with the fields that `mask` names taken from `source`.

    Raises:
        PubsubError: INVALID_ARGUMENT, the mask is empty or names what is not there or cannot change.
    """
    if not mask.paths:
        raise invalid("The update_mask in the UpdateSubscriptionRequest or UpdateTopicRequest must be set.")
    if not mask.IsValidForDescriptor(source.DESCRIPTOR):  # type: ignore[arg-type]  # the stubs know one of two classes
        raise invalid(f"Invalid update_mask provided: ({', '.join(mask.paths)})")
    if fixed := sorted({path.split(".")[0] for path in mask.paths} & _IMMUTABLE):
        raise invalid(f"Invalid update_mask provided: ({', '.join(fixed)}) cannot change.")
    result = type(source)()
    result.CopyFrom(current)
    mask.MergeMessage(source, result, replace_message_field=True, replace_repeated_field=True)
    for path in mask.paths:
        if "." not in path and source.DESCRIPTOR.fields_by_name[path].has_presence and not source.HasField(path):
            result.ClearField(path)
    return result
