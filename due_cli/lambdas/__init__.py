"""The functions of a stack, one module each, with a ``handler(event, context)``.

Standard library and boto3 only: their zip holds nothing but this package, ``due_cli.events`` and
``due_cli.aws.pipeline``.
"""
