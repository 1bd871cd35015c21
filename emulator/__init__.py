"""Embedded services that Google's unmodified client libraries talk to. Nothing of the product is imported here."""
