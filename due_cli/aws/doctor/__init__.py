"""What ``due doctor`` looks at on AWS: a module for each stretch of the way from the senders to the answers."""
