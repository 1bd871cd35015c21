"""The on-call rota: setting it, and who is on call."""
