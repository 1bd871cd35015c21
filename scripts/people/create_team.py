"""`scripts/create_security_team FILE`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.people import command, confirming
from scripts.people.errors import RefusedError
from scripts.people.standing import standing
from scripts.people.team_file import BadRow, Member, read_team
from scripts.people.team_steps import Steps, do, steps_for
from shared.domain.audit import Actor
from shared.domain.errors import SecuraError, UnavailableError
from shared.services.accounts.provisioning import AccountProvisioning
from shared.services.accounts.team import TeamManagement

PROGRAM = "create_security_team"
ACTOR = Actor(kind="script", id=PROGRAM)
_UNAVAILABLE_IN_A_ROW = 3  # then the service is down, and waiting for it once for each person helps nobody


@dataclass(slots=True)
class Report:
    """What became of the people of the file."""

    done: list[Steps] = field(default_factory=list)
    failed: list[tuple[Member, str]] = field(default_factory=list)

    def counts(self) -> str:
        """One line: how many of each."""
        counted = Counter(word for steps in self.done for word in steps.words)
        counted["failed"] = len(self.failed)
        return ", ".join(f"{number} {word}" for word, number in counted.items())


def run(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 everybody is as the file says, 1 somebody is not, 2 refused or could not start."""
    return command.guarded(PROGRAM, lambda: _run(command.parse(_parser(), arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = command.parser(
        PROGRAM,
        "Bring a security team in from a file. Run again to go on where it stopped: nothing is doubled.",
        "Columns: email, name, department (optional), lead (optional, yes or no). New people get a mail with a link to "
        "choose their password.",
    )
    parser.add_argument("file", type=Path, help="CSV (.csv) or JSON lines (.jsonl)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    return parser


def _run(options: argparse.Namespace) -> int:
    people, bad = read_team(options.file)
    if bad:
        return _refuse(options.file, bad)
    target = command.bind(options)
    plan = _plan(people)
    waiting = [steps for steps in plan if steps.changes]
    summary = [f"{_who(steps.member)}: {steps.refused or ', '.join(steps.words)}" for steps in plan]
    if options.dry_run or not waiting:
        confirming.show(target, summary)
        print("Nothing was changed" if options.dry_run else "Nothing to do")
        return command.FAILED if any(steps.refused for steps in plan) else command.DONE
    confirming.show(target, [*summary, command.second_factor_policy()])
    reason = confirming.confirmed(target, options)
    from shared import bootstrap

    return _tell(work_off(plan, reason, bootstrap.account_provisioning(), bootstrap.team_management()))


def _refuse(path: Path, bad: Sequence[BadRow]) -> int:
    for row in sorted(bad, key=lambda row: row.line):
        print(f"  line {row.line}: {row.why}", file=sys.stderr)
    raise RefusedError(f"{path.name}: {len(bad)} bad row(s), listed above: nothing was changed")


def _plan(people: Sequence[Member]) -> list[Steps]:
    from shared import bootstrap

    accounts, store = bootstrap.accounts(), bootstrap.store()
    with _progress() as progress:
        return [
            steps_for(member, standing(accounts, store, member.email))
            for member in progress.track(people, description="Looking")
        ]


def work_off(plan: Sequence[Steps], reason: str, provisioning: AccountProvisioning, team: TeamManagement) -> Report:
    """Do the steps of everybody. One who fails does not hold up the others, unless nothing answers any more."""
    report = Report(failed=[(steps.member, steps.refused) for steps in plan if steps.refused])
    down = 0
    with _progress() as progress:
        for steps in progress.track([steps for steps in plan if not steps.refused], description="People"):
            if down >= _UNAVAILABLE_IN_A_ROW:
                report.failed.append((steps.member, "not tried, since nothing answers"))
                continue
            try:
                if steps.changes:
                    do(steps, ACTOR, reason, provisioning, team)
            except SecuraError as error:
                report.failed.append((steps.member, str(error)))
                down = down + 1 if isinstance(error, UnavailableError) else 0
            else:
                report.done.append(steps)
                down = 0
    return report


def _tell(report: Report) -> int:
    for steps in report.done:
        print(f"  {_who(steps.member)}: {', '.join(steps.words)}")
    for member, why in report.failed:
        print(f"  {_who(member)}: failed: {why}", file=sys.stderr)
    print(report.counts())
    if report.failed:
        print(f"{PROGRAM}: run the same command again for those who failed", file=sys.stderr)
    return command.FAILED if report.failed else command.DONE


def _who(member: Member) -> str:
    return f"{member.email} ({member.name})"


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


if __name__ == "__main__":
    sys.exit(run())
