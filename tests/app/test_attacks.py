"""What somebody tries who means harm: each is refused in a line, and nothing of it is left."""

from __future__ import annotations

import csv
import io
import os
import threading
import time
import warnings
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reseen.app.desk import Desk
from reseen.app.finding.feedback import pairs
from reseen.app.keeping import adding
from reseen.app.keeping.worker import Worker
from reseen.app.server import create_app
from reseen.app.settings import Limits, Settings
from reseen.app.state.users import User
from reseen.app.web import uploads
from reseen.app.web.door import COOKIE
from reseen.app.web.uploads import file_name
from reseen.client import Client
from reseen.errors import ReseenError
from tests.app.conftest import LOCAL
from tests.app.served import jpeg
from tests.app.test_access import TOKEN, login
from tests.app.test_keeping import finished

OPERATOR = User("local", "operator")
STRANGE = (
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a'b OR 1=1 --",
    "row:../../state.db",
    "\u202e",
    "x" * 60,
)


def test_ids_lead_nowhere_but_to_rows(web: TestClient, client: Client) -> None:
    row = client.rows().rows[0].id
    paths = [
        f"/api/{kind}/{one}{rest}"
        for one in STRANGE
        for kind, rest in (("rows", ""), ("rows", "/picture"), ("searches", "/export.csv"), ("jobs", ""))
    ]
    paths += [f"/api/why/map?of={kind}:{one}" for kind in ("row", "query", "crop", "file") for one in STRANGE]
    paths += [f"/api/why/map?of=row:{row}&map={one}" for one in STRANGE]
    paths += [f"/static/{one}" for one in ("../server.py", "%2e%2e/server.py", "..%2fserver.py", "/etc/passwd", "")]
    answers = {path: web.get(path).status_code for path in paths}
    assert {path: status for path, status in answers.items() if status not in (404, 405, 422)} == {}


@pytest.mark.parametrize(
    "name",
    ["../../x.jpg", "..\\..\\x.jpg", "/etc/x.jpg", "a\x00b.jpg", "a\nb.jpg", f"{'人' * 200}.jpg", "<img src=x>.jpg"],
)
def test_a_files_name_is_only_a_name(client: Client, web: TestClient, desk: Desk, name: str) -> None:
    upload = web.post("/api/jobs", files=[("file", (name, jpeg(50, 1)))], data={"source": "<b>here</b>"})
    assert upload.status_code == 202, upload.text
    done = finished(client, client.jobs()[0])
    assert (done.state, done.added) == ("done", 1)
    for _ in range(100):  # it is told of first, and cleared up then
        if not (waiting := list(desk.uploads.iterdir())):
            break
        time.sleep(0.05)
    assert waiting == [], "nothing waits outside the gallery"
    assert {each.name for each in desk.state.folder.parent.iterdir()} == {"hall", "hall.app"}
    (kept,) = desk.matches(OPERATOR, [client.rows().rows[0].id]).values()
    assert kept.path.startswith("<b>here</b>/")
    assert kept.path.isprintable()
    for page in ("/add", "/browse", f"/people/{kept.id}", "/audit"):
        assert "<img src=x>" not in web.get(page).text
        assert "<b>here" not in web.get(page).text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a\x00b.jpg", "ab.jpg"), ("a\r\nb.jpg", "ab.jpg"), ("../..\\x.jpg", "x.jpg"), ("\u202egpj.exe", "gpj.exe")],
)
def test_signs_that_nobody_sees_are_left_out_of_a_name(sent: str, kept: str) -> None:
    assert file_name(sent) == kept


def test_what_is_no_picture_inside_is_passed_over(client: Client, tmp_path: Path) -> None:
    data = bytearray(zip_of(tmp_path / "some.zip", {"a.jpg": jpeg(60, 1), "b.jpg": jpeg(61, 1)}, zipfile.ZIP_DEFLATED))
    data[60:80] = b"\xff" * 20  # within what the first member is packed as
    (tmp_path / "some.zip").write_bytes(data)
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 128\n%%EndComments\nshowpage\n"
    (tmp_path / "c.jpg").write_bytes(postscript)
    done = finished(client, client.add(tmp_path / "some.zip", tmp_path / "c.jpg"))
    assert (done.state, done.message) == ("done", "1 added, 2 could not be read (c.jpg, some.zip/a.jpg)")


