"""Who gets in: limits, sessions that ended, and watching those who are refused."""
