"""The SQL of ``queries/``: finding it, its headers, its parameters, and its text for each engine."""
