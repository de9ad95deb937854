"""GoogLeNet with batch norm (Szegedy et al., CVPR 2015), torchvision's, as a model that timm can make."""

from __future__ import annotations

from typing import Any, ClassVar

from timm.models import register_model
from torch import Tensor
from torchvision.models import GoogLeNet_Weights
from torchvision.models.googlenet import GoogLeNet as TorchvisionGoogLeNet

_CLASSIFIERS = ("aux1", "aux2", "fc")


class GoogLeNet(TorchvisionGoogLeNet):  # type: ignore[misc]  # torchvision has no types
    """torchvision's network up to ``inception5b``, without its classifiers, in the manner of timm's models.

    Attributes:
        num_features: Channels of the last map.
        pretrained_cfg: Names of the classifiers, whose weights are of no use here.
        feature_info: The first map, that of the 7×7 convolution.
    """

    num_features = 1024
    pretrained_cfg: ClassVar[dict[str, Any]] = {"classifier": _CLASSIFIERS}
    feature_info: ClassVar[tuple[dict[str, Any], ...]] = ({"num_chs": 64, "reduction": 2, "module": "conv1"},)

    def __init__(self) -> None:
        # Its weights are for pixels in [-1, 1]; it converts from ImageNet's mean and deviation itself.
        super().__init__(aux_logits=False, transform_input=True, init_weights=True)
        for after_the_map in ("avgpool", "dropout", "fc"):
            delattr(self, after_the_map)

    def forward_features(self, images: Tensor) -> Tensor:
        """Maps normalised images (B, 3, H, W) to features (B, 1024, H/32, W/32)."""
        features: Tensor = self._transform_input(images)
        for layer in self.children():  # in the order in which they are applied
            features = layer(features)
        return features

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Returns patterns of the weights' names by stage: the three convolutions, then inception 3, 4 and 5."""
        return {"stem": r"^conv\d", "blocks": r"^inception(\d)"}


@register_model
def googlenet(pretrained: bool = False, **timm_options: Any) -> GoogLeNet:
    """Returns the network; what timm says of classifier and pooling does not apply, since there are none.

    Args:
        pretrained: Load torchvision's ImageNet weights, downloading them if they are not in its cache.
        timm_options: Ignored.
    """
    net = GoogLeNet()
    if pretrained:
        stored = GoogLeNet_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
        net.load_state_dict({key: value for key, value in stored.items() if not key.startswith(_CLASSIFIERS)})
    return net
