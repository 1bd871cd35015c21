"""The AI's analysis of an incident."""
