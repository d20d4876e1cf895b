"""Calls of AWS services, a module for each service."""
