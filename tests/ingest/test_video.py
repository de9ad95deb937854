"""Frames come with their times, evenly spread, and damaged files are told of."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from reseen import ReseenError
from reseen.errors import ReseenWarning
from reseen.ingest.video import Video, is_video


def shades(path: Path, times: list[int], codec: str = "mpeg4") -> Path:
    """Writes a video whose frames, at these hundredths of a second, get brighter by 20 each."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=100)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "rgb24" if codec == "png" else "yuv420p"
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, np.uint8), format="rgb24")
            frame.pts = time
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_frames_have_the_time_they_are_shown_at(tmp_path: Path) -> None:
    """The rate of this one changes: a count of frames would say 0.01 seconds each."""
    video = Video(shades(tmp_path / "clip.mkv", [100, 110, 120, 150, 250, 260]))
    frames = list(video.frames(rate=10))
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.5, 1.5, 1.6], abs=2e-3)
    assert [frame.pixels.mean() for frame in frames] == pytest.approx([0, 20, 40, 60, 80, 100], abs=4)
    assert frames[0].pixels.shape == (48, 64, 3)


def test_no_more_frames_a_second_than_wanted(tmp_path: Path) -> None:
    video = Video(shades(tmp_path / "clip.mp4", list(range(0, 100, 10))))
    assert video.seconds == pytest.approx(1.0, abs=0.1)
    assert [frame.seconds for frame in video.frames(rate=5)] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert [frame.seconds for frame in video.frames(rate=4)] == pytest.approx([0, 0.3, 0.5, 0.8])


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(ReseenError, match=r"cannot read video .*text\.mp4"):
        Video(tmp_path / "text.mp4")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(ReseenError, match="has no pictures, only audio; name a video"):
        Video(tmp_path / "sound.mp4")
    assert is_video(Path("A.MP4"))
    assert not is_video(Path("a.jpg"))


def test_a_video_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    whole = shades(tmp_path / "clip.avi", list(range(0, 120, 10)))
    data = bytearray(whole.read_bytes())
    (tmp_path / "short.avi").write_bytes(data[: len(data) * 2 // 3])
    frames = list(Video(tmp_path / "short.avi").frames(rate=10))
    assert 3 < len(frames) < 12


def test_without_one_frame_it_is_no_video(tmp_path: Path) -> None:
    whole = shades(tmp_path / "clip.mkv", [0, 10, 20], codec="ffv1").read_bytes()
    start = whole.find(b"\x1f\x43\xb6\x75")  # Matroska's first cluster: all frames are behind it
    (tmp_path / "head.mkv").write_bytes(whole[:start])
    with pytest.raises(ReseenError, match=r"cannot read video|no frame that can be decoded"):
        list(Video(tmp_path / "head.mkv").frames(rate=5))


def test_damaged_frames_are_counted(tmp_path: Path) -> None:
    data = bytearray(shades(tmp_path / "clip.mov", list(range(0, 120, 10)), codec="png").read_bytes())
    header = data.find(b"IHDR", data.find(b"IHDR", data.find(b"IHDR") + 1) + 1)  # the third frame's
    data[header : header + 4] = b"????"
    (tmp_path / "hurt.mov").write_bytes(data)
    with pytest.warns(ReseenWarning, match="1 frames are damaged"):
        frames = list(Video(tmp_path / "hurt.mov").frames(rate=10))
    assert len(frames) == 11
