"""Everything that talks to AWS: clients, their errors in due's words, and what a deployment is made of."""
