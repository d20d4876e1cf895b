"""The events database from Python: what ``import due_cli`` offers, and what the commands that ask are built on."""
