"""Cloud Storage: gcp-storage-emulator's handlers over our own server and store, with the events of objects."""
