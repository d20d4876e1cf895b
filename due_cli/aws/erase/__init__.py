"""``due erase`` on a stack: its bucket and its status table without a person."""
