"""Which indexes there are, which a query needs, and what to add when one is missing."""
