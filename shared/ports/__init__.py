"""What the use cases need of the outside world, one Protocol per capability.

Every port has a fake in `tests/fakes.py` and a real adapter in `shared/adapters`; one contract suite runs over both.
"""
