"""One walk through every page in a real browser, without an error in its console or a request to anybody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reseen.app.desk import SENSITIVE, Desk
from reseen.app.state.cameras import Spot
from reseen.client import Client
from tests.app.served import jpeg

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = pytest.mark.slow

PASTE = """
(bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "pasted.jpg", {type: "image/jpeg"}));
    document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
}
"""


def test_a_walk_through_every_page(page: Any, desk: Desk, tmp_path: Path) -> None:
    expect = sync_api.expect
    (tmp_path / "q.jpg").write_bytes(jpeg(1, 1, seed=4))

    page.goto("/cameras")
    spot, plan = (page.locator(each).bounding_box() for each in ('.plan [data-camera="3"]', ".plan"))
    page.mouse.move(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    page.mouse.down()
    page.mouse.move(plan["x"] + plan["width"] / 2, plan["y"] + plan["height"] / 4)
    page.mouse.up()
    page.get_by_label("Name of camera 3").fill("yard")
    page.get_by_role("button", name="Keep").click()
    page.goto("/")
    page.locator('.plan [data-camera="3"]').click()
    expect(page.locator("#camera-3")).to_be_checked()
    expect(page.locator(".total b")).to_have_text("4")
    yard = desk.state.cameras[3]
    assert (yard.name, yard.x, yard.y) == ("yard", pytest.approx(0.5, abs=0.01), pytest.approx(0.25, abs=0.01))

    page.goto("/")
    page.set_input_files("#picture", str(tmp_path / "q.jpg"))
    page.evaluate(PASTE, list(jpeg(1, 2, seed=4)))
    expect(page.locator(".drop .preview img")).to_have_count(2)
    total = page.locator(".total b")
    expect(total).to_have_text("12")
    page.get_by_role("checkbox", name="2 4").check()
    expect(total).to_have_text("4")
    page.get_by_label("Purpose").fill("a walk")
    page.keyboard.press("Enter")

    page.wait_for_url("**/searches/*")
    cards = page.locator(".grid .card")
    expect(cards).to_have_count(4)
    expect(page.locator(".known li")).to_have_count(2)
    right = cards.first.get_by_role("button", name="Right")
    right.click()
    expect(right).to_have_attribute("aria-pressed", "true")
    assert len(desk.state.feedback.all()) == 1
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("status")).to_contain_text("the same list")
    cards.nth(1).get_by_role("button", name="Not this").click()
    expect(page.locator(".known .unlike")).to_have_count(1)

    cards.first.get_by_role("link", name="Why").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("apart")
    expect(page.locator(".pair figure")).to_have_count(2)
    expect(page.locator("tfoot .number")).to_be_visible()
    page.go_back()
    cards.first.locator("a.frame").click()
    expect(page.locator(".timeline circle")).to_have_count(3)

    page.goto("/add")
    page.set_input_files("#file", str(tmp_path / "q.jpg"))
    page.get_by_label("Camera").fill("9")
    page.get_by_role("button", name="Add in the background").click()
    expect(page.locator(".job.done")).to_contain_text("1 added", timeout=20_000)
    page.goto("/browse")
    page.get_by_role("checkbox", name="9 1").check()
    page.get_by_label("Purpose").fill("what was added")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".grid .card")).to_have_count(1)

    page.goto("/delete")
    page.get_by_role("checkbox", name="9 1").check()
    page.get_by_label("Reason").fill("the walk is over")
    page.get_by_role("button", name="Count").click()
    page.get_by_role("button", name="Delete 1").click()
    expect(page.locator(".lead")).to_contain_text("1 picture was deleted for good; 12 are left")

    page.goto("/model")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()
    page.goto("/audit")
    expect(page.locator(".note.good")).to_contain_text("holds")

    desk.state.users.add("ann", "correct horse", "viewer")
    page.goto("/")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".out")).to_contain_text("ann, viewer")
    expect(page.get_by_role("link", name="Delete")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{page.url.partition('/login')[0]}/login")


def accessibility(page: Any) -> list[str]:
    """Returns what axe-core finds serious on a page."""
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.fixture
def paths(desk: Desk, client: Client) -> list[str]:
    """Every page, with something on it."""
    found = client.search(jpeg(1, 1), purpose="every page", where="hat in (no, yes)")
    row, other = found.results[0].id, found.results[1].id
    client.say(found.id, row, True)
    client.say(found.id, other, False)
    desk.state.cameras.put(2, Spot("gate", 0.5, 0.5))
    job = desk.state.jobs.add("ann", {"camera": 5, "seconds": None, "again": False, "source": "left"})
    desk.state.jobs.end(job, "failed", "the files could not be kept")
    return [
        "/", f"/searches/{found.id}", "/searches", "/browse", "/browse?camera=2", "/compare",
        f"/compare?one=row:{row}", f"/people/{row}",
        f"/why?one=row:{row}&other=row:{other}", "/cameras", "/add", "/delete", f"/delete?row={row}",
        "/model", "/audit",
    ]  # fmt: skip


def test_axe_finds_nothing_serious_on_any_page(page: Any, paths: list[str]) -> None:
    page.emulate_media(reduced_motion="reduce")  # no colour is on its way to another
    for path in paths:
        page.goto(path)
        assert accessibility(page) == [], path
    page.evaluate("document.querySelector('main').innerHTML = '<button></button>'")
    assert accessibility(page) == ["button-name: <button></button>"], "it does look"


@pytest.mark.long
def test_axe_finds_nothing_serious_however_it_is_looked_at(page: Any, paths: list[str], desk: Desk) -> None:
    desk.state.switches[SENSITIVE] = True
    for width in (390, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for path in paths:
                page.goto(path)
                page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
                assert accessibility(page) == [], (path, width, scheme)
    desk.state.users.add("ann", "correct horse", "viewer")
    page.goto("/")
    assert accessibility(page) == [], "login"


def test_no_page_is_wider_than_its_window(page: Any, desk: Desk, client: Client) -> None:
    row = desk.overview().ids[0]
    found = client.search(purpose="a purpose without a place to break it " + 60 * "x", like_rows=[row])
    for path in (
        "/",
        f"/searches/{found.id}",
        "/searches",
        "/browse",
        f"/people/{row}",
        f"/why?one=row:{row}&other=row:{row}",
        "/delete",
        "/audit",
        "/cameras",
        "/model",
    ):
        page.goto(path)
        for width in (390, 1280, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (path, width)
    page.evaluate("document.querySelector('main').append('x'.repeat(500))")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide > 0, "it would be noticed"


def test_a_cancelled_job_is_followed_to_its_end_among_more_than_a_browser_has_connections(
    page: Any, desk: Desk
) -> None:
    expect = sync_api.expect
    settings = {"camera": 5, "seconds": None, "again": False, "source": "many"}
    jobs = [desk.state.jobs.add("ann", settings) for _ in range(8)]
    desk.state._database.write("UPDATE jobs SET state = 'running'")
    page.goto("/add")
    oldest = page.locator(f"#job-{jobs[0]}")
    oldest.get_by_role("button", name="Cancel").click()
    expect(oldest).to_have_class("job cancelling")
    desk.state.jobs.end(jobs[0], "cancelled", "1 was added before")
    expect(oldest).to_contain_text("1 was added before")
    for one in jobs[1:]:
        desk.state.jobs.end(one, "done", "8 added")
    expect(page.locator(".job.done")).to_have_count(7)
