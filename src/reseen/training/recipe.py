"""A recipe: data set + system + phases + evaluation, as one validated YAML file."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from reseen import models
from reseen.data import loader_options
from reseen.data.images.size import Size
from reseen.data.images.transforms import Augmentation
from reseen.data.rendered import RenderConfig
from reseen.errors import ReseenError
from reseen.losses.objective import ObjectiveConfig
from reseen.training.recipe_files import find_recipe

Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=100)]
"""Name of a recipe or phase: folders are called so, and must not lead out of the run's."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SourceSection(_Section):
    """Where images come from.

    Attributes:
        name: A data set's key (``market1501``, …).
        root: Its folder or zip; ``--data`` on the command line or ``$RESEEN_DATA`` where it is empty.
        options: Options of the data set's loader, such as ``fold``.
        render: What is rendered, where the data set is ``rendered`` and there is no root.
    """

    name: str
    root: Path | None = None
    options: dict[str, Any] = {}
    render: RenderConfig | None = None

    @model_validator(mode="after")
    def _data_set_is_known(self) -> Self:
        try:
            known = loader_options(self.name)
        except ReseenError as error:
            raise ValueError(str(error)) from error
        for option in self.options:
            if option not in known:
                raise ValueError(f"{self.name} has no option {option!r}; its options: {', '.join(known) or 'none'}")
        return self

    @model_validator(mode="after")
    def _only_rendered_is_rendered(self) -> Self:
        if self.render is not None and self.name != "rendered":
            raise ValueError(f"render goes with name: rendered, not {self.name}")
        return self


class DataSection(SourceSection):
    """The data set, and how large its images are.

    Attributes:
        extra: Sources whose training images are added; queries, gallery and attributes stay the data set's own.
        size: (H, W) of the network's input.
        max_corrupt: Undecodable images that may be skipped.
        on_device: Keep all decoded training images on the accelerator.
        attention: Attributes the attention map uses, instead of the data set's own choice.
    """

    extra: tuple[SourceSection, ...] = ()
    size: Size = (384, 128)
    max_corrupt: int = Field(0, ge=0)
    on_device: bool = True
    attention: tuple[str, ...] | None = None


class RandomSampling(_Section):
    """Shuffled images."""

    kind: Literal["random"] = "random"
    batch_size: int = Field(32, ge=2)


class IdentitySampling(_Section):
    """P persons × K images."""

    kind: Literal["identities"]
    persons: int = Field(16, ge=2)
    images_per_person: int = Field(4, ge=2)


class TripletSampling(_Section):
    """Anchor, positive, negative."""

    kind: Literal["triplets"]
    triplets: int = Field(40, ge=1)


Sampling = Annotated[RandomSampling | IdentitySampling | TripletSampling, Field(discriminator="kind")]


class OptimizerSection(_Section):
    """The optimiser; ``backbone_lr`` is the backbone's own learning rate where it differs."""

    name: Literal["sgd", "adam", "adamw"] = "sgd"
    lr: float = Field(0.1, gt=0)
    backbone_lr: float | None = Field(None, gt=0)
    weight_decay: float = Field(5e-4, ge=0)
    momentum: float = Field(0.9, ge=0, lt=1)


class ScheduleSection(_Section):
    """Factor on the learning rate over a phase.

    Attributes:
        name: ``constant``; ``step``: × gamma at each milestone (epochs); ``exponential``: from ``start``
            (epochs) down to ``final`` at the end; ``cosine``: from 1 at ``start`` to ``final`` at the end.
        warmup: Epochs of linear warm-up from ``warmup_from``.
    """

    name: Literal["constant", "step", "exponential", "cosine"] = "constant"
    milestones: tuple[float, ...] = ()
    gamma: float = Field(0.1, gt=0)
    start: float = Field(0.0, ge=0)
    final: float = Field(0.001, ge=0)
    warmup: float = Field(0.0, ge=0)
    warmup_from: float = Field(0.1, ge=0, le=1)

    @model_validator(mode="after")
    def _milestones_rise(self) -> Self:
        if list(self.milestones) != sorted(set(self.milestones)) or any(each <= 0 for each in self.milestones):
            raise ValueError(f"milestones are epochs in rising order, not {list(self.milestones)}")
        return self


class PhaseSection(_Section):
    """One stretch of training with its own objective, optimiser, sampler and input size."""

    name: Name = "main"
    epochs: int = Field(ge=1)
    size: Size | None = None
    sampler: Sampling = RandomSampling()
    objective: ObjectiveConfig = ObjectiveConfig()
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    augmentation: Augmentation = Augmentation()
    frozen: tuple[str, ...] = ()
    gradient_clip: float | None = Field(None, gt=0)


class EvaluationSection(_Section):
    """When and how the test set is ranked.

    Attributes:
        every: Evaluate after every n epochs; 0 = only at the end. The best of these is kept as ``best``.
        batch_size: Images a forward pass.
        flip: Average descriptors with the mirror image's.
        normalize: Scale descriptors to length 1.
        average_precision: Form of AP.
        reranking: Also report figures after k-reciprocal re-ranking.
    """

    every: int = Field(0, ge=0)
    batch_size: int = Field(128, ge=1)
    flip: bool = True
    normalize: bool = False
    average_precision: Literal["hits", "trapezoid"] = "hits"
    reranking: bool = False


