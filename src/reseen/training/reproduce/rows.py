"""Every row of the papers' tables that has a recipe, in the order in which running them is worth most.

To add one: a line in `ROWS`, at the place of its worth. What it starts from stands in its recipe (``init``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reseen.training.reproduce.figures import BINARY, RERANKED, ranks

AANET = "AANet (Tay, Roy, Yap; CVPR 2019)"
ACRN = "MVA and ACRN (Schumann, Stiefelhagen; CVPRW 2017)"
ATTENTION = "Attention-driven net (Yang et al.; Pattern Recognition 2019)"
IDE = "Plain baseline (Luo et al.; CVPRW 2019)"
IVA = "IVA (Zhang et al.; IEEE Access 2019)"
BOX = "Models that come with reseen"
LRDNN = "LRDNN (Zhou et al.; IJCAI 2019)"
SBS = ranks(88.2, 95.4)
"""The best published figures of a ResNet-50 on Market-1501 without other pre-training: fast-reid's SBS at 384×128."""

AIM = ranks(78, 91)
"""What two cores are to reach in an hour on Market-1501, after rendered persons."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        recipe: What reproduces it: a name of ours, or a file.
        paper: Whose table.
        what: Table and row, or what the recipe is where no table has it.
        published: The paper's own figures of this row, in %, by name (`FIGURES`).
        mark: Where the paper has no such row, what the recipe is to reach or beat.
        seeds: One run each; the first is 0, whose checkpoint other recipes may start from.
        folds: Over how many folds of the data set figures are averaged.
        same_seed: Recipes of whose runs it starts from the one with its own seed; of others, from the one with seed 0.
        full: Of a shorter recipe, the one whose row has the paper's figures.
    """

    recipe: str
    paper: str
    what: str
    published: Mapping[str, float] = field(default_factory=dict)
    mark: Mapping[str, float] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    folds: int = 1
    same_seed: tuple[str, ...] = ()
    full: str = ""

    @property
    def aim(self) -> Mapping[str, float]:
        """What the result is compared with; empty if with nothing."""
        return self.published or self.mark


