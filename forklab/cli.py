"""The door: the command line. Each command imports what it needs when it is called."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from forklab.interrupt import EXIT_INTERRUPTED, as_ctrl_c

EXIT_FAIL = 1
EXIT_USAGE = 2
EXIT_BROKEN = 3
EXIT_PIPE = 141

P = ParamSpec("P")


def says_its_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Print our own errors as one sentence and give the exit status that stands for them."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        from forklab.errors import CheckFailure, LabBroken, UsageError

        _can_say_everything()
        try:
            with as_ctrl_c():
                command(*args, **kwargs)
        except KeyboardInterrupt:
            click.echo("forklab: interrupted", err=True)
            sys.exit(EXIT_INTERRUPTED)
        except UsageError as error:
            click.echo(f"forklab: {error}", err=True)
            sys.exit(EXIT_USAGE)
        except CheckFailure as failure:  # of a command that looks and does not judge
            click.echo(f"forklab: expected {failure.expected}, but {failure.seen}", err=True)
            sys.exit(EXIT_FAIL)
        except LabBroken as error:
            click.echo(f"forklab: {error}", err=True)
            sys.exit(EXIT_BROKEN)
        except BrokenPipeError:  # whoever read us has seen enough, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_PIPE)

    return guarded


def _can_say_everything() -> None:
    """Let names of people be said on a terminal that has ASCII, and nothing where it is closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (for as long as we live)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def takes_a_program(command: Callable[P, None]) -> Callable[P, None]:
    """Give a command the words by which a person names a program and how it is started."""
    for option in (
        click.option(
            "--worker", help="File name of the worker's executable, where the lab has one."
        ),
        click.option("--workers", type=int, help="Size of the pool, where RUN fixes it."),
        click.option("--port", type=int, help="Port on which the program always listens."),
        click.option("--run", help="Command line instead of the contract's: './server -p {port}'."),
        click.argument("program", required=False, type=click.Path(path_type=Path)),
        click.argument("lab"),
    ):
        command = option(command)
    return command


takes_a_sandbox = click.option(
    "--sandbox",
    type=click.Choice(["docker", "bubblewrap", "inside"]),
    callback=lambda context, option, kind: kind or "",
    help="Where it runs; else docker, or bubblewrap where there is no engine.",
)
keeps_runs = click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where runs are kept."
)


def _aside(line: str) -> None:
    """Say something that is not what was asked for."""
    click.echo(line, err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="forklab")
def main() -> None:
    """Examine programs that fork: are children reaped, are descriptors closed?"""


@main.command()
@takes_a_program
@click.option("--only", multiple=True, help="Id of a check; may be given more than once.")
@click.option("--declares", multiple=True, help="What the program does beyond the contract.")
@takes_a_sandbox
@click.option("--trace", is_flag=True, help="Run what fails, or all, once more under strace.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the report.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML to a file, too.")
@keeps_runs
@says_its_errors
def check(
    lab: str,
    program: Path | None,
    run: str | None,
    port: int | None,
    workers: int | None,
    worker: str | None,
    only: tuple[str, ...],
    declares: tuple[str, ...],
    sandbox: str,
    trace: bool,
    as_json: bool,
    junit: Path | None,
    runs: Path,
) -> None:
    """Examine PROGRAM, or the reference program, by the checks of LAB.

    PROGRAM is a source file (.c, .cpp, .py), an executable, or a folder with a Makefile. Exit
    status: 0 all pass, 1 some FAIL, 2 wrong usage, 3 could not look, 130 interrupted.
    """
    from forklab.check import check as run_checks
    from forklab.order import Order

    order = Order(
        lab=lab,
        program=program,
        run=run,
        port=port,
        workers=workers,
        worker=worker,
        only=frozenset(word for words in only for word in words.replace(",", " ").split()),
        declared=frozenset(word.replace("-", "_") for word in declares),
        sandbox=sandbox,
        trace=trace,
        json=as_json,
        junit=junit,
        runs=runs,
    )
    found = run_checks(order, sys.stdout, _aside)
    sys.exit(found.exit_status)


