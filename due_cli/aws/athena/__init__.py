"""The AWS target: a stack that ``due setup`` made, queried by Athena."""
