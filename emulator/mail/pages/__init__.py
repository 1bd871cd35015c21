"""The outbox for people: pages that work without scripts, and one small script that keeps the list fresh."""
