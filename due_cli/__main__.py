"""``python -m due_cli``."""

from due_cli.main import run

if __name__ == "__main__":
    run()
