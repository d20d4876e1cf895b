"""A real-HTTP stand-in for AWS: moto's server, and what moto lacks."""
