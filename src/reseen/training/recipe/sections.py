"""What a recipe says: data set, system, phases and evaluation, each a validated section."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reseen.checkpoint_files import CONFIG, MODEL_FILE, divisions_of, trained_on
from reseen.data import checked_options
from reseen.data.division import division
from reseen.data.images.size import Size
from reseen.data.images.transforms import Augmentation
from reseen.data.sets.rendered import RenderConfig
from reseen.descriptors.distance import Euclidean, Sum
from reseen.errors import ReseenError, nearest
from reseen.evaluation.kissme import Kissme
from reseen.losses.objective import ObjectiveConfig
from reseen.models import SystemConfig
from reseen.models.contained import contained_fields
from reseen.precision import Precision

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
        joints: File of joints (`reseen.data.annotations.joints_file`) for its images, or None for the data set's own.
        render: What is rendered, where the data set is ``rendered`` and there is no root.
    """

    name: str
    root: Path | None = None
    options: dict[str, Any] = {}
    joints: Path | None = None
    render: RenderConfig | None = None

    @model_validator(mode="after")
    def _data_set_is_known(self) -> Self:
        try:
            checked_options(self.name, self.options)
        except ReseenError as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _only_rendered_is_rendered(self) -> Self:
        if self.render is not None and self.name != "rendered":
            raise ValueError(f"render goes with name: rendered, not {self.name}")
        return self


class ValidationSection(_Section):
    """Training persons that are held back, so that settings and the best epoch are chosen without the test set.

    Attributes:
        share: Of the training persons.
        seed: Of the generator that draws them.
    """

    share: float = Field(0.1, gt=0, lt=1)
    seed: int = Field(0, ge=0)


