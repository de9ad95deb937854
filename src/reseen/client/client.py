"""What can be asked of a served gallery, one method for each route of its API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from reseen.app.messages import (
    AuditPage,
    Camera,
    Deletion,
    Facets,
    Job,
    Login,
    ModelInfo,
    ModelPicture,
    PersonFound,
    Receipt,
    Rerun,
    Result,
    Retention,
    Row,
    RowList,
    Search,
    SearchList,
    Session,
    Spot,
    Verdict,
    Why,
)
from reseen.client.calling import Caller, Streamed, file_of, reaching, read_as, refusal

Picture = Path | bytes


class Client(Caller):
    """Says everything that the API understands; `Caller` has its arguments.

    Every method raises `ReseenError` if the server refuses, cannot be reached, or answers something else.
    """

    # --- coming in ------------------------------------------------------------------------------------------

    def login(self, name: str, password: str) -> Session:
        """Comes in as a user, until `logout` or until the session is over.

        Raises:
            ReseenError: If the server refuses, or cannot be reached.
        """
        said = Login(name=name, password=password)
        session = self._told(Session, "POST", "/session", json=said.model_dump())
        self._headers = {"X-CSRF-Token": session.csrf}  # the cookie is the HTTP client's to keep
        return session

    def logout(self) -> None:
        """Goes out again."""
        self._sent("DELETE", "/session")
        self._headers = {}

    def who(self) -> Session:
        """Says as whom one has come in."""
        return self._told(Session, "GET", "/session")

    # --- searching --------------------------------------------------------------------------------------------

    def search(
        self,
        *pictures: Picture,
        purpose: str,
        unlike: Sequence[Picture] = (),
        like_rows: Sequence[str] = (),
        like_refs: Sequence[str] = (),
        unlike_rows: Sequence[str] = (),
        unlike_refs: Sequence[str] = (),
        where: str = "",
        cameras: Sequence[int] = (),
        since: float | None = None,
        until: float | None = None,
        rerank: bool = False,
        top: int = 100,
    ) -> Search:
        """Searches by pictures of a person, rows of the gallery, attributes, or all of them.

        Args:
            pictures: Files, or encoded pictures.
            purpose: Why; it is written down beside the result.
            unlike: Pictures of somebody else.
            like_rows: Ids of rows that show the person.
            like_refs: References of pictures that the server knows, such as those that `people` returns.
            unlike_rows: Ids of rows that show somebody else.
            unlike_refs: References of pictures of somebody else.
            where: Required attributes, such as ``upper_color=red and backpack=yes``.
            cameras: Only these.
            since: Only from this second on.
            until: Only up to this second.
            rerank: Order the nearest 200 by k-reciprocal encoding among themselves.
            top: Length of the list.

        Returns:
            The search with its first results; `results` gives them all.

        Raises:
            ReseenError: If the server refuses, or cannot be reached.
        """
        files = [("picture", file_of(each)) for each in pictures] + [("unlike", file_of(each)) for each in unlike]
        data: dict[str, Any] = {
            "purpose": purpose,
            "where": where,
            "rerank": str(rerank),
            "top": str(top),
            "camera": [str(camera) for camera in cameras],
            "like_ref": [*(f"row:{row}" for row in like_rows), *like_refs],
            "unlike_ref": [*(f"row:{row}" for row in unlike_rows), *unlike_refs],
        }
        data |= {name: str(value) for name, value in (("since", since), ("until", until)) if value is not None}
        return self._told(Search, "POST", "/searches", data=data, files=files or None)

    def people(self, picture: Picture) -> tuple[PersonFound, ...]:
        """Finds the people in a picture of several, to search by one of them."""
        return self._told(tuple[PersonFound, ...], "POST", "/people", files=[("picture", file_of(picture))])

    def results(self, search: Search) -> Iterator[Result]:
        """Yields all results of a search, page by page."""
        page = search if search.results and search.results[0].rank == 1 else self.open(search.id)
        yield from page.results
        while page.cursor:
            page = self.open(search.id, page.cursor)
            yield from page.results

    def open(self, search: str, cursor: str = "") -> Search:
        """Opens a search again, as it was."""
        return self._told(Search, "GET", f"/searches/{search}", params={"cursor": cursor})

    def searches(self, cursor: str = "") -> SearchList:
        """Lists searches, newest first."""
        return self._told(SearchList, "GET", "/searches", params={"cursor": cursor})

    def rerun(self, search: str) -> Rerun:
        """Runs a search once more and says what has changed."""
        return self._told(Rerun, "POST", f"/searches/{search}/rerun")

    def say(self, search: str, row: str, correct: bool | None) -> Verdict:
        """Says whether a result is right; None takes it back."""
        verdict = Verdict(row=row, correct=correct)
        return self._told(Verdict, "PUT", f"/searches/{search}/verdict", json=verdict.model_dump())

    def export(self, search: str, kind: Literal["pdf", "png", "csv"]) -> bytes:
        """Returns a search to take along."""
        return self._sent("GET", f"/searches/{search}/export.{kind}").content

    def query_picture(self, search: str, place: int) -> bytes:
        """Returns a picture that was searched by, as JPEG; the first is 0."""
        return self._sent("GET", f"/searches/{search}/queries/{place}/picture").content

    def why(self, one: str, other: str, map_name: str = "") -> Why:
        """Compares two pictures by their references: ``row:ID`` or ``query:SEARCH.PLACE``."""
        return self._told(Why, "GET", "/why", params={"one": one, "other": other, "map": map_name})

    def part(self, one: str, other: str, part: str) -> bytes:
        """Returns the first of two pictures with the places over it that a part of their distance depends on."""
        return self._sent("GET", "/why/part", params={"one": one, "other": other, "part": part}).content

    def map(self, of: str, map_name: str) -> bytes:
        """Returns a picture with one of its maps laid over it, as JPEG."""
        return self._sent("GET", "/why/map", params={"of": of, "map": map_name}).content

    def covered(self, one: str, other: str, by: Literal["map", "chance"] = "map", map_name: str = "") -> bytes:
        """Returns the first of two pictures as it was covered: what a map marks, or the same shape elsewhere."""
        asked = {"one": one, "other": other, "by": by, "map": map_name}
        return self._sent("GET", "/why/covered", params=asked).content

    # --- looking over -----------------------------------------------------------------------------------------

    def facets(
        self,
        where: str = "",
        cameras: Sequence[int] = (),
        *,
        since: float | None = None,
        until: float | None = None,
    ) -> Facets:
        """Returns what can be chosen from, and how many rows each choice would leave."""
        return self._told(Facets, "GET", "/facets", params=_filter(where, cameras, since, until))

    def cameras(self) -> tuple[Camera, ...]:
        """Lists cameras, where they hang, and how many rows each has taken."""
        return self._told(tuple[Camera, ...], "GET", "/cameras")

    def place(self, camera: int, name: str, x: float | None = None, y: float | None = None) -> Camera:
        """Says what a camera is called, and where it hangs on the plan: shares of its width and height."""
        spot = Spot(name=name, x=x, y=y)
        return self._told(Camera, "PUT", f"/cameras/{camera}", json=spot.model_dump())

    def plan(self) -> bytes:
        """Returns the plan that cameras hang on, as JPEG."""
        return self._sent("GET", "/plan").content

    def draw_plan(self, picture: Picture) -> None:
        """Gives the plan that cameras hang on."""
        self._sent("PUT", "/plan", files=[("picture", file_of(picture))])

    def take_plan_away(self) -> None:
        """Takes the plan away; names and places of cameras stay."""
        self._sent("DELETE", "/plan")

    def rows(
        self,
        where: str = "",
        cameras: Sequence[int] = (),
        cursor: str = "",
        *,
        since: float | None = None,
        until: float | None = None,
        purpose: str = "",
    ) -> RowList:
        """Lists rows, newest first; whoever gives a filter has to say for what purpose."""
        asked = _filter(where, cameras, since, until) | {"purpose": purpose, "cursor": cursor}
        return self._told(RowList, "GET", "/rows", params=asked)

    def row(self, row: str) -> Row:
        """Returns what is known of a row."""
        return self._told(Row, "GET", f"/rows/{row}")

    def picture(self, row: str) -> bytes:
        """Returns a row's picture as JPEG."""
        return self._sent("GET", f"/rows/{row}/picture").content

    def appearances(self, row: str) -> RowList:
        """Lists where a person was seen, in order of time."""
        return self._told(RowList, "GET", f"/rows/{row}/appearances")

    def model(self) -> ModelInfo:
        """Returns the model's card, and what it reached when it was evaluated."""
        return self._told(ModelInfo, "GET", "/model")

    def model_picture(self, name: ModelPicture) -> bytes:
        """Returns one of the pictures that `model` names, as PNG."""
        return self._sent("GET", f"/model/{name}").content

    def turn_sensitive(self, on: bool) -> ModelInfo:
        """Turns apparent gender and age on or off, for everybody."""
        return self._told(ModelInfo, "PUT", "/model/sensitive", json={"on": on})

    # --- what is kept -----------------------------------------------------------------------------------------

    def add(
        self,
        *files: Path,
        camera: int | None = None,
        seconds: float | None = None,
        source: str = "",
        again: bool = False,
    ) -> Job:
        """Sends pictures, zips of them, or videos with their camera, to be added in the background.

        Args:
            files: What to add.
            camera: Which has taken them.
            seconds: When they were taken, or a video begins.
            source: Where they come from, to delete them by.
            again: Whether to add also what was deleted from this gallery before.
        """
        data = {"source": source, "again": str(again)}
        data |= {name: str(value) for name, value in (("camera", camera), ("seconds", seconds)) if value is not None}
        contents = [("file", (each.name, Streamed(each))) for each in files]
        return self._told(Job, "POST", "/jobs", data=data, files=contents)

    def job(self, job: str) -> Job:
        """Says how a job is going."""
        return self._told(Job, "GET", f"/jobs/{job}")

    def follow(self, job: str) -> Iterator[Job]:
        """Yields how a job is going, each time it has moved, until it is over."""
        with reaching(), self._http.stream("GET", f"/api/jobs/{job}/events", headers=self._headers) as answer:
            if not answer.is_success:
                answer.read()
                raise refusal(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield read_as(Job, line.removeprefix("data: "))

    def jobs(self) -> tuple[Job, ...]:
        """Lists jobs, newest first."""
        return self._told(tuple[Job, ...], "GET", "/jobs")

    def cancel(self, job: str) -> Job:
        """Stops a job; what it has added stays."""
        return self._told(Job, "POST", f"/jobs/{job}/cancel")

    def count(self, wanted: Deletion) -> int:
        """Says how many rows `delete` would take away."""
        return self._told(int, "POST", "/deletions/count", json=wanted.model_dump(exclude_none=True))

    def delete(self, wanted: Deletion) -> Receipt:
        """Deletes rows for good."""
        return self._told(Receipt, "POST", "/deletions", json=wanted.model_dump(exclude_none=True))

    def retention(self) -> Retention:
        """Says after how many days rows are to be deleted."""
        return self._told(Retention, "GET", "/retention")

    def keep_for(self, days: float) -> Retention:
        """Sets after how many days rows are to be deleted."""
        return self._told(Retention, "PUT", "/retention", json={"days": days})

    def count_expired(self) -> int:
        """Says how many rows `expire` would take away."""
        return self._told(int, "GET", "/retention/count")

    def expire(self, days: float) -> Receipt:
        """Deletes what is older than the retention, which has to be named."""
        return self._told(Receipt, "POST", "/retention/apply", json={"days": days})

    def feedback(self) -> bytes:
        """Returns what people said of results as pairs, one JSON object a line."""
        return self._sent("GET", "/feedback").content

    def feedback_pictures(self) -> bytes:
        """Returns the pictures of whoever was found right, by person, as a zip that `reseen train` reads."""
        return self._sent("GET", "/feedback/pictures").content

    def audit(self, before: int = 0) -> AuditPage:
        """Returns the audit trail, newest first, and whether its chain holds."""
        return self._told(AuditPage, "GET", "/audit", params={"before": before})


def _filter(
    where: str, cameras: Sequence[int], since: float | None, until: float | None
) -> dict[str, str | float | list[int]]:
    times = {name: value for name, value in (("since", since), ("until", until)) if value is not None}
    return {"where": where, "camera": list(cameras), **times}
