"""Cloud Scheduler's part for scheduled functions: when they run, and that they do."""
