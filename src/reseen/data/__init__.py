"""What a person image is, and the data sets it comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from reseen.data.images.source import open_folder
from reseen.data.person import Split
from reseen.data.sets import cuhk01, cuhk03, dukemtmc, market1501, peta, rendered, table, viper
from reseen.errors import ReseenError, nearest

DATASETS: Mapping[str, ModuleType] = {
    "rendered": rendered,  # before the one whose layout it has
    "market1501": market1501,
    "dukemtmc": dukemtmc,
    "cuhk03": cuhk03,
    "cuhk01": cuhk01,
    "viper": viper,
    "peta": peta,
    "table": table,
}
"""Module by the data set's key. Each has ``TERMS``, ``load(root, *, options)`` and ``recognise(folder)``.

If one of the options is ``fold``, it has ``folds()`` too, which tells how many there are; its arguments are the options
that decide it.
"""


def open_split(name: str, root: Path | str, **options: Any) -> Split:
    """Reads a data set.

    Args:
        name: A key of `DATASETS`.
        root: The data set's folder or zip.
        options: Options of that data set's ``load``, such as ``fold``.

    Raises:
        ReseenError: If there is no such data set or option, the option cannot have this value, or the data set cannot
            be read.

    Example:
        >>> split = open_split("market1501", "data/Market-1501-v15.09.15")  # doctest: +SKIP
        >>> len(split.train)  # doctest: +SKIP
        12936
    """
    return loader(name)(Path(root), **checked_options(name, options))


def checked_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options as a data set's ``load`` takes them: a path for a text that names one, and so on.

    Raises:
        ReseenError: If there is no such data set or option, or it cannot have this value.
    """
    types, known = get_type_hints(loader(name)), loader_options(name)
    checked = {}
    for option, value in options.items():
        if option not in known:
            listed = ", ".join(known) or "none"
            raise ReseenError(f"{name} has no option {option!r}{nearest(option, known)}; its options: {listed}")
        try:
            checked[option] = TypeAdapter(types[option]).validate_python(value)
        except ValidationError as error:
            raise ReseenError(f"{name}: option {option} is {value!r}: {error.errors()[0]['msg']}") from error
    return checked


def loader(name: str) -> Callable[..., Split]:
    """Returns a data set's ``load``.

    Raises:
        ReseenError: If there is no such data set; names the nearest.
    """
    if name not in DATASETS:
        raise ReseenError(f"unknown data set {name!r}{nearest(name, DATASETS)}; there are: {', '.join(DATASETS)}")
    load: Callable[..., Split] = DATASETS[name].load
    return load


def loader_options(name: str) -> tuple[str, ...]:
    """Returns the names of the options that a data set's ``load`` takes."""
    return tuple(option for option in inspect.signature(loader(name)).parameters if option != "root")


def true_key(name: str, root: Path | str) -> str:
    """Returns the key that belongs to what lies in a folder or zip, which may be read by another's.

    Rendered persons are read as Market-1501 by whoever asks for that. They are none of it: whoever learnt from them has
    seen nobody of Market-1501, and its terms do not hold for them.

    Args:
        name: The key it is to be read by.
        root: The folder or zip.
    """
    taken = name == "market1501" and rendered.recognise(open_folder(Path(root)))
    return "rendered" if taken else name


def recognise(root: Path | str) -> str:
    """Returns the key of the data set in a folder or zip; ``table`` for any other images.

    Raises:
        ReseenError: If it holds no images at all.
    """
    path = Path(root)
    if path.suffix.lower() in table.TABLE_SUFFIXES:
        return "table"
    folder = open_folder(path)
    for name, module in DATASETS.items():
        if module.recognise(folder):
            return name
    raise ReseenError(
        f"no data set and no images (.jpg, .png, .webp, …) in {root}; name the folder or zip that has them"
    )
