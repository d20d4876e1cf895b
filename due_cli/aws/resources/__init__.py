"""The kinds of resources of a stack, each a dataclass that declares its settings."""
