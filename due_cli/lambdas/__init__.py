"""The three functions of a deployment: ``transform``, ``partition`` and ``status_api``.

Each module has a ``handler(event, context)``. They decode what the service sends, call :mod:`due_cli.events` and
encode what it expects. Standard library and boto3 only: a function's zip holds this room, ``due_cli.events`` and
nothing else.
"""
