"""Queries of a stack's events by Athena."""
