"""Tests of what finds and replaces a person."""
