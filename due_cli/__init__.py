"""due: the digital user engagement events database, as a command-line tool."""

__version__ = "0.1.0"
