"""How a deployment comes to be on AWS."""
