"""The use cases, one package per noun. They see the world through ports only."""
