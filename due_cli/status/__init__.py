"""The history of a message, as ``due status`` shows it on both targets; stores and events give its statuses."""
