"""From a video, and from pictures of several people, into a gallery: who, when, once, and on after being stopped."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen import Embeddings, Gallery, PersonImage, ReseenError
from reseen.errors import ReseenWarning
from reseen.ingest import Settings, ingest
from reseen.ingest.judging import judge
from reseen.ingest.people import People, Pixels
from reseen.ingest.sheet import sheet_of
from reseen.ingest.tracker import ByteTrack
from reseen.ingest.tracks import Track, follow
from reseen.ingest.video import Video
from tests.drawn import draw_person
from tests.ingest.clips import BROAD, RATE, TALL, Changes, Clip, Walker, film, square, write

SETTINGS = Settings(camera=3, start=1000.0, keep=3)
WALKERS = [Walker(1, 0.0, 90), Walker(2, 2.0, 100, top=90), Walker(3, 5.0, -110), Walker(4, 9.6, 150)]


class Colours:
    """A model whose descriptor is the mean colour."""

    schema = None

    def __init__(self, digest: str = "m1") -> None:
        self.digest = digest
        self.embedded = 0

    def embed(self, images: Sequence[PersonImage], /) -> Embeddings:
        self.embedded += len(images)
        means = np.array([np.asarray(image.open(), np.float32).mean(axis=(0, 1)) for image in images])
        return Embeddings(
            means.reshape(-1, 3),
            [image.pid for image in images],
            [image.camid for image in images],
            model=self.digest,
        )


@pytest.fixture(scope="module")
def clip() -> Clip:
    return film(WALKERS, seconds=12)


@pytest.fixture(scope="module")
def video(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(clip, tmp_path_factory.mktemp("clip") / "square.mp4")


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "gallery") as gallery:
        yield gallery


def test_people_are_found_and_followed(clip: Clip, video: Path) -> None:
    frames = Video(video).frames(RATE)
    tracks = list(follow(frames, lambda frame: Changes().detect(frame.pixels), ByteTrack(RATE), smallest=48))
    result = judge(tracks, clip.truth)
    assert result.people == 1
    assert result.boxes > 0.8
    assert result.purity > 0.9
    assert result.switches <= 3  # 3 passes 1 and 2, and meanwhile they are one blob


def test_tracks_come_into_the_gallery_with_camera_time_and_place(clip: Clip, video: Path, gallery: Gallery) -> None:
    model, seen = Colours(), []
    done = ingest(video, gallery, model, Changes(), SETTINGS, progress=lambda now, total: seen.append((now, total)))
    assert len(gallery) == done.added == model.embedded == sum(len(person.crops) for person in done.people)
    assert seen[-1] == (60, 60)
    assert all(1 <= len(person.crops) <= 3 for person in done.people)
    for row in gallery.search(np.zeros(3), top=99):
        assert (row.camid, row.pid, row.source) == (3, -1, str(video))
        assert row.seconds is not None
        path, _, fragment = row.path.partition("#")
        facts = dict(part.split("=") for part in fragment.split("&"))
        assert path == str(video)
        assert row.seconds == pytest.approx(1000 + float(facts["t"]))
        assert float(facts["confidence"]) == pytest.approx(0.9)
        left, top, width, height = map(int, facts["xywh"].split(","))
        frame = clip.frames[round(float(facts["t"]) * RATE)]
        cut = frame[top : top + height, left : left + width].mean(axis=(0, 1))
        kept = np.asarray(gallery.picture(row).open(), np.float32)
        around = (kept.shape[0] - height) // 2
        beside = min(around, left)
        shown = kept[around : around + height, beside : beside + width].mean(axis=(0, 1))
        assert np.abs(cut - shown).max() < 4
    numbers = {row.track for row in gallery.search(np.zeros(3), top=99)}
    assert numbers == {person.number for person in done.people}
    assert sheet_of(done.people).width > 400


def test_the_same_again_adds_nothing(video: Path, gallery: Gallery) -> None:
    first = ingest(video, gallery, Colours(), Changes(), SETTINGS)
    looked = Changes()
    again = ingest(video, gallery, Colours(), looked, SETTINGS)
    assert (again.people, again.added, looked.looked) == ((), 0, 0)
    assert "was added before" in again.note
    anew = ingest(video, gallery, Colours(), looked, SETTINGS, again=True)
    assert (anew.added, looked.looked) == (0, 60)
    assert len(gallery) == first.added
    assert len(anew.people) == len(first.people)


class Stopping(Changes):
    """Is killed after some frames."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def detect(self, picture: Pixels) -> People:
        if self.looked == self.after:
            raise KeyboardInterrupt
        return super().detect(picture)


