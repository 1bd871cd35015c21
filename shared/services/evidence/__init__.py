"""Evidence: inspecting, keeping, handing out."""
