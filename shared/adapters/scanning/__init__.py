"""What looks at bytes: types, archives, scanners."""
