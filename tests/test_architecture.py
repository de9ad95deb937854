"""What holds for the repository as a whole."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

import reseen
from reseen.checkpoint_files import IN_BOX, MODEL_FILE
from reseen.extras import EXTRAS

REPOSITORY = Path(__file__).resolve().parents[1]
MODULES = sorted((REPOSITORY / "src" / "reseen").rglob("*.py"))
TOOLS = {
    *("mypy", "pre-commit", "ruff", "types-pyyaml", "pytest-xdist"),
    *("axe-playwright-python", "hypothesis", "mkdocs-material", "schemathesis"),
}
"""Development tools without a lowest version: of lint, types and documentation, and of the application's tests."""
LONGEST_FILE = 400
LARGEST_FILE = 2_000_000
OWN_WEIGHTS = [f"src/reseen/box/{name}/{MODEL_FILE}" for name in IN_BOX]
"""What this repository's own recipes have trained, to come with the package."""
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
PICTURE_FOLDERS = ("docs/assets/", "results/", "src/reseen/app/static/", "src/reseen/box/")
WEIGHTS_AND_DATA = {".mat", ".npz", ".npy", ".safetensors", ".pt", ".pth", ".ckpt", ".onnx", ".bin", ".zip", ".h5"}

# Spelt with a class in the middle, so that the patterns do not match themselves.
MACHINE_SPECIFIC = {
    "a registry's address": re.compile(
        r"[p]ypi\.(org|python)|python[h]osted|registry\.[n]pmjs|-index-[u]rl|find-[l]inks"
    ),
    "an absolute path of one machine": re.compile(r"(?<![\w.~<$}])/([r]oot|[h]ome/\w+|[U]sers/\w+|[w]ork)/[\w.]"),
}


def tracked_files() -> list[Path]:
    """Returns what git tracks or would track: everything that is there and not ignored."""
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    files = (REPOSITORY / name for name in listed.split("\0") if name)
    return [file for file in files if file.is_file()]


def relative(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


def package_of(requirement: str) -> str:
    """Returns the name in a requirement such as ``types-PyYAML>=6.0.12``."""
    return re.split(r"[<>=\[ ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    assert docstring, f"{relative(path)} has no docstring"
    assert docstring.splitlines()[0].endswith((".", ":")), "the first line is a sentence"


def test_public_names_exist() -> None:
    assert list(reseen.__all__) == sorted(set(reseen.__all__))
    missing = [name for name in reseen.__all__ if not hasattr(reseen, name)]
    assert not missing
    assert len(reseen.__all__) <= 15, "the public face is a dozen names"


def test_import_is_quiet_and_light() -> None:
    """`import reseen` prints nothing and leaves the training loop and plots unloaded."""
    program = "import sys, reseen; print([m for m in ('lightning', 'matplotlib.pyplot') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_version_is_the_packages() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert reseen.__version__ == project["version"]
    assert f"version: {project['version']}" in (REPOSITORY / "CITATION.cff").read_text()


def test_every_dependency_is_pinned() -> None:
    """Only what torch pins by itself may be missing from the constraints, and they hold no addresses."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    lines = [line for line in (REPOSITORY / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.]+", line) for line in lines)
    pinned = {line.partition("==")[0] for line in lines}
    names = set(map(package_of, wanted))
    assert names <= pinned


def test_the_lowest_versions_are_those_that_are_asked_for() -> None:
    """`make test-lowest` tests what pyproject.toml promises."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(each for extra in EXTRAS for each in extras[extra]), *extras["dev"]]
    promised = {package_of(each): each.partition(">=")[2].partition(",")[0] for each in needed}
    lines = (REPOSITORY / "constraints-lowest.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert promised.keys() - tested.keys() <= TOOLS
    for package, lowest in tested.items():
        assert Version(lowest) == Version(promised[package]), package


def test_extras_are_those_of_the_package() -> None:
    """Lists that the program tells of are those that pip installs, and nothing in them is installed anyway."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    listed = {extra: [package_of(each) for each in project["optional-dependencies"][extra]] for extra in EXTRAS}
    assert {extra: list(packages) for extra, packages in EXTRAS.items()} == listed
    assert not {package for packages in EXTRAS.values() for package in packages} & set(
        map(package_of, project["dependencies"])
    )


def test_no_file_is_too_long() -> None:
    code = [file for file in tracked_files() if file.suffix == ".py"]
    lengths = {relative(file): len(file.read_text(encoding="utf-8").splitlines()) for file in code}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_data_or_weights_are_tracked() -> None:
    files = tracked_files()
    files = [file for file in files if relative(file) not in OWN_WEIGHTS]
    assert [relative(file) for file in files if file.suffix in WEIGHTS_AND_DATA] == []
    elsewhere = [relative(file) for file in files if file.suffix.lower() in PICTURES]
    assert [name for name in elsewhere if not name.startswith(PICTURE_FOLDERS)] == []
    assert [relative(file) for file in files if file.stat().st_size > LARGEST_FILE] == []


@pytest.mark.parametrize("what", MACHINE_SPECIFIC)
def test_nothing_is_tied_to_one_machine(what: str) -> None:
    found = []
    for file in tracked_files():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if match := MACHINE_SPECIFIC[what].search(text):
            found.append(f"{relative(file)}: {match[0]}")
    assert found == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("--extra-index" + "-url x", "a registry's address"),
        ("https://" + "py" + "pi.org/simple", "a registry's address"),
        ("open('/" + "root/data')", "an absolute path of one machine"),
        ("cd /" + "work/main", "an absolute path of one machine"),
        ("/" + "home/ann/x", "an absolute path of one machine"),
    ],
)
def test_machine_specific_text_is_recognised(text: str, what: str) -> None:
    assert MACHINE_SPECIFIC[what].search(text)


@pytest.mark.parametrize("text", ["PyPI", "path/to/home/of", "~/home/x", "https://host/home/page", "a framework/home"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert not any(pattern.search(text) for pattern in MACHINE_SPECIFIC.values())
