"""Faults that are made on purpose."""
