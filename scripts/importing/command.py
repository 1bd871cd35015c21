"""The command: `scripts/import_incidents FILE`."""

from __future__ import annotations

import argparse
import csv
import getpass
import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.importing.client import Api, Identity, RefusedError, Session, SignInError, StoppedError
from scripts.importing.journal import Journal
from scripts.importing.mapping import FIELDS, Mapper, MappingError, Prepared, Refused
from scripts.importing.pace import Pace
from scripts.importing.reading import UnreadableFileError, read_rows

_LOCAL_URL = "http://127.0.0.1:5000"
_GOOGLE = ("https://identitytoolkit.googleapis.com", "https://securetoken.googleapis.com")


class UsageError(ValueError):
    """The command was called in a way that cannot work; the text is one line for the user."""


@dataclass(slots=True)
class Outcome:
    """What became of the rows."""

    imported: int = 0
    already: int = 0
    refused: list[Refused] = field(default_factory=list)
    stopped: str | None = None


def run(arguments: list[str] | None = None) -> int:
    """Exit status: 0 all is in, 1 some rows are not, 2 the command could not start."""
    options = _parser().parse_args(arguments)
    try:
        mapper = Mapper.parse(options.map, _zone(options.time_zone), notify=not options.no_mail)
        prepared, refused = _prepare(options.file, options.encoding, mapper)
        if options.dry_run:
            return _report_dry_run(prepared, refused, mapper)
        environment = _environment(options.data)
        session = Session(_identity(options.email, environment))
        outcome = _import(options, prepared, Api(_url(options.url, environment), session, options.parallel))
    except (UnreadableFileError, MappingError, UsageError, SignInError) as error:
        print(f"import_incidents: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"import_incidents: {error.filename or options.file}: {error.strerror or error}", file=sys.stderr)
        return 2
    outcome.refused = sorted([*refused, *outcome.refused], key=lambda row: row.line)
    return _report(options.file, outcome)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/import_incidents",
        description="Bring old incidents in through the API. Run again to go on where it stopped: nothing is doubled.",
        epilog="The password is asked for, or read from the variable SECURA_PASSWORD; it is never an argument.",
    )
    parser.add_argument("file", type=Path, help="JSON lines (.jsonl), CSV (.csv) or Excel (.xlsx)")
    parser.add_argument("--email", default="analyst1@secura.com", help="who imports: security team or administrator")
    parser.add_argument("--url", help=f"the API (default: the local one, {_LOCAL_URL}, or SECURA_URL)")
    parser.add_argument(
        "--data", type=Path, default=Path(".local"), help="data folder of scripts/local (default .local)"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="FIELD=COLUMN", help=f"FIELD: {', '.join(FIELDS)}"
    )
    parser.add_argument("--time-zone", default="UTC", help="of times without an offset (default UTC)")
    parser.add_argument("--encoding", default="utf-8-sig", help="of text files (default UTF-8)")
    parser.add_argument("--no-mail", action="store_true", help="do not mail the security team about each incident")
    parser.add_argument("--parallel", type=_parallel, default=4, help="reports sent at once, 1 to 16 (default 4)")
    parser.add_argument("--rate", type=_rate, default=20.0, help="reports a second at most (default 20)")
    parser.add_argument("--dry-run", action="store_true", help="check every row, send nothing")
    return parser


def _parallel(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError("give a number from 1 to 16")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 1000:
        raise argparse.ArgumentTypeError("give a number from 0.01 to 1000")
    return rate


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"--time-zone {name}: no IANA time zone, such as Europe/Berlin") from error


def _environment(data: Path) -> Mapping[str, str]:
    """The process's variables; where they name no sign-in service, those of the local backend in the data folder."""
    if os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") or os.environ.get("SECURA_WEB_API_KEY"):
        return os.environ
    file = data / "env"
    if not file.is_file():
        return os.environ
    pairs = (
        shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in file.read_text().splitlines() if line
    )
    return {**dict(pairs), **os.environ}


