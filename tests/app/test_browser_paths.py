"""What people do beside the walk through every page, each in a real browser."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reseen.app.desk import Desk
from reseen.app.settings import Settings
from reseen.data.person import PersonImage
from reseen.descriptors.embeddings import Embeddings
from tests.app.served import jpeg
from tests.app.serving import Served
from tests.app.test_choosing import Halves, group_picture

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.long


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A zip of 300 drawn persons."""
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for pid in range(1000, 1300):
            archive.writestr(f"{pid:04}_c5s1_000001_01.jpg", jpeg(pid, 5))
    return tmp_path / "many.zip"


def drag(page: Any, area: str, *paths: Path) -> None:
    """Drops files or folders on an area, as the desktop does."""
    session, box = page.context.new_cdp_session(page), page.locator(area).bounding_box()
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


def has_focus(locator: Any) -> bool:
    """Whether keys go to something, if its window has the focus."""
    found: bool = locator.evaluate("each => each === document.activeElement")
    return found


def tab_to(page: Any, locator: Any, back: bool = False) -> None:
    """Presses the tab key until something has the focus."""
    for _ in range(150):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if has_focus(locator):
            return
    raise AssertionError(f"no tab leads to {locator}")


def test_a_job_is_followed_across_a_restart(browser: Any, settings: Settings, many: Path) -> None:
    first = Served(settings)
    page = browser.new_context(base_url=first.url).new_page()
    page.goto("/add")
    page.set_input_files("#file", str(many))
    page.get_by_role("button", name="Add in the background").click()
    expect(page.locator(".job.waiting, .job.running")).to_have_count(1)
    first.kill()
    second = Served(settings, first.port)
    try:
        expect(page.locator(".job.done")).to_contain_text("300 added", timeout=120_000)
        assert second.client.rows(cameras=[5], purpose="find a row").rows
    finally:
        second.kill()


def test_a_job_is_cancelled_on_its_page(page: Any, desk: Desk, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embed = desk.embed

    def slowly(pictures: list[PersonImage]) -> Embeddings:
        time.sleep(1)
        return embed(pictures)

    monkeypatch.setattr(desk, "embed", slowly)
    page.goto("/add")
    page.set_input_files("#file", str(many))
    page.get_by_role("button", name="Add in the background").click()
    expect(page.locator(".job .state")).to_contain_text("running")
    page.get_by_role("button", name="Cancel").click()
    over = page.locator(".job.cancelled")
    expect(over).to_contain_text("before it was cancelled", timeout=60_000)
    expect(over.get_by_role("button")).to_have_count(0)
    assert len(desk.gallery) < 312
    assert [each.action for each in desk.state.audit.entries()][:2] == ["added", "cancel"]


def test_who_is_meant_is_asked_and_chosen(
    page: Any, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.choices, "_detector", Halves())
    (tmp_path / "group.png").write_bytes(group_picture())
    page.goto("/")
    page.set_input_files("#picture", str(tmp_path / "group.png"))
    page.get_by_label("Purpose").fill("one of two")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 people are in this picture. Who is meant?")
    tab_to(page, page.get_by_role("button", name="Person 2"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/searches/*")
    expect(page.locator(".known img")).to_have_count(1)
    assert len(desk.state.searches.recent()) == 1


def test_any_two_pictures_are_compared(page: Any) -> None:
    page.goto("/compare")
    page.locator(".grid a.frame").nth(2).click()
    expect(page.locator(".chosen img")).to_be_visible()
    page.locator(".grid a.frame").nth(7).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why these two are")
    expect(page.locator(".pair figure")).to_have_count(2)
    expect(page.locator(".pair figcaption").first).to_contain_text("camera")


def test_pictures_of_somebody_else_take_part_until_they_are_left_out(page: Any, desk: Desk, tmp_path: Path) -> None:
    for name, pid in (("like", 1), ("unlike", 2)):
        (tmp_path / f"{name}.jpg").write_bytes(jpeg(pid, 1, seed=4))
    page.goto("/")
    page.set_input_files("#picture", str(tmp_path / "like.jpg"))
    page.get_by_text("pictures of somebody else").click()
    page.set_input_files("#unlike", str(tmp_path / "unlike.jpg"))
    page.get_by_label("Purpose").fill("not that one")
    page.keyboard.press("Enter")
    expect(page.locator(".known .unlike img")).to_have_count(1)
    page.locator(".known .unlike").get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Search", exact=True).last.click()
    expect(page.locator(".known li")).to_have_count(1)
    newest, before = (desk.state.searches.get(each.id) for each in desk.state.searches.recent())
    assert newest is not None
    assert before is not None
    assert [query.unlike for query in before.queries] == [False, True]
    assert [query.unlike for query in newest.queries] == [False]


def test_pictures_and_folders_are_dropped(page: Any, desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "walk" / "deep"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(jpeg(40 + number, 6))
    (folder / "Thumbs.db").write_bytes(b"no picture")
    page.goto("/")
    drag(page, '[data-drop="picture"]', folder / "0.jpg")
    expect(page.locator(".drop .preview img")).to_have_count(1)
    page.get_by_label("Purpose").fill("dropped")
    page.keyboard.press("Enter")
    page.wait_for_url("**/searches/*")
    page.goto("/add")
    drag(page, ".drop", tmp_path / "walk")
    expect(page.locator(".drop .preview img")).to_have_count(3)
    page.get_by_role("button", name="Add in the background").click()
    expect(page.locator(".job.done")).to_contain_text("3 added", timeout=20_000)


def test_a_folder_of_thousands_is_added_or_told_in_one_sentence(page: Any, desk: Desk, tmp_path: Path) -> None:
    folder, picture = tmp_path / "thousands", jpeg(50, 6)
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.jpg").write_bytes(picture)
    page.goto("/")
    drag(page, '[data-drop="picture"]', folder)
    expect(page.locator(".drop .preview").first).to_contain_text("and 2,988 more", timeout=60_000)
    said = page.locator("#picture").evaluate("each => each.validationMessage")
    assert said == "3,000 files are more than 8: choose the clearest"
    page.goto("/add")
    drag(page, ".drop", folder)
    expect(page.locator(".drop .preview")).to_contain_text("and 2,988 more", timeout=60_000)
    page.get_by_role("button", name="Add in the background").click()
    expect(page.locator(".job.done")).to_contain_text("3,000 of 3,000", timeout=300_000)
    assert len(desk.gallery) == 13, "all show the same"


def test_the_whole_search_by_keyboard_alone(page: Any, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "q.jpg").write_bytes(jpeg(1, 1, seed=4))
    page.goto("/")
    page.keyboard.press("Tab")
    assert has_focus(page.get_by_role("link", name="Skip to the content"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#picture"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(str(tmp_path / "q.jpg"))
    tab_to(page, page.get_by_label("Purpose"))
    page.keyboard.type("by keys alone")
    tab_to(page, page.locator("#camera-2"))
    page.keyboard.press("Space")
    expect(page.locator(".total b")).to_have_text("4")
    assert has_focus(page.locator("#camera-2")), "although its list was fetched anew"
    tab_to(page, page.get_by_label("Purpose"), back=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/searches/*")
    card = page.locator(".grid .card").first
    tab_to(page, card.get_by_role("button", name="Right"))
    page.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Right")).to_have_attribute("aria-pressed", "true")
    assert [verdict.correct for verdict in desk.state.feedback.all()] == [True]
    assert has_focus(card.get_by_role("button", name="Right")), "although it was swapped"
    tab_to(page, card.get_by_role("link", name="Why"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("apart")
