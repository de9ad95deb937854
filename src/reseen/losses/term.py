"""What every loss term is: a frozen configuration, and a function of a system's output and the labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from reseen.data.attributes import AttributeSchema
from reseen.data.batch import PersonBatch
from reseen.errors import ReseenError
from reseen.models.output import PersonOutput

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What a term may know about the training set.

    Attributes:
        schema: What its attribute labels are encoded by, or None.
        attributes: (N, L) those labels, -1 = unknown, or None.
    """

    schema: AttributeSchema | None = None
    attributes: Tensor | None = None


class TermConfig(BaseModel):
    """What all terms of an objective have; each kind adds its own.

    Attributes:
        name: What figures and learnt weights call the term; by default what it works on.
        heads: The system's heads it works on, by name; ``part`` stands for ``part/0``, ``part/1``, …. Losses of
            several heads add up. Empty = all that the system has.
        weight: Fixed factor in the sum.
        learns_from_teacher: Whether the kind wants ``taught`` in its batches.
        samplers: Kinds of samplers in whose batches it always finds what it compares; empty = all.
    """

    learns_from_teacher: ClassVar[bool] = False
    samplers: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("", pattern=r"^[\w./-]*$", max_length=100)
    heads: tuple[str, ...] = ()
    weight: float = Field(1.0, ge=0)

    @property
    def title(self) -> str:
        """The term's name."""
        return self.name or "+".join(self.heads) or str(getattr(self, "kind", ""))


C = TypeVar("C", bound=TermConfig)


class Term(ABC, Generic[C]):
    """One term of an objective.

    Args:
        config: Its configuration.
        training: What is trained on.
    """

    def __init__(self, config: C, training: Training) -> None:
        self.config = config

    @abstractmethod
    def heads(self, output: PersonOutput) -> Mapping[str, Any]:
        """Returns what of a system's output the term works on, by head.

        Raises:
            ReseenError: If a head that the configuration names is not there.
        """

    @abstractmethod
    def __call__(self, output: PersonOutput, batch: PersonBatch) -> Tensor:
        """Returns the loss, a scalar in float32.

        Raises:
            ReseenError: If the output has no such heads or the batch not the labels it needs.
        """

    def chosen(self, heads: Mapping[str, T], what: str) -> dict[str, T]:
        """Returns the configured ones of a system's heads, in the order they are named in.

        Raises:
            ReseenError: If one is not there, or there is none at all.
        """
        if not heads:
            raise ReseenError(f"objective term {self.config.title!r}: the system has no {what}; take the term out")
        if not self.config.heads:
            return dict(heads)
        found: dict[str, T] = {}
        for name in self.config.heads:
            own = {head: value for head, value in heads.items() if head == name or head.startswith(f"{name}/")}
            if not own:
                known = dict.fromkeys(head.partition("/")[0] for head in heads)
                raise ReseenError(
                    f"objective term {self.config.title!r} names the head {name!r}, "
                    f"but those with {what} are: {', '.join(known)}"
                )
            found |= own
        return found
