"""The commands: parse, call, return a result. No logic, no printing."""
