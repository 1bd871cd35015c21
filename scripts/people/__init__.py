"""Administrators' scripts about people: the first administrator, a whole team, a lost second factor."""
