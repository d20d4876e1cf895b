"""``python -m due_cli``."""

from due_cli.cli.app import run

if __name__ == "__main__":
    run()
