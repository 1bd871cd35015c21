"""A mail outbox: it takes mail by SendGrid's v3 API, delivers none, and shows all of it."""
