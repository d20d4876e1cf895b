"""Breaks of due on purpose, each in one place, and the tests that must notice it (``make breaks``)."""
