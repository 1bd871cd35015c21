"""The checks between a request and its handler, one module each; shared.entry.gate puts them in their order."""
