"""``due demo``."""

from __future__ import annotations

import typer

from due_cli.cli.options import progress_of, settings_of
from due_cli.core.results import Parts


def demo(context: typer.Context) -> Parts:
    """Take the whole tour on this machine: a made-up month of a small shop, ingested and reported on.

    Makes the folder due-demo here, or the one that --local names, and leaves the recorded target alone.
    """
    from due_cli.demo.tour import tour

    return Parts(tour(settings_of(context).local, progress_of(context)))
