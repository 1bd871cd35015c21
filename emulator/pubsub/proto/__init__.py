"""Pub/Sub's protobuf messages."""