class DataSection(SourceSection):
    """The data set, and how large its images are.

    Attributes:
        extra: Sources whose training images are added; queries, gallery and attributes stay the data set's own.
        validation: Which persons of the data set's own are held back; None for none.
        size: (H, W) of the network's input.
        max_corrupt: Undecodable images that may be skipped.
        on_device: Keep all decoded training images on the GPU, if there is one and it has room for them.
    """

    extra: tuple[SourceSection, ...] = ()
    validation: ValidationSection | None = None
    size: Size = (384, 128)
    max_corrupt: int = Field(0, ge=0)
    on_device: bool = True


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
    """The optimiser.

    Attributes:
        name: Of the method.
        lr: Learning rate of everything that ``lr_of`` does not name.
        lr_of: Rate by part of the system, such as ``backbone``; of a part within another, the inner one's counts.
        weight_decay: Of all parameters but learnt loss weights.
        momentum: Of ``sgd``.
        keep_state: Whether moments go over from the phase before, for parameters that both train with this method.
    """

    name: Literal["sgd", "adam", "adamw"] = "sgd"
    lr: float = Field(0.1, gt=0)
    lr_of: dict[str, Annotated[float, Field(gt=0)]] = {}
    weight_decay: float = Field(5e-4, ge=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    keep_state: bool = False


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
    """One stretch of training with its own objective, optimiser, sampler and input size.

    Attributes:
        name: Also of the folder of its TensorBoard curves.
        epochs: How long it is.
        data: Its own training set, where it is not the recipe's.
        model: What differs in the system from the recipe's: options by name. Weights of equal name and shape go on
            from the phase before, others begin anew.
        fresh: Parts of the system that begin anew all the same.
        frozen: Parts that are not trained.
        size: (H, W) of the network's input, if smaller than the data's.
        sampler: Which images make a batch.
        objective: What is minimised.
        optimizer: How.
        schedule: Factor on the learning rate.
        augmentation: What is changed in the images.
        gradient_clip: Largest norm of the gradient.
    """

    name: Name = "main"
    epochs: int = Field(ge=1)
    data: DataSection | None = None
    model: dict[str, Any] = {}
    fresh: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    size: Size | None = None
    sampler: Sampling = RandomSampling()
    objective: ObjectiveConfig
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    augmentation: Augmentation = Augmentation()
    gradient_clip: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _batches_have_what_is_compared(self) -> Self:
        for term in self.objective.terms:
            if term.samplers and self.sampler.kind not in term.samplers:
                raise ValueError(
                    f"objective term {term.title!r} compares persons that batches of sampler kind "
                    f"{self.sampler.kind} need not have: set it to {' or '.join(term.samplers)}"
                )
        return self


class EvaluationSection(_Section):
    """When and how the test set is ranked.

    Attributes:
        every: Evaluate after every n epochs; 0 = only at the end. The best of these is kept: as ``best`` where persons
            are held back for it (``data.validation``), else as ``best-on-test``.
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


RecipeDistance = Annotated[Kissme | Euclidean | Sum, Field(discriminator="kind")]
"""A distance that needs no learning, or how one is learnt."""


TEACHER = "teacher"
"""Stands among the parts in ``init`` for the checkpoint that terms learn from; the system does not contain it."""


class Recipe(_Section):
    """The whole recipe.

    Attributes:
        name: Also the run folder's name.
        data: The data set.
        model: The system's configuration; ``system`` names it. The number of identities and the attributes follow
            from the data.
        init: What parts of the system start from, by part: weights from ``hub`` (timm's own download), a file, or the
            folder of a checkpoint. All others start from random weights. ``teacher`` is no part: the checkpoint that
            terms of the objective learn from.
        seed: Seed of everything random.
        compile: Whether the backbone is compiled for training (`torch.compile`): minutes first, faster steps after.
        precision: Lightning's name of the number format; ``auto`` is bf16-mixed where the device computes in it
            itself, else 32-true.
        phases: Run one after the other; none where everything comes from ``init``.
        distance: What descriptors are compared by; ``kissme`` is learnt on the training images after the last phase.
            None = plain Euclidean distance.
        evaluation: When and how to evaluate.
    """

    name: Name
    data: DataSection
    model: SystemConfig
    init: dict[str, str] = {}
    seed: int = Field(0, ge=0, lt=2**32)
    precision: Precision | Literal["auto"] = "auto"
    compile: bool = False
    phases: tuple[PhaseSection, ...]
    distance: RecipeDistance | None = None
    evaluation: EvaluationSection = EvaluationSection()

    @model_validator(mode="after")
    def _systems_can_be_built(self) -> Self:
        if not self.phases and not self.init:
            raise ValueError("a recipe without phases needs init: where the system comes from")
        for index in range(max(1, len(self.phases))):
            self.system(index)
        return self

    @model_validator(mode="after")
    def _who_is_held_back_is_never_trained_on(self) -> Self:
        for index, phase in enumerate(self.phases):
            own = phase.data
            if own and own.name == self.data.name and own.validation != self.data.validation:
                raise ValueError(
                    f"phases.{index}.data has the recipe's data set with other persons held back; "
                    "give it the same validation as data"
                )
        return self

    @model_validator(mode="after")
    def _teacher_is_there_and_heard(self) -> Self:
        learning = [term.title for phase in self.phases for term in phase.objective.terms if term.learns_from_teacher]
        if learning and TEACHER not in self.init:
            raise ValueError(
                f"objective term {learning[0]!r} learns from a teacher: name its checkpoint in init.teacher"
            )
        if TEACHER in self.init and not learning:
            raise ValueError("init.teacher: no term of any objective learns from it; take it out")
        return self

    @property
    def key(self) -> str:
        """The system's name."""
        return str(self.model.model_dump(include={"system"})["system"])

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Keys of all data sets that the system has seen persons of, those of the checkpoints in ``init`` last."""
        before = [name for folder in self.checkpoints.values() for name in trained_on(folder)]
        return tuple(dict.fromkeys([*(source.name for source in self.learnt_from.values()), *before]))

    @property
    def divisions(self) -> dict[str, list[dict[str, Any]]]:
        """How each of these data sets was divided there; see `reseen.checkpoint_files.divisions_of`."""
        noted = [(source.name, [division(source.name, source.options)]) for source in self.learnt_from.values()]
        noted += [each for folder in self.checkpoints.values() for each in divisions_of(folder).items()]
        found: dict[str, list[dict[str, Any]]] = {}
        for name, own in ((name, own) for name, several in noted for own in several if own):
            if own not in (known := found.setdefault(name, [])):
                known.append(own)
        return found

    @property
    def sources(self) -> dict[str, SourceSection]:
        """Whatever its images come from, by its place in the recipe."""
        data = {"data": self.data}
        data |= {f"phases.{index}.data": phase.data for index, phase in enumerate(self.phases) if phase.data}
        found: dict[str, SourceSection] = {}
        for place, section in data.items():
            found |= {place: section} | {f"{place}.extra.{row}": each for row, each in enumerate(section.extra)}
        return found

    @property
    def learnt_from(self) -> dict[str, SourceSection]:
        """Those whose training images it learns from."""
        return self.sources if self.phases or isinstance(self.distance, Kissme) else {}

    @property
    def checkpoints(self) -> dict[str, Path]:
        """The folders of those among what parts start from, by part."""
        places = {part: Path(source) for part, source in self.init.items()}
        folders = {part: place.parent if place.name == MODEL_FILE else place for part, place in places.items()}
        return {part: folder for part, folder in folders.items() if (folder / CONFIG).is_file()}

    def data_of(self, phase: int) -> DataSection:
        """Returns the training set of a phase, by its number."""
        return self.phases[phase].data or self.data

    def system(self, phase: int, **from_data: Any) -> BaseModel:
        """Returns the system's configuration in a phase.

        Args:
            phase: Its number.
            from_data: What follows from the data, such as ``num_identities``; what the system does not have is left
                out.

        Raises:
            ValueError: If a change of the phase is wrong, or the recipe says what follows from the data.
        """
        changes = self.phases[phase].model if self.phases else {}
        said = FROM_DATA & (self.model.model_fields_set | changes.keys())
        if said:
            raise ValueError(f"model.{min(said)} follows from the data; take it out of the recipe")
        content = self.model.model_dump(exclude_unset=True) | changes
        for name in contained_fields(type(self.model)):
            if content.get(name) is not None:
                raise ValueError(f"model.{name} follows from what init.{name} names; take it out of the recipe")
        content |= {key: value for key, value in from_data.items() if key in type(self.model).model_fields}
        try:
            return type(self.model).model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(("phases", str(phase), "model", *map(str, first["loc"])))
            hint = (
                nearest(str(first["loc"][-1]), type(self.model).model_fields)
                if first["type"] == "extra_forbidden"
                else ""
            )
            raise ValueError(f"{where}: {first['msg'].removeprefix('Value error, ')}{hint}") from error


FROM_DATA = frozenset({"num_identities", "attributes"})
"""Options of systems that nobody sets: they follow from the training set."""
