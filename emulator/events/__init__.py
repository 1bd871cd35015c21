"""From a change in a service to the functions that its triggers name."""