@pytest.mark.parametrize("after", [0, 50])
def test_what_was_stopped_goes_on_and_comes_to_the_same(
    after: int, video: Path, gallery: Gallery, tmp_path: Path
) -> None:
    with Gallery.open(tmp_path / "other") as other:
        whole = ingest(video, other, Colours(), Changes(), SETTINGS)
        expected = {(row.id, row.path, row.track) for row in other.search(np.zeros(3), top=99)}
    with pytest.raises(KeyboardInterrupt):
        ingest(video, gallery, Colours(), Stopping(after), SETTINGS, batch=1)
    before = len(gallery)
    (journal,) = (gallery.folder / "ingest").glob("*.jsonl")
    with journal.open("ab") as file:
        file.write(b'{"boxes": [[1, 2')  # half a line, as a killed process leaves it
    rest, model = Changes(), Colours()
    done = ingest(video, gallery, model, rest, SETTINGS)
    assert rest.looked == 60 - after
    assert model.embedded == done.added == len(expected) - before
    assert {(row.id, row.path, row.track) for row in gallery.search(np.zeros(3), top=99)} == expected
    assert len(done.people) == len(whole.people)
    if after:
        assert before > 0


def test_what_was_deleted_comes_back_only_if_asked_for(video: Path, gallery: Gallery) -> None:
    first = ingest(video, gallery, Colours(), Changes(), SETTINGS)
    assert gallery.delete(sources=str(video)) == first.added
    assert ingest(video, gallery, Colours(), Changes(), SETTINGS).added == 0
    other = Settings(camera=3, start=1000.0, keep=2)
    with pytest.raises(ReseenError, match=r"everything from .* was deleted from"):
        ingest(video, gallery, Colours(), Changes(), other)
    with pytest.warns(ReseenWarning, match="left out"):
        left_out = ingest(video, gallery, Colours(), Changes(), other, source="elsewhere")
    assert left_out.deleted > 0
    assert ingest(video, gallery, Colours(), Changes(), SETTINGS, again=True).added == first.added


