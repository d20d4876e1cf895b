"""``due doctor`` on AWS."""