def _identity(email: str, environment: Mapping[str, str]) -> Identity:
    emulator = environment.get("FIREBASE_AUTH_EMULATOR_HOST")
    api_key = environment.get("SECURA_WEB_API_KEY", "local" if emulator else "")
    if not api_key:
        raise UsageError("start scripts/local first, or set SECURA_URL and SECURA_WEB_API_KEY for a real project")
    bases = (f"http://{emulator}/identitytoolkit.googleapis.com", f"http://{emulator}/securetoken.googleapis.com")
    password = environment.get("SECURA_PASSWORD") or _ask_password(email)
    return Identity(bases if emulator else _GOOGLE, api_key, email, password)


def _ask_password(email: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {email}: ")
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise UsageError("give the password on standard input or in SECURA_PASSWORD")
    return password


def _url(given: str | None, environment: Mapping[str, str]) -> str:
    return given or environment.get("SECURA_URL") or _LOCAL_URL


def _prepare(path: Path, encoding: str, mapper: Mapper) -> tuple[list[Prepared], list[Refused]]:
    prepared: list[Prepared] = []
    refused: list[Refused] = []
    first: dict[str, int] = {}
    try:
        "".encode(encoding)
    except LookupError as error:
        raise UsageError(f"--encoding {encoding}: unknown") from error
    for row in read_rows(path, encoding):
        result = mapper.prepare(row)
        if isinstance(result, Refused):
            refused.append(result)
        elif result.key in first:
            refused.append(Refused(result.line, f"the same as line {first[result.key]}"))
        else:
            first[result.key] = result.line
            prepared.append(result)
    return prepared, refused


def _import(options: argparse.Namespace, rows: list[Prepared], api: Api) -> Outcome:
    outcome = Outcome()
    with Journal(options.file) as journal, _progress() as progress:
        task = progress.add_task("Importing", total=len(rows))
        waiting = [row for row in rows if row.key not in journal.done]
        outcome.already = len(rows) - len(waiting)
        progress.advance(task, outcome.already)

        pace = Pace(options.rate)

        def send(row: Prepared) -> str:
            pace.wait()
            incident_id = api.report(row.report, row.key)
            journal.add(row.line, row.key, incident_id)
            return incident_id

        with ThreadPoolExecutor(options.parallel) as pool:
            for done in _bounded(pool, send, waiting, options.parallel, outcome):
                progress.advance(task, done)
    return outcome


def _bounded(
    pool: ThreadPoolExecutor, send: object, rows: Iterable[Prepared], parallel: int, outcome: Outcome
) -> Iterable[int]:
    """Send with a short queue, so that a stop is soon, and yield how many rows were finished each time."""
    assert callable(send)  # noqa: S101
    running: dict[Future[str], Prepared] = {}
    upcoming = iter(rows)
    while True:
        while outcome.stopped is None and len(running) < 2 * parallel and (row := next(upcoming, None)) is not None:
            running[pool.submit(send, row)] = row
        if not running:
            return
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            _settle(future, running.pop(future), outcome)
        yield len(finished)


def _settle(future: Future[str], row: Prepared, outcome: Outcome) -> None:
    try:
        future.result()
    except RefusedError as error:
        outcome.refused.append(Refused(row.line, str(error)))
    except StoppedError as error:
        outcome.stopped = str(error)
    else:
        outcome.imported += 1


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _report_dry_run(prepared: list[Prepared], refused: list[Refused], mapper: Mapper) -> int:
    print(f"{len(prepared)} rows can be imported, {len(refused)} cannot; nothing was sent")
    if mapper.notify and prepared:
        print(f"The security team would get {len(prepared)} mails; --no-mail leaves them out")
    for row in refused[:20]:
        print(f"  line {row.line}: {row.reason}")
    if len(refused) > 20:
        print(f"  … and {len(refused) - 20} more")
    return 1 if refused else 0


def _report(source: Path, outcome: Outcome) -> int:
    print(f"{outcome.imported} imported, {outcome.already} were in already, {len(outcome.refused)} refused")
    report = source.with_name(source.name + ".refused.csv")
    if outcome.refused:
        with report.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "reason"])
            writer.writerows((row.line, row.reason) for row in outcome.refused)
        print(f"Why rows were refused: {report}")
    else:
        report.unlink(missing_ok=True)
    if outcome.stopped:
        print(f"Stopped: {outcome.stopped}. Run the same command again to go on.", file=sys.stderr)
    return 1 if outcome.refused or outcome.stopped else 0
