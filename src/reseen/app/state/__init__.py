"""What the application itself keeps, beside the gallery: searches, feedback, jobs, cameras, users, audit trail."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from reseen.app.state.audit import Audit
from reseen.app.state.cameras import CameraStore
from reseen.app.state.database import Database
from reseen.app.state.deletions import Deletions
from reseen.app.state.feedback import FeedbackStore
from reseen.app.state.jobs import JobStore
from reseen.app.state.searches import SearchStore
from reseen.app.state.switches import Switches
from reseen.app.state.users import UserStore

__all__ = ["State"]


class State:
    """One SQLite file, ``state.db``, in a folder that no other account can read.

    Attributes:
        folder: The folder.
        audit: Who did what.
        cameras: What cameras are called, and where they hang.
        deletions: What is being deleted.
        feedback: Which results were right.
        jobs: Pictures that are being added.
        searches: Searches as records.
        switches: What operators have turned on.
        users: Who may come in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = Database(folder / "state.db")
        self.audit = Audit(self._database)
        self.cameras = CameraStore(self._database)
        self.deletions = Deletions(folder / "deletions")
        self.feedback = FeedbackStore(self._database)
        self.jobs = JobStore(self._database)
        self.searches = SearchStore(self._database)
        self.switches = Switches(self._database)
        self.users = UserStore(self._database)

    def change(self) -> AbstractContextManager[object]:
        """Lets what is written within be written wholly or not at all, and the disk be waited for once."""
        return self._database.change()

    def forget(self) -> None:
        """Leaves nothing of what was deleted in the files.

        Raises:
            ReseenError: If another process keeps them to itself.
        """
        self._database.forget()

    def close(self) -> None:
        self._database.close()
