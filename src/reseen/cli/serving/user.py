"""The commands on the application's users: `reseen user add`, `list`, `remove`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.gallery.common import GalleryFolder
from reseen.console import out
from reseen.errors import ReseenError
from reseen.extras import need

if TYPE_CHECKING:
    from reseen.app.state import State

app = typer.Typer(no_args_is_help=True, help="Who may use the application.")

NameArgument = Annotated[str, typer.Argument(help="The user's name.")]


class Role(StrEnum):
    """What a user may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@contextmanager
def opened(gallery: Path) -> Iterator[State]:
    """Opens what the application keeps beside a gallery."""
    need("app")
    from reseen.app.settings import state_folder
    from reseen.app.state import State

    state = State(state_folder(gallery))
    try:
        yield state
    finally:
        state.close()


@app.command("add")
def add(
    gallery: GalleryFolder,
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="A viewer searches; an operator also adds and deletes.")] = Role.VIEWER,
    camera: Annotated[list[int] | None, typer.Option(help="May see only this camera; may be repeated.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="Read the password here instead of asking.")] = None,
) -> None:
    """Add somebody, or change their password, role and cameras. They are logged out then.

    Example: [bold]reseen user add hall ann --role operator[/]
    """
    password = _password(password_file)
    with opened(gallery) as state:
        state.users.add(name, password, role.value, camera)
        state.audit.add("command line", "user", name=name, role=role.value, cameras=camera)
        out.print(f"{name} may come in as {role.value}", highlight=False)


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReseenError(f"cannot read the password in {file}: {error}") from error


@app.command("list")
def show(gallery: GalleryFolder) -> None:
    """List who may use the application.

    Example: [bold]reseen user list hall[/]
    """
    with opened(gallery) as state:
        for user in state.users.all():
            cameras = "all cameras" if user.cameras is None else f"cameras {', '.join(map(str, sorted(user.cameras)))}"
            out.print(f"{user.name}  {user.role}  {cameras}", highlight=False, markup=False)


@app.command("remove")
def remove(
    gallery: GalleryFolder,
    name: NameArgument,
    last: Annotated[
        bool, typer.Option("--last", help="Also the last one: everybody on this machine then comes in as operator.")
    ] = False,
) -> None:
    """Let somebody in no more.

    Example: [bold]reseen user remove hall ann[/]
    """
    with opened(gallery) as state:
        state.users.remove(name, last=last)
        state.audit.add("command line", "user removed", name=name)
        out.print(f"{name} may not come in any more", highlight=False)
