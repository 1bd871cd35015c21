"""What the APIs share of HTTP: calls and routes, bodies in parts, contents in ranges, other origins."""
