"""Measurements that are quoted in the documentation: each prints its figures and can be run by anyone."""
