"""The door: the command line. Each command imports what it needs when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

EXIT_USAGE = 2
EXIT_BROKEN = 3

P = ParamSpec("P")


def says_its_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Print our own errors as one sentence and give the exit status that stands for them."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        from forklab.errors import LabBroken, UsageError

        try:
            command(*args, **kwargs)
        except UsageError as error:
            click.echo(f"forklab: {error}", err=True)
            sys.exit(EXIT_USAGE)
        except LabBroken as error:
            click.echo(f"forklab: {error}", err=True)
            sys.exit(EXIT_BROKEN)

    return guarded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="forklab")
def main() -> None:
    """Examine programs that fork: are children reaped, are descriptors closed?"""


@main.command()
def doctor() -> None:
    """Say what is here, what is missing and what to do. Changes nothing."""
    from forklab import doctor as examination

    findings = examination.examine()
    for finding in findings:
        click.echo(finding)
    sys.exit(0 if examination.labs_can_run(findings) else EXIT_BROKEN)


@main.command()
@click.option("--save", type=click.Path(path_type=Path), help="Write the lab image to a file.")
@click.option("--load", type=click.Path(path_type=Path), help="Take the lab image from a file.")
@says_its_errors
def images(save: Path | None, load: Path | None) -> None:
    """Build the lab image if it is missing, save it to a file or load it from one."""
    from forklab.errors import UsageError
    from forklab.sandbox import engine, image

    if save and load:
        raise UsageError("--save and --load exclude each other: give one of them.")

    def say(line: str) -> None:
        click.echo(line, err=True)

    client = engine.find_engine(say=say)
    try:
        if save:
            image.save_image(client, save, say=say)
        elif load:
            image.load_image(client, load, say=say)
        else:
            found = image.ensure_image(client, say=say)
            click.echo(f"{image.recipe(client).tag} {found}")
    finally:
        client.close()


@main.command()
@says_its_errors
def clean() -> None:
    """Remove every lab container of this engine, also one that is in use."""
    from forklab.sandbox import engine

    client = engine.find_engine(may_start=False)
    try:
        click.echo(f"removed {engine.remove_containers(client)} lab containers")
    finally:
        client.close()
