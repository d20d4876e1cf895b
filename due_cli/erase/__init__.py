"""What ``due erase`` finds and replaces, for a folder and a stack alike: a person by address or number, in any text."""