TWICE = (0, 1)
ROWS = (
    Row("aanet50-market1501", AANET, "table 2, AANet-50", ranks(82.45, 93.89)),
    Row("aanet50-market1501-improved", AANET, "with the bag of tricks", mark=SBS),
    Row("small-rendered", BOX, "learnt from aanet50-rendered, tested on rendered persons"),
    Row("small-market1501", BOX, "after it, learnt from Market-1501 and aanet50-market1501-quick", mark=ranks(75, 90)),
    Row("small-market1501-improved", BOX, "the same for a GPU, beside a public one of 2.1 M", mark=ranks(87.7, 96.2)),
    Row("aanet50-market1501-ablation-1-global", AANET, "table 3 on Market-1501: L_g"),
    Row("aanet50-market1501-ablation-2-parts", AANET, "table 3 on Market-1501: + L_p"),
    Row("aanet50-market1501-ablation-3-attributes", AANET, "table 3 on Market-1501: + L_a"),
    Row("aanet50-market1501-ablation-4-uncertainty", AANET, "table 3 on Market-1501: learnt weights"),
    Row("aanet50-market1501-ablation-5-attention", AANET, "table 3 on Market-1501: + L_aa", ranks(82.45, 93.89)),
    Row("aanet50-duke", AANET, "table 1, AANet-50", ranks(72.56, 86.42)),
    Row("aanet50-duke-ablation-1-global", AANET, "table 3: L_g", ranks(62.92, 80.18)),
    Row("aanet50-duke-ablation-2-parts", AANET, "table 3: + L_p", ranks(66.35, 82.93)),
    Row("aanet50-duke-ablation-3-attributes", AANET, "table 3: + L_a", ranks(67.28, 83.29)),
    Row("aanet50-duke-ablation-4-uncertainty", AANET, "table 3: learnt weights", ranks(70.47, 85.44)),
    Row("aanet50-duke-ablation-5-attention", AANET, "table 3: + L_aa", ranks(72.56, 86.42)),
    Row(
        "iva50-market1501",
        IVA,
        "tables 3 and 6, Ours",
        ranks(81.5, 92.7) | ranks(88.4, 94.7, RERANKED) | {BINARY: 87.6},
    ),
    Row("iva50-market1501-ablation-woid", IVA, "table 8, Ours-woID", ranks(62.8, 82.3)),
    Row("iva50-market1501-ablation-woattr", IVA, "table 8, Ours-woAttr", ranks(77.8, 91.5)),
    Row("iva50-market1501-ablation-woim", IVA, "table 8, Ours-woIM", ranks(61.0, 80.1)),
    Row("iva50-market1501-ablation-wovm", IVA, "table 8, Ours-woVM", ranks(71.4, 88.7)),
    Row("iva50-viper", IVA, "table 5, Ours", ranks(57.3, 51.6), folds=10),
    Row("iva50-market1501-improved", IVA, "with the bag of tricks", mark=SBS),
    Row("iva50-duke", IVA, "tables 4 and 7, Ours", ranks(80.2, 83.1) | ranks(85.8, 85.6, RERANKED) | {BINARY: 87.9}),
    Row("attention-driven-rendered", ATTENTION, "rendered persons alone, tested on such: what the others start from"),
    Row(
        "attention-driven-market1501-best", ATTENTION, "table 6, Intra+inter with the best β and λ", ranks(86.47, 94.99)
    ),
    Row("attention-driven-market1501", ATTENTION, "table 6, Intra+inter", ranks(85.22, 94.65)),
    Row("attention-driven-market1501-strips", ATTENTION, "table 6, Baseline", ranks(66.25, 86.63)),
    Row("attention-driven-market1501-aligned", ATTENTION, "table 6, Aligned", ranks(72.46, 89.98)),
    Row("attention-driven-market1501-intra", ATTENTION, "table 6, Intra", ranks(78.92, 92.04)),
    Row("attention-driven-market1501-inter", ATTENTION, "table 6, Inter", ranks(78.46, 92.07)),
    Row("attention-driven-market1501-undecomposed", ATTENTION, "table 8, without decomposition", ranks(82.47, 93.26)),
    Row("attention-driven-market1501-connected", ATTENTION, "table 9, FC fusion", ranks(77.11, 90.94)),
    Row("attention-driven-cuhk03-labeled", ATTENTION, "table 5, CUHK03-L; first of twenty splits", {"rank-1": 96.43}),
    Row("attention-driven-cuhk03-detected", ATTENTION, "table 5, CUHK03-D; first of twenty splits", {"rank-1": 93.58}),
    Row("attention-driven-duke", ATTENTION, "table 4, Ours", ranks(74.57, 86.04)),
    Row("lrdnn50-market1501", LRDNN, "table 2, Ours", ranks(82.8, 90.4, RERANKED)),
    Row("lrdnn50-market1501-ablation-b", LRDNN, "table 3, B", ranks(69.8, 80.3, RERANKED)),
    Row("lrdnn50-market1501-ablation-b-a", LRDNN, "table 3, B+A", ranks(78.4, 87.2, RERANKED)),
    Row("lrdnn50-market1501-ablation-b-a-h", LRDNN, "table 3, B+A+H", ranks(80.1, 88.7, RERANKED)),
    Row("lrdnn50-market1501-ablation-b-a-c", LRDNN, "table 3, B+A+C", ranks(79.6, 87.4, RERANKED)),
    Row("lrdnn50-market1501-ablation-without-cpb", LRDNN, "table 4, Ours without CPB", ranks(81.5, 89.7, RERANKED)),
    Row("lrdnn50-market1501-improved", LRDNN, "with the bag of tricks", mark=SBS),
    Row("lrdnn50-duke", LRDNN, "table 2, Ours", ranks(73.2, 85.3, RERANKED)),
    Row(
        "aanet152-market1501",
        AANET,
        "tables 2 and 4, AANet-152",
        ranks(83.41, 93.93) | ranks(92.38, 95.10, RERANKED) | {"attributes": 87.80},
    ),
    Row("aanet152-duke", AANET, "table 1, AANet-152", ranks(74.29, 87.65) | ranks(86.87, 90.36, RERANKED)),
    Row("mva-peta", ACRN, "table 1, MVA", {"mA": 84.61}),
    Row("mva-peta-disjoint", ACRN, "MVA, tested on persons whom it has not seen"),
    Row("mva50-peta-improved", ACRN, "MVA with ResNet-50 and the bag of tricks", mark={"mA": 84.61}),
    Row("mva-peta-all", ACRN, "MVA on all 105 attributes"),
    Row("acrn-market1501-reidcnn", ACRN, "table 4, ReIdCNN", ranks(58.84, 79.51), seeds=TWICE),
    Row("acrn-market1501-attributes", ACRN, "table 4, Attributes", ranks(10.36, 14.88)),
    Row("acrn-market1501-attributes-kissme", ACRN, "table 4, Attributes-KISSME", ranks(19.70, 25.44)),
    Row(
        "acrn-market1501-reidcnn-attributes",
        ACRN,
        "table 4, ReIdCNN + Attributes",
        ranks(59.99, 81.45),
        seeds=TWICE,
        same_seed=("acrn-market1501-reidcnn",),
    ),
    Row("acrn-market1501", ACRN, "table 4, ACRN", ranks(62.60, 83.61), seeds=TWICE),
    Row("acrn-duke-reidcnn", ACRN, "table 5, ReIdNet", ranks(49.41, 68.74)),
    Row("acrn-duke-attributes", ACRN, "table 5, Attributes", ranks(7.23, 11.34)),
    Row("acrn-duke-attributes-kissme", ACRN, "table 5, Attributes+KISSME", ranks(12.83, 21.97)),
    Row("acrn-duke-reidcnn-attributes", ACRN, "table 5, ReIdCNN+Attributes", ranks(50.01, 69.91)),
    Row("acrn-duke", ACRN, "table 5, ACRN", ranks(51.96, 72.58)),
    Row("acrn-cuhk03-detected-reidcnn", ACRN, "table 3, ReIdCNN; first of twenty splits", ranks(68.1, 58.3)),
    Row("acrn-cuhk03-detected-attributes", ACRN, "the same, Attributes", ranks(10.3, 12.5)),
    Row("acrn-cuhk03-detected-attributes-kissme", ACRN, "the same, Attributes-KISSME", ranks(21.1, 34.3)),
    Row("acrn-cuhk03-detected-reidcnn-attributes", ACRN, "the same, ReIdCNN+Attributes", ranks(68.5, 58.9)),
    Row("acrn-cuhk03-detected", ACRN, "the same, ACRN", ranks(70.2, 62.63)),
    Row("acrn-market1501-improved", ACRN, "ACRN with the bag of tricks", mark=ranks(62.60, 83.61)),
    # From here on a CPU is enough.
    Row(
        "aanet50-market1501-quick",
        AANET,
        "192×64, at most 60 minutes",
        mark=ranks(67, 85),
        seeds=TWICE,
        full="aanet50-market1501",
    ),
    Row("ide50-market1501-quick", IDE, "192×64, at most 60 minutes", mark=ranks(64.2, 83.2), seeds=TWICE),
    Row(
        "aanet50-market1501-quick-rendered",
        AANET,
        "the same after rendered ones",
        mark=AIM,
        seeds=TWICE,
        full="aanet50-market1501",
    ),
    Row("ide50-market1501-quick-rendered", IDE, "the same after rendered ones", mark=AIM, seeds=TWICE),
    Row(
        "aanet50-market1501-quick-rendered-heads",
        AANET,
        "after rendered ones, with faster heads",
        mark=AIM,
        seeds=TWICE,
        full="aanet50-market1501",
    ),
    Row(
        "aanet50-market1501-quick-rendered-moments",
        AANET,
        "after rendered ones, moments kept between phases",
        mark=AIM,
        seeds=TWICE,
        full="aanet50-market1501",
    ),
    Row(
        "aanet50-market1501-long",
        AANET,
        "256×128, a night on two cores",
        mark=ranks(82.45, 93.89),
        full="aanet50-market1501",
    ),
    Row(
        "iva50-market1501-quick",
        IVA,
        "192×64, at most 60 minutes",
        mark=ranks(72.6, 87.5),
        seeds=TWICE,
        full="iva50-market1501",
    ),
    Row(
        "iva50-market1501-quick-rendered",
        IVA,
        "the same after rendered persons",
        mark=ranks(72.6, 87.5),
        seeds=TWICE,
        full="iva50-market1501",
    ),
    Row(
        "attention-driven-market1501-quick",
        ATTENTION,
        "192×96, at most 60 minutes after rendered ones",
        seeds=TWICE,
        full="attention-driven-market1501-best",
    ),
    Row("attention-driven-market1501-quick-scratch", ATTENTION, "the same from random weights", seeds=TWICE),
    Row(
        "lrdnn50-market1501-quick",
        LRDNN,
        "192×64, at most 90 minutes",
        mark=ranks(67.6, 85.4),
        seeds=TWICE,
        full="lrdnn50-market1501",
    ),
    Row("mva50-peta-quick", ACRN, "MVA with ResNet-50, for two cores", mark={"mA": 80}, seeds=TWICE, full="mva-peta"),
    Row("mva50-peta-quick-global", ACRN, "the same without local views", seeds=TWICE),
    Row(
        "mva50-peta-quick-rendered",
        ACRN,
        "the same after rendered persons",
        mark={"mA": 83},
        seeds=TWICE,
        full="mva-peta",
    ),
    Row("mva50-peta-quick-disjoint", ACRN, "mva50-peta-quick, tested on persons whom it has not seen", seeds=TWICE),
    Row("mva50-peta-all-quick", ACRN, "the quick one taught all 105 attributes", seeds=TWICE),
    Row(
        "acrn-market1501-attributes-mva50",
        ACRN,
        "table 4 on two cores, by mva50-peta-all-quick: Attributes",
        mark=ranks(10.36, 14.88),
    ),
    Row("acrn-market1501-attributes-kissme-mva50", ACRN, "the same, Attributes-KISSME", mark=ranks(19.70, 25.44)),
    Row(
        "acrn-market1501-reidcnn-attributes-mva50",
        ACRN,
        "the same, ReIdCNN + Attributes",
        mark=ranks(59.99, 81.45),
        seeds=TWICE,
        same_seed=("acrn-market1501-reidcnn",),
    ),
    Row(
        "acrn-market1501-mva50",
        ACRN,
        "the same, ACRN",
        mark=ranks(62.60, 83.61),
        seeds=TWICE,
        full="acrn-market1501",
    ),
    Row("mva-peta-quick", ACRN, "MVA from random weights, at most 60 minutes", seeds=TWICE),
    Row("ide50-rendered", IDE, "rendered persons alone, tested on such"),
    Row("aanet50-rendered", AANET, "rendered persons alone, tested on such"),
    Row("aanet50-market1501-short", AANET, "128×48, three epochs"),
    Row("aanet50-market1501-short-balanced", AANET, "the same, rare attributes having equal say"),
    Row("ide50-market1501-short", IDE, "128×48, two epochs"),
    Row("ide50-market1501-short-rendered", IDE, "with rendered persons among the real ones"),
    Row("ide50-market1501-short-pretrained", IDE, "after rendered persons"),
    Row("iva50-market1501-quick-sum", IVA, "192×64, with the sum over attributes", seeds=TWICE),
    Row("iva50-market1501-short", IVA, "128×48, in minutes"),
    Row("iva50-market1501-short-woid", IVA, "the same without identity loss"),
    Row("iva50-market1501-short-woattr", IVA, "the same without attribute loss"),
    Row("iva50-market1501-short-woim", IVA, "the same without both"),
    Row("iva50-market1501-short-wovm", IVA, "the same without triplet loss"),
    Row("iva50-market1501-short-sum", IVA, "the same with the sum over attributes"),
    Row("iva50-market1501-short-light", IVA, "the same with a tenth of the triplet loss"),
    Row("attention-driven-rendered-strips", ATTENTION, "the baseline on rendered persons: what these start from"),
    Row("acrn-market1501-short-reidcnn", ACRN, "table 4 in a sixth of the time, ReIdCNN", seeds=TWICE),
    Row(
        "acrn-market1501-short-reidcnn-attributes",
        ACRN,
        "the same, ReIdCNN + Attributes",
        seeds=TWICE,
        same_seed=("acrn-market1501-short-reidcnn",),
    ),
    Row("acrn-market1501-short", ACRN, "the same, ACRN", seeds=TWICE),
    Row("attention-driven-market1501-short", ATTENTION, "table 6 in minutes, Intra+inter"),
    Row("attention-driven-market1501-short-strips", ATTENTION, "the same, Baseline"),
    Row("attention-driven-market1501-short-aligned", ATTENTION, "the same, Aligned"),
    Row("attention-driven-market1501-short-intra", ATTENTION, "the same, Intra"),
    Row("attention-driven-market1501-short-inter", ATTENTION, "the same, Inter"),
    Row("lrdnn50-market1501-short", LRDNN, "128×48, in minutes"),
    Row("lrdnn50-market1501-short-b", LRDNN, "the same, B"),
    Row("lrdnn50-market1501-short-b-a", LRDNN, "the same, B+A"),
    Row("lrdnn50-market1501-short-b-a-h", LRDNN, "the same, B+A+H"),
    Row("lrdnn50-market1501-short-b-a-c", LRDNN, "the same, B+A+C"),
    Row("lrdnn50-market1501-short-without-cpb", LRDNN, "the same without CPB"),
    Row("iva50-viper-quick", IVA, "VIPeR at 192×64", folds=10),
    Row("iva50-viper-quick-pretrained", IVA, "the same after Market-1501", folds=10),
)
