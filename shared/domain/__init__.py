"""The nouns and rules of incident management: pure Python and pydantic, no input or output."""
