"""The AWS target: clients of AWS services, and what queries, changes and checks a stack with them."""
