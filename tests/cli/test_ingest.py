"""`reseen ingest`, from a video to a gallery that is searched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen import Gallery, ReseenError
from reseen.cli.ingest import seconds_of
from tests.cli.calls import run, run_whole
from tests.cli.test_gallery import save_model
from tests.ingest.clips import Changes, Clip, square, write
from tests.ingest.test_ingest import group


def test_a_video_without_people_makes_an_empty_gallery_and_is_not_looked_at_again(tmp_path: Path) -> None:
    video = write(Clip([square()] * 2), tmp_path / "night.mp4")
    model, hall = save_model(tmp_path / "last", 0), tmp_path / "hall"
    arguments = [
        "ingest",
        video,
        "--gallery",
        hall,
        "--checkpoint",
        model,
        "--camera",
        2,
        "--sheet",
        tmp_path / "s.png",
    ]
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    assert "0 people, 0 crops, 0 of them new" in result.stdout
    assert not (tmp_path / "s.png").exists()
    with Gallery.open(hall) as gallery:
        assert len(gallery) == 0
    again = run(*arguments)
    assert again.exit_code == 0
    assert "was added before" in again.stderr


@pytest.mark.long
def test_an_exported_graph_is_a_model_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nncf", reason="the extra export is tested with its current versions alone")
    from reseen.export import export

    monkeypatch.setattr("reseen.ingest.open_detector", lambda wanted: Changes())
    export(save_model(tmp_path / "last", 0), tmp_path / "graph", "onnx")
    (tmp_path / "pictures").mkdir()
    group(tmp_path / "pictures" / "a.png", [1, 2])
    call = ("--gallery", tmp_path / "hall", "--checkpoint", tmp_path / "graph", "--camera", 2)
    result = run("ingest", tmp_path / "pictures", *call)
    assert "2 people, 2 crops, 2 of them new" in result.stdout, f"{result.output}\n{result.exception!r}"


def test_the_contact_sheet_is_deleted_with_the_first_whom_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reseen.ingest.open_detector", lambda wanted: Changes())
    hall, sheet = tmp_path / "hall", tmp_path / "sheet.png"
    (tmp_path / "pictures").mkdir()
    group(tmp_path / "pictures" / "a.png", [1, 2])
    model = save_model(tmp_path / "last", 0)
    call = ("--gallery", hall, "--checkpoint", model, "--camera", 2, "--sheet", sheet)
    result = run("ingest", tmp_path / "pictures", *call)
    assert "2 people, 2 crops, 2 of them new" in result.stdout, result.output
    assert sheet.exists()
    with Gallery.open(hall) as gallery:
        first = gallery.search(where="", features=np.zeros(gallery.layout.searched_width), top=1)[0]
        assert gallery.delete(paths=first.path) == 1
    assert not sheet.exists()


def test_times_of_day() -> None:
    assert seconds_of("1777624200") == 1777624200
    assert seconds_of("2026-05-01T08:30:00+00:00") == 1777624200
    assert seconds_of("2026-05-01T08:30:00") == datetime(2026, 5, 1, 8, 30).timestamp()
    for wrong in ("half past eight", "nan", "inf"):
        with pytest.raises(ReseenError, match=f"--start {wrong}: write 2026-05-01T08:30:00, or seconds"):
            seconds_of(wrong)


def test_mistakes_end_in_one_line(tmp_path: Path) -> None:
    model = save_model(tmp_path / "last", 0)
    picture = tmp_path / "pictures" / "a.png"
    picture.parent.mkdir()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(picture)
    fake = tmp_path / "fake.mp4"
    fake.write_bytes(b"no video" * 99)
    common = ["--gallery", tmp_path / "hall", "--checkpoint", model, "--camera", 1]
    for arguments, message in [
        (["no.mp4", *common], "no.mp4 does not exist; name a video, a folder of pictures or a zip"),
        ([picture.parent, *common, "--start", "noon"], "--start noon: write 2026-05-01T08:30:00"),
        ([picture.parent, *common, "--detector", "yolo"], "yolo is no detector; give hog"),
        ([picture.parent, *common, "--fps", "0"], "rate must be above 0"),
        ([fake, *common], f"cannot read video {fake}: Invalid data found when processing input; name a video"),
    ]:
        result = run("ingest", *arguments)
        assert result.exit_code == 2 or isinstance(result.exception, ReseenError), result.output
        assert message in " ".join(f"{result.output} {result.exception}".split())
    assert not (tmp_path / "hall").exists()
    whole = run_whole("ingest", picture.parent, *common, "--detector", "no.onnx")
    assert whole.returncode == 2
    assert whole.stderr.startswith("error: there is no detector no.onnx; give hog")
    assert whole.stderr.count("\n") == 1
