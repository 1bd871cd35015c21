"""Requests of every kind to every operation: never a 5xx, never a right too many."""
