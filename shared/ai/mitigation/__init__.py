"""What to do about an incident, from a playbook of our own."""
