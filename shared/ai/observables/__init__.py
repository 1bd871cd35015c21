"""Technical traces in a text: addresses, domains, URLs, hashes, names of files and the like, however they are defanged.

`extract("Opened hxxps://evil[.]example[.]net/login")` gives the URL and its domain. Nothing is ever fetched or
resolved: the text is all that is looked at.
"""

from __future__ import annotations

from shared.ai.observables.extraction import MAX_FOUND, MAX_TEXT, extract
from shared.ai.observables.found import Found
from shared.ai.observables.naming import canonical, file_name, guessed
from shared.ai.observables.refanging import defanged, refang

__all__ = ["MAX_FOUND", "MAX_TEXT", "Found", "canonical", "defanged", "extract", "file_name", "guessed", "refang"]
