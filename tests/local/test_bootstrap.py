"""The environment that `scripts/local` makes: once, completely, and never from what it did not make itself. Offline."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


class Clone:
    """A fresh clone with one requirement, which is in a folder of wheels instead of a registry."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root / "wheels"
        self.venv = root / ".venv"
        (root / "scripts").mkdir(parents=True)
        self.wheels.mkdir()
        for name in ("local", "_launch.sh", "_bootstrap.py"):
            shutil.copy(ROOT / "scripts" / name, root / "scripts")
        (root / "scripts" / "backend.py").write_text("import sys, tiny\nprint('tiny', tiny.VERSION, *sys.argv[1:])\n")
        (root / "requirements-dev.txt").write_text("")
        self.require("1.0")

    def require(self, version: str, digest: str | None = None) -> None:
        """Have the program need this version of the package, which is published if its digest is not made up."""
        wheel = self.wheels / f"tiny-{version}-py3-none-any.whl"
        if digest is None:
            info = f"tiny-{version}.dist-info"
            files = {
                "tiny.py": f"VERSION = {version!r}\n",
                f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
                f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            }
            with zipfile.ZipFile(wheel, "w") as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
                archive.writestr(f"{info}/RECORD", "".join(map(_record, files, files.values())) + f"{info}/RECORD,,\n")
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.root / "requirements.txt").write_text(f"tiny=={version} --hash=sha256:{digest}\n")

    def run(self, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `scripts/local` as a user does; nothing is reached but the folder of wheels."""
        here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}
        search = path if path is not None else f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}"
        return subprocess.run(  # noqa: S603  # our own program
            [self.root / "scripts" / "local", *arguments],
            env={**here, "PATH": search},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )


def _record(name: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(text)}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone that was started once."""
    clone = Clone(tmp_path_factory.mktemp("clone") / "with a space")
    first = clone.run("--port", "0")
    assert (first.returncode, first.stdout) == (0, "tiny 1.0 --port 0\n"), first.stderr
    assert "Making .venv" in first.stderr
    return clone


@pytest.fixture
def clone(made: Clone, tmp_path: Path) -> Clone:
    """A copy of it to change."""
    shutil.copytree(made.root, tmp_path / "clone", symlinks=True)
    clone = Clone.__new__(Clone)
    clone.root = tmp_path / "clone"
    clone.wheels, clone.venv = clone.root / "wheels", clone.root / ".venv"
    return clone


def test_the_second_start_needs_no_registry_and_says_nothing(clone):
    shutil.rmtree(clone.wheels)
    again = clone.run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "tiny 1.0\n", "")


def test_changed_requirements_are_brought_up_to_date_in_place(clone):
    mark = clone.venv / "kept"
    mark.touch()
    clone.require("2.0")
    assert clone.run().stdout == "tiny 2.0\n"
    assert mark.exists()


def test_an_interrupted_installation_is_made_anew(clone):
    (clone.venv / ".secura-stamp").unlink()
    (clone.venv / ".secura-making").touch()
    mark = clone.venv / "half"
    mark.touch()
    assert clone.run().stdout == "tiny 1.0\n"
    assert not mark.exists()


def test_an_environment_of_somebody_else_is_completed_and_not_deleted(clone):
    (clone.venv / ".secura-stamp").unlink()
    mark = clone.venv / "theirs"
    mark.touch()
    assert clone.run().stdout == "tiny 1.0\n"
    assert mark.exists()


def test_one_for_another_python_that_is_not_ours_is_left_alone(clone):
    shutil.rmtree(clone.venv)
    (clone.venv / "lib" / "python2.7").mkdir(parents=True)
    refused = clone.run()
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "made by somebody else" in refused.stderr
    assert (clone.venv / "lib" / "python2.7").exists()


def test_a_package_that_is_not_the_pinned_one_is_refused_in_the_end_with_one_reason(clone):
    clone.require("3.0")
    clone.require("3.0", digest="0" * 64)
    refused = clone.run()
    assert refused.returncode == 2
    assert "could not be installed" in refused.stderr.splitlines()[-1]
    assert clone.run().returncode == 2  # it did not pass for complete
    clone.require("3.0")
    assert clone.run().stdout == "tiny 3.0\n"


def test_two_first_starts_at_once_make_one_environment(clone):
    clone.require("4.0")
    command = ["/bin/sh", "-c", '"$0" a & "$0" b & wait', str(clone.root / "scripts" / "local")]
    environment = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": clone.wheels.as_uri(),
        "PATH": f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}",
    }
    both = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert sorted(both.stdout.splitlines()) == ["tiny 4.0 a", "tiny 4.0 b"]
    assert both.stderr.count("Packages are installed") == 1


def test_without_python_there_is_one_clear_line(clone, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dirname").symlink_to(str(shutil.which("dirname")))
    refused = clone.run(path=str(tmp_path / "bin"))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "needs Python 3.11" in refused.stderr
