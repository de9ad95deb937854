from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reseen.app.settings import state_folder
from reseen.app.state import State
from reseen.app.state.database import Database
from reseen.errors import ReseenError
from tests.cli.calls import run


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    folder = tmp_path / "hall"
    folder.mkdir()
    (folder / "gallery.json").write_text("{}")
    state = State(state_folder(folder))
    for number in range(5):
        state.audit.add("ann", "search", search=f"s{number}")
    state.close()
    return folder


def edit(gallery: Path, *statements: str) -> None:
    """Changes the file as somebody with an editor for databases would."""
    connection = sqlite3.connect(state_folder(gallery) / "state.db")
    for statement in ("DROP TRIGGER audit_stays", "DROP TRIGGER audit_remains", *statements):
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_untouched_trail_holds_and_can_be_shown(gallery: Path) -> None:
    verified = run("audit", "verify", gallery)
    assert verified.exit_code == 0
    assert verified.stdout.startswith("5 entries, no problems; head ")
    shown = run("audit", "show", gallery, "--last", 2).stdout.splitlines()
    assert [line.split("  ")[0] for line in shown] == ["4", "5"]
    assert "ann  search  search=s4" in shown[1]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit SET who = 'bob' WHERE number = 3", "entry 3 was changed"),
        ("UPDATE audit SET at = at + 1 WHERE number = 5", "entry 5 was changed"),
        ("DELETE FROM audit WHERE number = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE number = 1", "entry 1 is missing"),
    ],
)
def test_a_changed_trail_is_noticed(gallery: Path, statement: str, says: str) -> None:
    edit(gallery, statement)
    verified = run("audit", "verify", gallery)
    assert verified.exit_code == 1
    assert says in verified.stdout


def test_a_cut_off_end_is_noticed_by_a_hash_that_was_noted(gallery: Path) -> None:
    head = run("audit", "verify", gallery).stdout.split()[-1]
    edit(gallery, "DELETE FROM audit WHERE number = 5")
    assert run("audit", "verify", gallery).exit_code == 0
    verified = run("audit", "verify", gallery, "--head", head)
    assert verified.exit_code == 1
    assert "the end was cut off" in verified.stdout


def test_the_program_itself_cannot_change_it(gallery: Path) -> None:
    connection = sqlite3.connect(state_folder(gallery) / "state.db")
    for statement in ("UPDATE audit SET who = 'bob'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_no_entry_takes_anothers_place(gallery: Path) -> None:
    connection = sqlite3.connect(state_folder(gallery) / "state.db")
    for number in (0, 3, 5, 7):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("INSERT OR REPLACE INTO audit VALUES (?, 0, 'eve', 'x', '{}', '')", (number,))
    connection.close()
    assert run("audit", "verify", gallery).exit_code == 0


def test_what_is_changed_together_is_changed_wholly_or_not_at_all(gallery: Path) -> None:
    state = State(state_folder(gallery))

    def change() -> None:
        with state.change():
            state.switches["light"] = True
            state.audit.add("ann", "search")
            state.users.add("no name", "correct horse", "viewer")

    with pytest.raises(ReseenError, match="is no user's name"):
        change()
    assert not state.switches["light"]
    assert state.audit.head()[0] == 5
    state.audit.add("ann", "search")
    assert state.audit.problems() == []
    state.close()


def test_users_are_added_listed_and_removed(gallery: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    words = ["user", "add", gallery, "ann", "--password-file", tmp_path / "password", "--camera", 2]
    assert run(*words).exit_code == 0
    assert run("user", "list", gallery).stdout == "ann  viewer  cameras 2\n"
    kept = run("user", "remove", gallery, "ann")
    assert "ann is the last user: without any, everybody on this machine comes in as operator" in str(kept.exception)
    assert run("user", "list", gallery).stdout == "ann  viewer  cameras 2\n"
    assert run("user", "remove", gallery, "ann", "--last").exit_code == 0
    assert "no user 'ann'" in str(run("user", "remove", gallery, "ann").exception)
    (tmp_path / "password").write_text("short")
    assert "it needs 10 or more" in str(run(*words).exception)


def test_another_file_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("something else, long enough to be no database" * 40)
    with pytest.raises(ReseenError, match="is no state of the application"):
        State(tmp_path)


def test_a_change_that_cannot_be_written_leaves_nothing_open(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")

    def change() -> None:
        with database.change() as within:
            within.execute("PRAGMA defer_foreign_keys = ON")  # so that it is COMMIT that fails
            within.execute("INSERT INTO feedback VALUES ('no search', 'row', 1, 0, 'ann')")

    with pytest.raises(sqlite3.IntegrityError):
        change()
    assert not database._connection.in_transaction
    database.write("INSERT INTO switches VALUES ('light', 'true')")
    other = Database(tmp_path / "state.db")
    assert len(other.read("SELECT * FROM switches")) == 1
    assert other.read("SELECT * FROM feedback") == []
    other.close()
    database.close()