def zip_of(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path.read_bytes()


def test_a_zip_bomb_is_passed_over(client: Client, tmp_path: Path) -> None:
    bomb = zip_of(tmp_path / "bomb.zip", {"a.png": bytes(64 << 20), "b.jpg": jpeg(62, 1)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 17, "64 MiB in less than 128 KiB"
    done = finished(client, client.add(tmp_path / "bomb.zip"))
    assert (done.state, done.message) == ("done", "1 added, 1 could not be read (bomb.zip/a.png)")


def test_a_zip_that_lists_too_much_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zip_of(tmp_path / "00000-long.zip", {f"{number}.txt": b"" for number in range(50)} | {"a.jpg": jpeg(1, 1)})
    assert len(adding.pictures_in(tmp_path, limit=20)) == 1
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ReseenError, match=r"long\.zip lists more than 40 files"):
        adding.pictures_in(tmp_path, limit=10)


def test_a_name_of_ten_thousand_folders_is_passed_over(tmp_path: Path) -> None:
    names = [f"{number}/" + "a/" * 10_000 + "x.jpg" for number in range(200)]
    zip_of(tmp_path / "00000-deep.zip", dict.fromkeys(names, b"") | {"b/c/d.jpg": jpeg(1, 1)})
    began = time.process_time()
    assert [image.path.as_posix() for image in adding.pictures_in(tmp_path, limit=900)] == ["b/c/d.jpg"]
    assert time.process_time() - began < 5


def test_a_zip_that_was_added_leaves_nothing_open(client: Client, tmp_path: Path) -> None:
    zip_of(tmp_path / "one.zip", {"a.jpg": jpeg(63, 1)})
    assert finished(client, client.add(tmp_path / "one.zip")).added == 1
    held = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if os.path.lexists(each)]
    assert not [each for each in held if "one.zip" in each]


def test_a_jpeg_of_a_thousand_passes_is_refused_before_it_is_decoded(client: Client) -> None:
    file = io.BytesIO()
    Image.effect_noise((256, 256), 60).convert("RGB").save(file, "JPEG", progressive=True)
    picture = file.getvalue()
    client.search(picture, purpose="ten passes are fine")
    scan = picture.rindex(b"\xff\xda")
    many = picture[:scan] + picture[scan:-2] * 1000 + picture[-2:]
    with pytest.raises(ReseenError, match="pixels are sent more than 100 times"):
        client.search(many, purpose="a thousand are not")


def test_a_picture_that_takes_too_long_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseen.app.keeping.worker._AFTER_FAILURE", 0.01)
    hasty = settings.model_copy(update={"limits": Limits(decode_seconds=1e-3)})
    file = io.BytesIO()
    Image.new("RGB", (4000, 3000)).save(file, "JPEG")
    with Desk(hasty) as desk, TestClient(create_app(desk), base_url=LOCAL) as web:
        client = Client(http=web)
        with pytest.raises(ReseenError, match=r"takes more than 0\.001 s to decode"):
            client.search(file.getvalue(), purpose="too slow")
        web.post("/api/jobs", files=[("file", ("a.jpg", file.getvalue()))])
        assert finished(client, client.jobs()[0]).message == "1 could not be read (a.jpg)"


def test_nobody_sends_pictures_before_it_is_known_who_they_are(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with Desk(settings.model_copy(update={"token_file": tmp_path / "token"})) as desk:
        desk.state.users.add("eve", "correct horse", "viewer")

        def pictures() -> Iterator[bytes]:
            for _ in range(8):
                yield bytes(1 << 20)

        stranger = TestClient(create_app(desk), base_url=LOCAL)
        for path in ("/api/searches", "/searches", "/api/jobs", "/add"):
            assert stranger.post(path, content=pictures()).status_code == 401, path
        eve = login(desk, "eve")
        for path in ("/api/jobs", "/add"):
            assert eve.post(path, content=pictures()).status_code == 404, path
        browser = stranger.post("/searches", content=b"x", headers={"accept": "text/html"}, follow_redirects=False)
        assert browser.headers["location"] == "/login"


def test_a_body_without_an_end_is_cut_off_on_pages_too(web: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(4):
            yield bytes(1 << 20)

    headers = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/retention", "/delete", "/login", "/api/deletions"):
        assert web.post(path, content=endless(), headers=headers).status_code == 413, path
    assert web.post("/delete", headers={"content-length": "9" * 5000}).status_code == 413


def test_a_session_is_a_new_one_each_time(settings: Settings) -> None:
    with Desk(settings) as desk:
        desk.state.users.add("ann", "correct horse", "operator")
        browser = TestClient(create_app(desk), base_url=LOCAL, follow_redirects=False)
        form, cookies = {"name": "ann", "password": "correct horse"}, ["chosen-by-somebody-else"]
        for _ in range(2):
            told = browser.post("/login", data=form, headers={"cookie": f"{COOKIE}={cookies[-1]}"})
            cookies.append(told.cookies[COOKIE])
            browser.cookies.clear()
            assert "HttpOnly" in told.headers["set-cookie"]
            assert "SameSite=strict" in told.headers["set-cookie"]
        assert len(set(cookies)) == 3
        assert [desk.state.users.session(each) is None for each in cookies] == [True, True, False]


def test_another_token_ends_the_sessions_of_the_old_one(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    told = settings.model_copy(update={"token_file": tmp_path / "token"})
    with Desk(told) as desk:
        cookie = desk.door.login("", TOKEN, "here")
        assert desk.state.users.session(cookie)
    (tmp_path / "token").write_text(TOKEN[::-1])
    with Desk(told) as desk:
        assert desk.state.users.session(cookie) is None


def test_guesses_side_by_side_are_counted_too(settings: Settings) -> None:
    with Desk(settings) as desk:
        desk.state.users.add("ann", "correct horse", "operator")
        start = threading.Barrier(12)

        def guess(number: int) -> int:
            start.wait()
            try:
                desk.door.login("ann", f"wrong horse {number}", "here")
            except Exception as error:
                return int(error.status_code)  # type: ignore[attr-defined]
            return 200

        with ThreadPoolExecutor(12) as pool:
            answers = sorted(pool.map(guess, range(12)))
        assert answers == [403] * 5 + [429] * 7
        refused = [each for each in desk.state.audit.entries() if each.action == "login refused"]
        assert [each.who for each in refused] == ["ann"] * 5


def test_a_password_in_the_wrong_field_is_not_written_down(settings: Settings) -> None:
    with Desk(settings) as desk:
        desk.state.users.add("ann", "correct horse", "operator")
        with pytest.raises(Exception, match="do not belong together"):
            desk.door.login("correct horse", "ann", "here")
        assert desk.state.audit.entries()[0].who == "somebody"


def test_a_table_has_no_formulas(client: Client, web: TestClient) -> None:
    for number, source in enumerate(('=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "\t=1", " =1", "＝1")):
        told = {"source": source, "camera": "7"}
        web.post("/api/jobs", files=[("file", ("a.jpg", jpeg(70 + number, 7)))], data=told)
    finished(client, client.jobs()[0])
    found = client.search(jpeg(1, 1), purpose="a table", cameras=[7])
    rows = list(csv.DictReader(io.StringIO(client.export(found.id, "csv").decode())))
    assert len(rows) == 7
    assert [row["source"][:1] for row in rows] == ["'"] * 7


def test_a_document_says_what_was_written(client: Client, desk: Desk) -> None:
    purpose = " ".join([r"$5 and \frac{$", "\\x $a^ lost 子供 \U0001f9d2", "a\x07b", "(((" * 50, "<</Type/Catalog>>"])
    found = client.search(purpose=purpose, where="hat in (no, yes)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the font has no sign for it
        assert client.export(found.id, "pdf").startswith(b"%PDF")


def test_feedback_tells_only_of_rows_that_may_be_seen(client: Client, desk: Desk) -> None:
    found = client.search(jpeg(1, 1, seed=5), purpose="feedback")
    for each in found.results:
        client.say(found.id, each.id, True)
    second = User("local", "operator", frozenset({2}))
    cameras = {each.id: each.row.camera for each in found.results if each.row}
    assert {cameras[str(pair["row"])] for pair in pairs(desk, OPERATOR)} == {1, 2, 3}
    assert {cameras[str(pair["row"])] for pair in pairs(desk, second)} == {2}
    assert list(pairs(desk, User("bob", "operator", frozenset({2})))) == [], "the search is not his to see"
    own, others = (next(row for row, camera in cameras.items() if camera == each) for each in (2, 1))
    by_row = client.search(purpose="by a row that is hidden", like_rows=[others])
    client.say(by_row.id, own, True)
    told = [(str(pair["query"]), pair["row"]) for pair in pairs(desk, OPERATOR)]
    assert (f"row:{others}", own) in told
    assert not [pair for pair in pairs(desk, second) if others in str(pair)], "of a hidden query not even the id"


def test_a_cancelled_jobs_pictures_are_not_kept(desk: Desk) -> None:
    for state in ("receiving", "waiting", "gone"):
        one = (
            desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": state})
            if state != "gone"
            else "gone"
        )
        (desk.uploads / one).mkdir(parents=True)
        (desk.uploads / one / "00000-1.jpg").write_bytes(jpeg(1, 5))
        if state == "waiting":
            desk.state.jobs.ready(one)
            desk.state.jobs.cancel(one)
    Worker(desk).sweep()
    kept = [desk.state.jobs.get(each.name) for each in desk.uploads.iterdir()]
    assert [job and job.state for job in kept] == ["receiving"]


def test_a_form_of_more_files_than_its_page_is_for_is_refused(settings: Settings) -> None:
    few = settings.model_copy(update={"limits": Limits(job_files=2, pictures=1)})
    with Desk(few) as desk:
        desk.state.users.add("ann", "correct horse", "operator")
        ann = login(desk, "ann")
        token = {"csrf": ann.headers.pop("x-csrf-token")}
        for path, files, status in (("/add", 2, 200), ("/add", 3, 422), ("/searches", 5, 400)):
            sent = [("file", (f"{number}.jpg", b"x")) for number in range(files)]
            told = ann.post(path, files=sent, data=token)
            assert told.status_code == status, (path, files)
            if status == 422:
                assert "more than 2 files; put them into a zip" in told.text
        assert not any(desk.incoming.iterdir()), "nothing of what is refused is kept"


def test_waiting_for_other_pictures_is_not_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    decode = uploads._decode

    def counted(data: bytes, *rest: Any) -> None:
        decoded.append(data)
        decode(data, *rest)

    monkeypatch.setattr(uploads, "_decode", counted)
    for turns, waits in ((12, True), (0.1, False)):
        decoded.clear()
        monkeypatch.setattr(uploads, "_TURNS", turns)
        busy = threading.Event()
        taken = [uploads._decoders.submit(busy.wait, 30) for _ in range(4)]
        threading.Timer(0.6, busy.set).start()
        if waits:
            uploads.check_picture("a.jpg", jpeg(1, 1), Limits(decode_seconds=0.3))
        else:
            with pytest.raises(ReseenError, match=r"send a\.jpg again"):
                uploads.check_picture("a.jpg", jpeg(1, 1), Limits(decode_seconds=0.3))
        assert all(each.result() for each in taken)
        uploads._decoders.submit(int).result()
        assert len(decoded) == waits, "what was given up is not decoded later"


def test_wrong_tokens_are_counted_and_told_of(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with Desk(settings.model_copy(update={"token_file": tmp_path / "token"})) as desk:
        client = TestClient(create_app(desk), base_url=LOCAL)

        def ask(token: str) -> int:
            return client.get("/api/cameras", headers={"authorization": f"Bearer {token}"}).status_code

        assert ask(TOKEN) == 200
        assert [ask(TOKEN[::-1]) for _ in range(21)] == [401] * 20 + [429]
        assert ask(TOKEN) == 429, "the right one does not help either"
        refused = [each for each in desk.state.audit.entries() if each.action == "login refused"]
        assert [(each.who, each.detail["by"]) for each in refused] == [("somebody", "token")] * 20
        assert not any(TOKEN[::-1] in str(each.detail) for each in refused)
