"""The routes under `/emulator/v1`: what people and tests do to the services themselves."""
