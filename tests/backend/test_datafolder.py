from __future__ import annotations

import stat

import pytest

from scripts.backend.datafolder import DataFolder, DataFolderError


def test_data_survives_unless_it_is_asked_to_begin_anew(tmp_path):
    folder = DataFolder(tmp_path / "data", fresh=False)
    (folder.path / "kept").write_text("x")
    folder.close()
    again = DataFolder(tmp_path / "data", fresh=False)
    assert (again.path / "kept").exists()
    again.close()
    anew = DataFolder(tmp_path / "data", fresh=True)
    assert not (anew.path / "kept").exists()
    anew.close()


def test_a_folder_of_somebody_else_is_never_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("important")
    with pytest.raises(DataFolderError, match="other files"):
        DataFolder(tmp_path, fresh=True)
    assert (tmp_path / "thesis.txt").read_text() == "important"


def test_a_folder_has_one_user_at_a_time(tmp_path):
    first = DataFolder(tmp_path / "data", fresh=False)
    with pytest.raises(DataFolderError, match="another"):
        DataFolder(tmp_path / "data", fresh=True)
    first.close()


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError) as refused:
        DataFolder(tmp_path / "file", fresh=False)
    assert "\n" not in str(refused.value)


def test_the_variables_are_for_a_shell_and_for_nobody_else(tmp_path):
    folder = DataFolder(tmp_path / "data", fresh=False)
    folder.write_env({"A": "x y", "B": "z"})
    env = folder.path / "env"
    assert env.read_text() == "export A='x y'\nexport B=z\n"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    folder.close()
