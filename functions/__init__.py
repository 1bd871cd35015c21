"""The deployed functions: thin entries, one module each, that never import each other."""
