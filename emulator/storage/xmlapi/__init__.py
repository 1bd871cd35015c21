"""The part of the Cloud Storage XML API that signed URLs lead to: `/<bucket>/<object>`."""