@main.command()
@click.argument("lab")
@click.argument("path", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rubric", type=click.Path(path_type=Path), help="Points: a rubric.toml.")
@click.option("--late", type=click.Path(path_type=Path), help="CSV: submission,hours late.")
@click.option(
    "--write", multiple=True, metavar="FORMAT=FILE", help="A file for a course platform, too."
)
@click.option("--at-once", type=click.IntRange(min=1), help="How many; else what can be borne.")
@takes_a_sandbox
@click.option("--new", is_flag=True, help="Begin anew, also if the last batch was not finished.")
@click.option("--only-failed", is_flag=True, help="Of the last batch, what did not pass.")
@click.option("--regrade", is_flag=True, help="Of the last batch, what has changed since.")
@keeps_runs
@says_its_errors
def grade(
    lab: str,
    path: tuple[Path, ...],
    rubric: Path | None,
    late: Path | None,
    write: tuple[str, ...],
    at_once: int | None,
    sandbox: str,
    new: bool,
    only_failed: bool,
    regrade: bool,
    runs: Path,
) -> None:
    """Grade the submissions at PATH, files, folders or archives, by the checks of LAB.

    Several at a time; each result is kept as it ends, and after any interruption the same command
    goes on. A page for the class and one for each submission are written. Exit status: 0 all
    were graded, whatever the verdicts, 2 wrong usage, 3 some could not be looked at, 130
    interrupted.
    """
    from forklab.batch.command import Wanted, command
    from forklab.hints import language

    wanted = Wanted(
        lab=lab,
        paths=path,
        sandbox=sandbox,
        at_once=at_once,
        rubric=rubric,
        late=late,
        write=write,
        runs=runs,
        new=new,
        only_failed=only_failed,
        regrade=regrade,
        language=language(),
    )
    sys.exit(command(wanted, sys.stdout, _aside))


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--lab", help="The lab that they are for: how each would be started.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the report.")
@says_its_errors
def inspect(paths: tuple[Path, ...], lab: str | None, as_json: bool) -> None:
    """Say what each of PATHS is, and how it would be built and started, and why.

    A path is a source file, an executable, a folder, an archive, or an export of Canvas, Moodle or
    Gradescope with many submissions. Nothing is built or run, and no engine is needed. Exit status:
    0 all can be graded, 1 some are refused, 2 wrong usage.
    """
    import json

    from forklab import inspecting, labs

    info = labs.read(lab) if lab else None
    seen = inspecting.inspect(paths, info)
    if as_json:
        click.echo(json.dumps(inspecting.document(seen, info), ensure_ascii=False, indent=1))
    else:
        for line in inspecting.report(seen):
            click.echo(line)
    sys.exit(EXIT_FAIL if any(one.refused for one in seen) else 0)


@main.command()
@takes_a_program
@says_its_errors
def shell(
    lab: str,
    program: Path | None,
    run: str | None,
    port: int | None,
    workers: int | None,
    worker: str | None,
) -> None:
    """Open a shell in the sandbox of LAB, beside PROGRAM or the reference program.

    The program runs in the background; ps, ss, strace, nc and less are there. Without a terminal
    the commands are read from standard input. Everything goes when the shell ends; its exit status
    is the one of the shell.
    """
    from forklab import labs
    from forklab import shell as sandbox_shell

    info = labs.read(lab)
    spec = info.spec.changed(run, port, workers, worker)
    sys.exit(sandbox_shell.shell(info, spec, program, click.echo, _aside))


@main.command()
@takes_a_program
@click.option("--for", "for_s", type=click.FloatRange(min=0), help="End after so many seconds.")
@click.option("--clients", type=click.IntRange(0, 64), default=3, show_default=True)
@click.option(
    "--every",
    type=click.FloatRange(0.05, 60),
    default=0.9,
    show_default=True,
    help="Seconds between two things that are done to it.",
)
@takes_a_sandbox
@says_its_errors
def watch(
    lab: str,
    program: Path | None,
    run: str | None,
    port: int | None,
    workers: int | None,
    worker: str | None,
    for_s: float | None,
    clients: int,
    every: float,
    sandbox: str,
) -> None:
    """Show the processes and descriptors of PROGRAM, or the reference program, as they change.

    Meanwhile clients come and leave, slowly, again and again; where the program is a client or
    reads a terminal, lines are typed. On a terminal one picture is drawn anew, else each change is
    printed. Ctrl-C ends it.
    """
    from forklab import labs
    from forklab import watch as live

    info = labs.read(lab)
    spec = info.spec.changed(run, port, workers, worker)
    live.watch(info, spec, program, live.Wanted(for_s, clients, every, sandbox), sys.stdout, _aside)


takes_a_language = click.option(
    "--lang",
    type=click.Choice(["en", "ko"]),
    callback=lambda context, option, language: language or "",
    help="In which language; else as FORKLAB_LANG and the locale say.",
)


@main.command()
@click.argument("lab")
@click.option("--auto", type=click.FloatRange(0, 600), help="No keys: seconds between the steps.")
@click.option("--rehearse", is_flag=True, help="No waiting; a step that does not come ends it.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="Write an asciicast to a file, too."
)
@click.option("--from", "first", type=int, default=1, help="The step to begin with.")
@takes_a_language
@click.option("--big", is_flag=True, help="60 columns and 20 rows a screen, with blank lines.")
@click.option("--no-predict", is_flag=True, help="Do not ask the class for its prediction.")
@takes_a_sandbox
@says_its_errors
def demo(
    lab: str,
    auto: float | None,
    rehearse: bool,
    record: Path | None,
    first: int,
    lang: str,
    big: bool,
    no_predict: bool,
    sandbox: str,
) -> None:
    """Show LAB to a class: a right program and wrong ones, told, asked, done and looked at.

    Keys: Enter next, b back, r repeat, j 4 jump, h hide the answer, s a shell beside the program, q
    quit. Exit status: 0, 1 if --rehearse finds a step that does not come, 2 wrong usage, 3 there is
    no sandbox.
    """
    from forklab.demos import command
    from forklab.hints import language

    wanted = command.Wanted(
        lab=lab,
        language=lang or language(),
        auto_s=auto,
        strict=rehearse,
        record=record,
        first=first,
        big=big,
        predicts=not no_predict,
        sandbox=sandbox,
    )
    sys.exit(command.demo(wanted, sys.stdout, _aside))


@main.command()
@click.argument("lab", nargs=-1)
@takes_a_sandbox
@says_its_errors
def rehearse(lab: tuple[str, ...], sandbox: str) -> None:
    """Do the demo of each LAB, or of all, without waiting; every expectation is demanded.

    Each is done once and told in both languages. Exit status: 0 all came out as expected, 1 some
    did not, 2 a script is wrong, 3 there is no sandbox.
    """
    from forklab.demos.rehearsal import rehearse as rehearse_all

    sys.exit(0 if rehearse_all(lab, sandbox, click.echo, _aside) else EXIT_FAIL)


@main.command()
@click.argument("lab")
@takes_a_language
@click.option("--speed", type=click.FloatRange(0.1, 100), default=1.0, show_default=True)
@click.option(
    "--idle",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds in which nothing happens, at most.",
)
@says_its_errors
def replay(lab: str, lang: str, speed: float, idle: float) -> None:
    """Play the recording of the demo of LAB; no engine is needed. Ctrl-C ends it.

    Without a terminal it is printed at once.
    """
    from forklab.demos import command
    from forklab.demos.replay import Pace
    from forklab.hints import language

    command.play(lab, lang or language(), Pace(speed, idle), sys.stdout)


@main.command()
@click.argument("source", metavar="FILE|LAB")
@click.option("--only", default="", help="Id of the check whose events are wanted; else all.")
@click.option("--validate", is_flag=True, help="Say whether the log is as its schema demands.")
@click.option("--text", is_flag=True, help="Lines of text; this is what is printed by default.")
@click.option("--mermaid", is_flag=True, help="Sequence diagrams in Markdown.")
@click.option(
    "--perfetto", type=click.Path(path_type=Path), help="Write a trace for ui.perfetto.dev."
)
@keeps_runs
@says_its_errors
def events(
    source: str,
    only: str,
    validate: bool,
    text: bool,
    mermaid: bool,
    perfetto: Path | None,
    runs: Path,
) -> None:
    """Show what happened in a run: an events.jsonl, the folder of a run, or the last run of LAB.

    Who forked, accepted, closed, passed, ended and reaped, when, and how that is known. Exit
    status: 0, 1 if --validate finds a fault, 2 wrong usage.
    """
    from forklab import showing

    wanted = showing.Wanted(only, validate, text, mermaid, perfetto)
    if not showing.show(showing.find(source, runs), wanted, click.echo):
        sys.exit(EXIT_FAIL)


@main.command()
@click.argument("source", metavar="LAB|RUN")
@click.option("--open/--no-open", "may_open", default=True, help="In a browser (default), or not.")
@keeps_runs
@says_its_errors
def report(source: str, may_open: bool, runs: Path) -> None:
    """Name the report with pictures of the last run of LAB, or of the folder RUN, and open it.

    It is one file that asks for nothing; it is opened where there is a display.
    """
    from forklab import opening_report

    path = opening_report.find(source, runs)
    click.echo(path)
    _aside(opening_report.show(path, os.environ, may_open=may_open))


@main.command()
@click.argument("lab")
@click.argument("check_id", metavar="[CHECK]", required=False)
@click.option("--level", type=click.IntRange(1, 3), help="Of CHECK, how direct: 1 to 3.")
@keeps_runs
@says_its_errors
def hint(lab: str, check_id: str | None, level: int | None, runs: Path) -> None:
    """Print the next hint for the last failure of LAB, or a hint for CHECK.

    Each call without CHECK goes one further: a question, where to read, the shape of the fix. The
    third opens when the program has changed. FORKLAB_LANG says in which language: en or ko.
    """
    from forklab import labs
    from forklab.errors import UsageError
    from forklab.hints import ladder

    info = labs.read(lab)
    if check_id is None and level is not None:
        raise UsageError("--level goes with the id of a check: forklab hint LAB CHECK --level 2")
    if check_id is None:
        click.echo(ladder.next_hint(info, runs))
    else:
        click.echo(ladder.one_hint(info, check_id, level or 1))


@main.command()
@click.argument("lab")
@click.option("--anyway", is_flag=True, help="Also if the last run has not passed.")
@keeps_runs
@says_its_errors
def why(lab: str, anyway: bool, runs: Path) -> None:
    """Explain every check of LAB, once the last run has passed all core checks."""
    from forklab import labs
    from forklab.why import why as explain

    os.environ.setdefault("LESSCHARSET", "utf-8")  # less(1): Korean, also in the C locale
    click.echo_via_pager(explain(labs.read(lab), runs, anyway=anyway))


@main.command(name="labs")
@click.argument("lab", nargs=-1)
@click.option("--at-once", type=click.IntRange(min=1), help="How many; else two for each core.")
@takes_a_sandbox
@keeps_runs
@says_its_errors
def all_labs(lab: tuple[str, ...], at_once: int | None, sandbox: str, runs: Path) -> None:
    """Examine the reference program of each LAB, or of all labs, several at a time.

    Exit status as of `check`, the worst of all.
    """
    from forklab.all_labs import examine_all

    sys.exit(examine_all(lab, at_once, runs, click.echo, sandbox))


@main.command()
@click.argument("lab", required=False)
@click.option("--only", default="", help="Part of the names of the programs to run.")
@click.option("--at-once", type=click.IntRange(min=1), default=4, show_default=True)
@click.option("--write", type=click.Path(path_type=Path), help="Page to write: docs/matrix.md.")
@takes_a_sandbox
@says_its_errors
def mutants(lab: str | None, only: str, at_once: int, write: Path | None, sandbox: str) -> None:
    """Run every mutant and every right way of LAB, or of all labs, and compare."""
    from forklab.mutants import matrix

    sys.exit(0 if matrix(lab, only, click.echo, at_once, write, sandbox) else 1)


@main.command()
@click.argument("lab")
@click.option("--runs", type=click.IntRange(min=1), default=100, show_default=True)
@click.option(
    "--busy/--quiet", default=True, help="Keep every core busy meanwhile (default), or not."
)
@click.option("--cpus", type=click.FloatRange(0.01), help="CPUs that the sandbox gets: 0.1, say.")
@takes_a_sandbox
@says_its_errors
def flaky(lab: str, runs: int, busy: bool, cpus: float | None, sandbox: str) -> None:
    """Run the checks of LAB on its reference program, many times; none may fail.

    All in one process and one sandbox. Exit status: 0 all pass, 1 some FAIL, 3 some BROKEN, 130
    interrupted.
    """
    from forklab.flaky import flaky as run_many

    sys.exit(run_many(lab, runs, busy, click.echo, cpus, sandbox).exit_status)


@main.command()
@click.argument("lab")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Else gradescope-LAB.zip.")
@click.option("--rubric", type=click.Path(path_type=Path), help="What the checks are worth.")
@click.option(
    "--deadline-s",
    type=click.FloatRange(min=30),
    default=480,
    show_default=True,
    help="When grading is given up; keep it below the limit that is set at Gradescope.",
)
@click.option(
    "--total-visible", is_flag=True, help="Show hidden checks as one, so that students see a total."
)
@says_its_errors
def gradescope(
    lab: str, output: Path | None, rubric: Path | None, deadline_s: float, total_visible: bool
) -> None:
    """Write the autograder of LAB, a zip, for Gradescope."""
    from forklab import gradescope_zip, labs

    info = labs.read(lab)
    path = output or Path(f"gradescope-{info.dashed}.zip")
    chosen = gradescope_zip.Settings(rubric, deadline_s, total_visible)
    gradescope_zip.write(info, path, chosen)
    click.echo(f"{path}: upload it as the autograder of the assignment")


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
@click.option(
    "--sandbox",
    type=click.Choice(["docker", "bubblewrap"]),
    default="docker",
    show_default=True,
    help="Whose files: an engine's image, or bubblewrap's root folder.",
)
@says_its_errors
def images(save: Path | None, load: Path | None, sandbox: str) -> None:
    """Build the lab image if it is missing, save it to a file or load it from one."""
    from forklab.errors import UsageError
    from forklab.sandbox import engine, image, root

    if save and load:
        raise UsageError("--save and --load exclude each other: give one of them.")
    if sandbox == "bubblewrap":
        if save or load:
            raise UsageError("--save and --load are for the image of an engine.")
        click.echo(root.ensure_root(say=_aside))
        return
    client = engine.find_engine(say=_aside)
    try:
        if save:
            image.save_image(client, save, say=_aside)
        elif load:
            image.load_image(client, load, say=_aside)
        else:
            found = image.ensure_image(client, say=_aside)
            click.echo(f"{image.recipe(client).tag} {found}")
        if not save:
            image.tag_latest(client)
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
