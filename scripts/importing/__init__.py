"""Bringing an organisation's old incidents in, through the same API that everybody uses."""
