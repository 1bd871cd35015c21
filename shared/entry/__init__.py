"""From an HTTP request to a use case and back; from an event to a use case."""
