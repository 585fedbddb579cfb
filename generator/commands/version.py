"""`apm version`."""

import click

from generator.commands._common import apm_version


@click.command(epilog="Example: apm version")
def version() -> None:
    """Print the version."""
    click.echo(f"apm {apm_version()}")
