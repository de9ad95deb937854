"""What `reseen serve` is told, and how much a visitor may ask of it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_LOCAL = ("127.0.0.1", "localhost", "::1")


class Limits(BaseModel):
    """How much one request may bring.

    Attributes:
        pictures: Pictures in one search, those of somebody else counted too.
        picture_bytes: Bytes of one picture.
        picture_pixels: Pixels of one picture.
        decode_seconds: Time in which a picture has to be decoded.
        job_bytes: Bytes of everything that is added at once.
        job_files: Files that a page sends at once, zips counted as one.
        job_pictures: Pictures that are added at once.
        results: Longest list that a search keeps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: int = Field(8, ge=1)
    picture_bytes: int = Field(16 << 20, ge=1)
    picture_pixels: int = Field(24_000_000, ge=1)
    decode_seconds: float = Field(5.0, gt=0)
    job_bytes: int = Field(2 << 30, ge=1)
    job_files: int = Field(5000, ge=1)
    job_pictures: int = Field(50_000, ge=1)
    results: int = Field(1000, ge=1)


class Settings(BaseModel):
    """Where the gallery and its model lie, and where the application listens.

    Attributes:
        gallery: The gallery's folder.
        checkpoint: The folder of the model that made it.
        device: Where the model runs.
        host: Address to listen at; anything but this machine's own needs users or a token.
        port: Port to listen at.
        public_host: Name, with its port if it has one, that browsers call a proxy before it by; empty: there is none.
        token_file: A file with the token that opens the application to whoever knows it.
        detector: What finds the people in pictures of several, as for `reseen ingest`; empty: nothing does.
        session_hours: How long a login lasts.
        limits: How much one request may bring.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gallery: Path
    checkpoint: Path
    device: str = "auto"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65_535)
    public_host: str = ""
    token_file: Path | None = None
    detector: str = ""
    session_hours: float = Field(12.0, gt=0)
    limits: Limits = Limits()

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in _LOCAL and not self.public_host

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names by which browsers may call it; empty: any. Another one is a web page's trick (DNS rebinding)."""
        if self.host not in _LOCAL:
            return ()
        return (*_LOCAL, self.public_host.partition(":")[0]) if self.public_host else _LOCAL


def state_folder(gallery: Path) -> Path:
    """Returns the folder beside a gallery that has searches, jobs, users and the audit trail.

    It is the same however the gallery is named: by ``.``, through a link, or outright.
    """
    gallery = gallery.resolve()
    return gallery.with_name(f"{gallery.name}.app")
