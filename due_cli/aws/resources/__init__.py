"""What a stack is made of: one module for each kind of resource, each a dataclass with how it should be."""
