"""Google Cloud Pub/Sub: topics, subscriptions, and the functions that topics trigger."""
