"""One thing that was found in a text."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.observables import ObservableType


class Found(NamedTuple):
    """A trace, in its canonical spelling."""

    type: ObservableType
    value: str

    @property
    def key(self) -> tuple[ObservableType, str]:
        """What makes two of them the same."""
        return self.type, self.value
