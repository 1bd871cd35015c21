from __future__ import annotations

import socket

import pytest

from scripts.backend.keys import platform_keys
from scripts.people.binding import MASTER_KEY, variables_for
from scripts.people.errors import RefusedError
from scripts.people.target import check_answering, choose, read_env

HOSTS = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:8080", "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}
LOCAL = {"GOOGLE_CLOUD_PROJECT": "demo-secura", **HOSTS}


@pytest.fixture
def data(tmp_path):
    """A data folder as scripts/local leaves it."""
    folder = tmp_path / ".local"
    folder.mkdir()
    (folder / "env").write_text("".join(f"export {name}={value}\n" for name, value in LOCAL.items()))
    return folder


def test_the_official_variables_name_the_embedded_services(tmp_path):
    target = choose(None, LOCAL | {"OTHER": "x"}, tmp_path)
    assert (target.project, target.embedded, dict(target.variables)) == ("demo-secura", True, LOCAL)


def test_the_data_folder_names_them_too(data):
    target = choose(None, {}, data)
    assert (target.project, target.embedded, dict(target.variables)) == ("demo-secura", True, LOCAL)


def test_a_project_in_the_environment_does_not_turn_a_local_run_into_a_real_one(data):
    assert choose(None, {"GOOGLE_CLOUD_PROJECT": "secura-prod"}, data).embedded


def test_a_named_project_is_a_real_one(data, tmp_path):
    target = choose("secura-prod", {}, data)
    assert (target.project, target.embedded, dict(target.variables)) == (
        "secura-prod",
        False,
        {"GOOGLE_CLOUD_PROJECT": "secura-prod"},
    )
    assert choose(None, {"GOOGLE_CLOUD_PROJECT": "secura-prod"}, tmp_path) == target
    assert choose(None, {"GCLOUD_PROJECT": "secura-prod"}, tmp_path) == target


@pytest.mark.parametrize("present", list(HOSTS))
def test_half_a_set_of_emulators_is_refused(data, present):
    with pytest.raises(RefusedError, match="set both"):
        choose("secura-prod", {present: HOSTS[present]}, data)


def test_a_named_project_and_the_variables_of_another_contradict_each_other(tmp_path):
    with pytest.raises(RefusedError, match="unset"):
        choose("secura-prod", LOCAL, tmp_path)
    assert choose("demo-secura", LOCAL, tmp_path).embedded


@pytest.mark.parametrize("given", ["", None])
def test_without_any_name_it_is_refused(tmp_path, given):
    with pytest.raises(RefusedError):
        choose(given, {}, tmp_path)


@pytest.mark.parametrize("name", ["Secura", "a", "../x", "secura-", "a" * 31, "secura\n", "sécura-prod"])
def test_what_is_no_project_id_is_refused(tmp_path, name):
    with pytest.raises(RefusedError):
        choose(name, {}, tmp_path)


def test_a_damaged_env_file_is_said_in_one_line(data):
    (data / "env").write_text("export FIRESTORE_EMULATOR_HOST='open\n")
    with pytest.raises(RefusedError, match="env"):
        choose(None, {}, data)
    (data / "env").write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedError):
        choose(None, {}, data)
    (data / "env").write_text("export GOOGLE_CLOUD_PROJECT=demo-secura\n")
    with pytest.raises(RefusedError, match="start scripts/local again"):
        choose(None, {}, data)


def test_files_of_variables(tmp_path):
    path = tmp_path / "env"
    path.write_text("# A=1\nexport B='two words'\nC=3 # three\nD=\nnonsense\n")
    assert read_env(path) == {"B": "two words", "C": "3", "D": ""}


@pytest.fixture
def listening(data):
    """A data folder whose services answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        lines = [f"export {name}={address}\n" for name in HOSTS]
        (data / "env").write_text("export GOOGLE_CLOUD_PROJECT=demo-secura\n" + "".join(lines))
        yield data


def test_services_that_do_not_answer_are_found_out_early(tmp_path, listening):
    check_answering(choose(None, {}, listening))
    for address in ("127.0.0.1:1", "nonsense", "127.0.0.1:99999"):
        with pytest.raises(RefusedError, match="nothing answers"):
            check_answering(choose(None, LOCAL | {"FIRESTORE_EMULATOR_HOST": address}, tmp_path))


def test_the_key_is_that_of_the_data_folder_and_the_settings_those_of_the_functions(listening, tmp_path):
    (tmp_path / ".env.local").write_text("SECURA_SECOND_FACTOR_ROLES=admin\nOTHER=x\nSECURA_LOG_LEVEL=DEBUG\n")
    (tmp_path / ".env").write_text("SECURA_SECOND_FACTOR_ROLES=employee\n")
    target = choose(None, {}, listening)
    environment = {"SECURA_LOG_LEVEL": "ERROR", MASTER_KEY: "that of another project", "PATH": "x"}
    assert variables_for(target, environment, listening, tmp_path) == {
        **target.variables,
        "SECURA_SECOND_FACTOR_ROLES": "admin",
        "SECURA_LOG_LEVEL": "ERROR",
        MASTER_KEY: platform_keys(listening)[MASTER_KEY],
    }


def test_a_data_folder_of_other_services_gives_no_key(listening, tmp_path):
    hosts = read_env(listening / "env")
    other = tmp_path / "other"
    other.mkdir()
    (other / "env").write_text("".join(f"export {name}={value}\n" for name, value in LOCAL.items()))
    target = choose(None, hosts, other)
    with pytest.raises(RefusedError, match=MASTER_KEY):
        variables_for(target, hosts, other, tmp_path)
    assert variables_for(target, hosts | {MASTER_KEY: "given"}, other, tmp_path)[MASTER_KEY] == "given"
