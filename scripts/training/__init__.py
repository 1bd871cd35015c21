"""Training of the models that `shared.ai` serves. Runs on a developer's machine, never in a function."""
