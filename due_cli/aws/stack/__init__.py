"""A stack on AWS: its resources, options and policies, and how it is set up and torn down."""