def group(path: Path, pids: Sequence[int]) -> Path:
    picture = Image.fromarray(square().copy())
    for place, pid in enumerate(pids):
        picture.paste(draw_person(0, pid, 1, (TALL, BROAD)), (20 + 110 * place, 60))
    picture.save(path)
    return path


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_pictures_of_several_people(
    kind: str, gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = [group(folder / "a.png", [1, 2, 3]), group(folder / "b.png", []), group(folder / "c.png", [4])]
    place = folder
    if kind == "zip":
        place = tmp_path / "pictures.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for name in names:
                archive.write(name, name.name)
    monkeypatch.chdir(tmp_path)
    done = ingest(Path(place.name), gallery, Colours(), Changes(), SETTINGS)
    assert done.added == len(gallery) == 4
    rows = gallery.search(np.zeros(3), top=9)
    assert {(row.camid, row.seconds, row.track, row.source) for row in rows} == {(3, 1000.0, None, str(place))}
    first = [row.path for row in rows if "a.png" in row.path]
    assert all(path.startswith(str(place)) for path in first), "found from every working directory"
    assert sorted(path.split("xywh=")[1].split("&")[0] for path in first) == [
        "130,60,64,128", "20,60,64,128", "240,60,64,128",
    ]  # fmt: skip
    assert sheet_of(done.people).height > 100
    group(folder / "d.png", [5])
    looked = Changes()
    more = ingest(folder, gallery, Colours(), looked, SETTINGS)
    if kind == "folder":
        assert (more.added, looked.looked) == (1, 1)
        assert more.note.startswith("3 pictures were looked at before")


def test_pictures_that_cannot_be_read_are_counted_and_passed_over(gallery: Gallery, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    group(folder / "a.png", [1])
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes()[:200])
    group(folder / "c.png", [4])
    seen: list[int] = []
    done = ingest(folder, gallery, Colours(), Changes(), SETTINGS, progress=lambda now, total: seen.append(now))
    assert (done.added, seen) == (2, [1, 2, 3])
    assert done.note.startswith(f"1 pictures were passed over, such as: cannot decode image {folder / 'b.png'}: ")


def test_pictures_without_people_are_noted_batch_by_batch(gallery: Gallery, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(5):
        picture = square().copy()
        picture[0, 0] = number
        Image.fromarray(picture).save(folder / f"{number}.png")
    with pytest.raises(KeyboardInterrupt):
        ingest(folder, gallery, Colours(), Stopping(4), SETTINGS, batch=2)
    rest = Changes()
    ingest(folder, gallery, Colours(), rest, SETTINGS, batch=2)
    assert rest.looked == 1


def test_mistakes_are_told_before_anything_is_looked_at(video: Path, gallery: Gallery, tmp_path: Path) -> None:
    for name in ("one", "empty", "films"):
        (tmp_path / name).mkdir()
    group(tmp_path / "one" / "a.png", [1])
    ingest(tmp_path / "one", gallery, Colours(), Changes(), SETTINGS)
    looked = Changes()
    (tmp_path / "films" / "a.mp4").touch()
    for place, model, message in [
        (tmp_path / "none.mp4", Colours(), "none.mp4 does not exist; name a video"),
        (tmp_path / "empty", Colours(), "empty has no pictures; name a folder or zip of pictures, or one video"),
        (tmp_path / "films", Colours(), "films has videos but no pictures: add them one by one"),
        (tmp_path / "films" / "a.mp4", Colours(), "cannot read video"),
        (video, Colours("m2"), "descriptors of model m2 do not belong into a gallery of model m1"),
    ]:
        with pytest.raises(ReseenError, match=message):
            ingest(place, gallery, model, looked, SETTINGS)
    assert looked.looked == 0
    assert len(gallery) == 1
    for wrong in ({"rate": 0}, {"keep": 0}, {"smallest": -1}, {"rate": float("nan")}):
        with pytest.raises(ReseenError, match=r"must be above 0, got"):
            Settings(3, **wrong)


def test_two_at_the_same_video_are_kept_apart(video: Path, gallery: Gallery) -> None:
    class Meddling(Changes):
        def detect(self, picture: Pixels) -> People:
            ingest(video, gallery, Colours(), Changes.__new__(Changes), SETTINGS)
            return super().detect(picture)

    with pytest.raises(ReseenError, match="somebody else is adding the same"):
        ingest(video, gallery, Colours(), Meddling(), SETTINGS)


def test_a_damaged_journal_is_told(video: Path, gallery: Gallery) -> None:
    ingest(video, gallery, Colours(), Changes(), SETTINGS)
    (journal,) = (gallery.folder / "ingest").glob("*.jsonl")
    journal.write_text("no json\n")
    with pytest.raises(ReseenError, match=r"jsonl is damaged .*: delete it to begin anew"):
        ingest(video, gallery, Colours(), Changes(), SETTINGS)


def test_a_long_track_keeps_few_candidates() -> None:
    from tests.ingest.test_crops import crop

    track = Track(1)
    for number in range(400):
        track.offer(crop(number / 5, 1 + number % 7, 0.5))
    assert len(track.candidates) <= 24
    assert all(own.quality == 7 for own in track.candidates.values())
    seconds = sorted(own.seconds for own in track.candidates.values())
    assert (seconds[0] < 8) & (seconds[-1] > 72)


def test_crops_are_pictures_of_the_person(video: Path, gallery: Gallery) -> None:
    done = ingest(video, gallery, Colours(), Changes(), SETTINGS)
    for person in done.people:
        for crop in person.crops:
            with Image.open(io.BytesIO(crop.picture)) as picture:
                assert picture.format == "JPEG"
            assert person.first <= crop.seconds <= person.last
