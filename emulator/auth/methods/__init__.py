"""The methods of Identity Toolkit, by what they are about."""
