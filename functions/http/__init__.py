"""One module per HTTPS endpoint."""
