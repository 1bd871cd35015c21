"""Cloud Storage: the JSON, XML and Firebase APIs over one store, with the events of objects and security rules."""
