"""The language model on Google Cloud: google-genai in Vertex mode. Nothing here is imported before it is asked."""
