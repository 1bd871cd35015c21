"""One module per job. A run may be doubled or left out: the next one goes on where the last ended."""
