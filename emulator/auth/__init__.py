"""Firebase Authentication: Identity Toolkit and Secure Token over REST, accounts kept in SQLite."""