class Recipe(_Section):
    """The whole recipe.

    Attributes:
        name: Also the run folder's name.
        data: The data set.
        model: The system's configuration; ``system`` names it. The number of identities and the attribute
            schema follow from the data.
        weights: The backbone's: ``hub`` (timm's own download), a file, a checkpoint's folder, or null (random).
        seed: Seed of everything random.
        precision: Lightning's name of the number format; ``auto`` is bf16-mixed where the device computes in it
            itself, else 32-true.
        phases: Run one after the other.
        evaluation: When and how to evaluate.
    """

    name: Name
    data: DataSection
    model: dict[str, Any]
    weights: str | None = "hub"
    seed: int = Field(0, ge=0, lt=2**32)
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    phases: tuple[PhaseSection, ...] = Field(min_length=1)
    evaluation: EvaluationSection = EvaluationSection()

    @model_validator(mode="after")
    def _model_is_known(self) -> Recipe:
        models.config_of(self.model)
        return self


def load_recipe(path: str | Path, overrides: list[str] | None = None) -> Recipe:
    """Reads a recipe and applies ``key=value`` overrides.

    Args:
        path: A file, or the name of a recipe that comes with reseen.
        overrides: Such as ``phases.0.epochs=2``; values are YAML.

    Raises:
        ReseenError: If the file is missing or not YAML, or a key or value is wrong; names the nearest key.
    """
    path = find_recipe(Path(path))
    content = _read(path)
    for override in overrides or []:
        _override(content, override)
    return recipe_from(content, str(path))


def recipe_from(content: dict[str, Any], source: str) -> Recipe:
    """Validates a recipe's content.

    Raises:
        ReseenError: If keys or values are wrong; all are told at once.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        errors = error.errors()
        # A misspelt key is also a missing one: the misspelling is what to tell of.
        misspelt = any(each["type"] == "extra_forbidden" for each in errors)
        problems = [_said(each) for each in errors if not (misspelt and each["type"] == "missing")]
        raise ReseenError(f"recipe {source}: {'; '.join(problems)}") from error


def _said(error: ErrorDetails) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"unknown key {where!r}{_nearest(str(error['loc'][-1]))}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def dump_recipe(recipe: Recipe) -> str:
    """Returns the recipe as YAML with every default written out."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)


def check_unchanged(recipe: Recipe, stored: Path) -> None:
    """Checks that a run is resumed with the recipe it was started with.

    Where data and weights lie, and how the result is evaluated, may differ.

    Args:
        recipe: The recipe now.
        stored: The run's ``recipe.yaml``.

    Raises:
        ReseenError: If anything else differs; names the first key.
    """
    before, now = load_recipe(stored).model_dump(mode="json"), recipe.model_dump(mode="json")
    for content in (before, now):
        del content["weights"], content["evaluation"]
        for source in (content["data"], *content["data"]["extra"]):
            del source["root"]
    if (key := _first_difference(before, now)) is not None:
        raise ReseenError(
            f"cannot resume: the recipe differs from {stored} in {key!r}; use the run's own, or a new --out"
        )


def _first_difference(one: Any, other: Any, key: str = "") -> str | None:
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(name, one.get(name), other.get(name)) for name in sorted(one.keys() | other.keys())]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(str(index), *values) for index, values in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else key
    found = (_first_difference(left, right, f"{key}.{name}".strip(".")) for name, left, right in pairs)
    return next((difference for difference in found if difference is not None), None)


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Reads a recipe and, below it, the one its key ``base`` names."""
    try:
        content = yaml.load(path.read_text(), _Loader)
    except OSError as error:
        raise ReseenError(f"cannot read recipe {path}: {error.strerror}; see recipes/ for those that exist") from error
    except yaml.YAMLError as error:
        raise ReseenError(f"recipe {path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ReseenError(f"recipe {path} holds no keys; see recipes/ for examples")
    if (base := content.pop("base", None)) is None:
        return content
    base = (path.parent / str(base)).resolve()
    if base in above:
        raise ReseenError(f"recipe {path}: base {base.name} leads back to itself")
    merged = _merge(_read(base, (*above, base)), content)
    assert isinstance(merged, dict)
    return merged


class _Loader(yaml.SafeLoader):
    """YAML 1.2's floats: 1e-3 is a number, though YAML 1.1 wants 1.0e-3."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d[\d_]*)(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _merge(base: Any, change: Any) -> Any:
    """Lays a change over a base: mappings by key; a list of phases by position, ending where the change's does."""
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {key: _merge(base.get(key), value) for key, value in change.items()}
    if isinstance(base, list) and isinstance(change, list) and all(isinstance(item, dict) for item in change):
        return [_merge(base[i] if i < len(base) else None, item) for i, item in enumerate(change)]
    return change


def _override(content: dict[str, Any], override: str) -> None:
    key, sign, value = override.partition("=")
    if not sign:
        raise ReseenError(f"--set {override}: write key=value, such as --set phases.0.epochs=2")
    *parents, last = key.strip().split(".")
    place: Any = content
    try:
        for parent in parents:
            place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
        place[int(last) if isinstance(place, list) else last] = yaml.load(value, _Loader)
    except yaml.YAMLError as error:
        raise ReseenError(f"--set {override}: the value is not YAML: {' '.join(str(error).split())}") from error
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise ReseenError(f"--set {override}: the recipe has no place {key!r}") from error


_KEYS = sorted(
    {
        name
        for section in (
            Recipe,
            DataSection,
            RenderConfig,
            RandomSampling,
            IdentitySampling,
            TripletSampling,
            OptimizerSection,
            ScheduleSection,
            PhaseSection,
            EvaluationSection,
            Augmentation,
            ObjectiveConfig,
        )
        for name in section.model_fields
    }
)


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, _KEYS, 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
