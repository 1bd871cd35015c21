"""The Cloud Storage JSON API, as Google's client libraries for service accounts use it."""
