"""Firebase's API of Cloud Storage, `/v0/b/<bucket>/o`: what apps call; security rules allow or deny it."""
