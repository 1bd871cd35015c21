"""The conversation at an incident."""
