"""Live updates for clients that do not listen to Firestore."""
