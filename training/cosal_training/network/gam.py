"""Group Affinity Module (GCoNet+, sec. 3.2): what do the images of a group share?

One implementation for both networks. The functions are the module's steps; `GroupAffinity` is that of
cosal-lite, `PublishedAffinity` that of GCoNet+. Work streams image by image: nowhere is there a tensor of
(N H W)^2 values.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Summary = tuple[Tensor, Tensor]
"""Per image: sums (N, K, C) of features over K parts of a region, and their mass (N, K)."""

EPSILON = 1e-6


def project(projection: nn.Module, features: Tensor, *, normalise: bool, pooling: int = 1) -> Tensor:
    """Queries or keys of an image: (N, C, H, W) -> (N, P, D) with P = H/pooling * W/pooling.

    normalise: to unit length, so that affinity is a cosine, whatever the features' scale.
    """
    if pooling > 1:
        features = F.avg_pool2d(features, pooling)
    vectors = projection(features).flatten(2)
    if normalise:
        vectors = F.normalize(vectors, dim=1, eps=1e-4)
    return vectors.transpose(1, 2)


def affinity(query: Tensor, keys: Tensor, weights: Tensor) -> Tensor:
    """Mean over the group's images of each pixel's best match in them: (N, P).

    query (N, P, D); keys (M, Q, D) of the whole group; weights (N, M), each row a mean over images.
    """
    return (_best_matches(query, keys) @ weights.unsqueeze(-1)).squeeze(-1)


def _best_matches(query: Tensor, keys: Tensor) -> Tensor:
    """Each pixel's largest product with a key of each image: (N, P, M). Peak memory is N P Q values."""
    if torch.compiler.is_exporting():
        # M is symbolic, so the graph cannot loop over it. Its N is one image: P M Q values are as few.
        n, p, d = query.shape
        m, q, _ = keys.shape
        return (query @ keys.reshape(m * q, d).t()).reshape(n, p, m, q).amax(-1)
    # `max` with indices: backward then keeps one index a pixel, `amax` would keep all products.
    return torch.stack([(query @ image.t()).max(-1).values for image in keys], -1)


def weighted_sums(features: Tensor, weight: Tensor) -> Summary:
    """Features (N, C, H, W) summed under K weights a pixel, (N, K, H*W), and the sums of the weights."""
    return weight @ features.flatten(2).transpose(1, 2), weight.sum(-1)


def consensus_of(summary: Summary) -> Tensor:
    """The group's consensus (K, C): the mean of each part over all its pixels in all images."""
    sums, mass = summary
    return sums.sum(0) / mass.sum(0).clamp_min(EPSILON).unsqueeze(-1)


def mean_weights(images: int, device: torch.device | None = None, *, exclude_self: bool = True) -> Tensor:
    """Weights (N, N) of a mean over the images, or over the others; a lone image has only itself."""
    if images == 1 or not exclude_self:
        return torch.full((images, images), 1 / images, device=device)
    return (1 - torch.eye(images, device=device)) / (images - 1)


class GroupAffinity(nn.Module):
    """cosal-lite's GAM: keys of an image, the affinity region of an image within its group, pooling of regions.

    Beyond the published module: keys are pooled to a quarter of the pixels, attention weighs pixels by
    region, and the consensus is a handful of prototype vectors: parts of the object, and of what surrounds it.
    """

    def __init__(self, channels: int, keys: int, parts: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1)
        self.key = nn.Conv2d(channels, keys, 1)
        self.part = nn.Conv2d(channels, 2 * parts, 1)
        self.parts = parts
        self.temperature = nn.Parameter(torch.tensor(10.0))
        self.kept = nn.Parameter(torch.zeros(2 * parts, 1))
        """How much of each prototype a refinement keeps; 0, as in older checkpoints, which lack it: nothing."""
        self.register_load_state_dict_pre_hook(_with_kept)

    def keys(self, features: Tensor) -> Tensor:
        """Features (N, C, H, W) -> unit keys (N, H/2*W/2, D)."""
        return project(self.key, features, normalise=True, pooling=2)

    def region(self, features: Tensor, keys: Tensor, weights: Tensor) -> Tensor:
        """How much each pixel looks like something in the other images: (N, 1, H, W), maximum 1 per image.

        features (N, C, H, W); keys (M, P, D) of the whole group; weights (N, M), each row a mean over images.
        """
        n, _, h, w = features.shape
        score = affinity(project(self.query, features, normalise=True), keys, weights) * self.temperature
        score = torch.exp(score - score.amax(1, keepdim=True))
        return score.reshape(n, 1, h, w)

    def pool(self, features: Tensor, region: Tensor) -> Summary:
        """Sum the features of a region (0..1) by part, and of its complement by part."""
        assignment = self.part(features).flatten(2)
        inside, outside = assignment[:, : self.parts].softmax(1), assignment[:, self.parts :].softmax(1)
        region = region.flatten(2)
        return weighted_sums(features, torch.cat([inside * region, outside * (1 - region)], 1))

    def refined(self, features: Tensor, region: Tensor, consensus: Tensor) -> Summary:
        """`pool`, mixed with the prototypes that found the region, (2K, C): a refinement keeps a part of them.

        Each image adds them in proportion to its mass, so that in the group's mean they have the share `kept`.
        """
        sums, mass = self.pool(features, region)
        return sums + self.kept * (mass.unsqueeze(-1) * consensus - sums), mass


def _with_kept(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    assert isinstance(module, GroupAffinity)
    state.setdefault(f"{prefix}kept", torch.zeros_like(module.kept))


class PublishedAffinity(nn.Module):
    """GCoNet+'s GAM, with its layers' published names. The consensus is one vector.

    published: the released arithmetic. Products are neither normalised nor excluded for the image itself,
    attention divides by the square root of the channels, and the consensus divides by H W although attention
    already sums to 1 in each image, so that its scale depends on the input's size. Otherwise affinity is a
    cosine times `temperature`, and the consensus is the mean of attended features, whatever the size.
    """

    def __init__(self, channels: int, *, published: bool, temperature: float) -> None:
        super().__init__()
        self.published = published
        self.scale = channels**-0.5 if published else temperature
        self.query_transform = nn.Conv2d(channels, channels, 1)
        self.key_transform = nn.Conv2d(channels, channels, 1)
        self.conv6 = nn.Conv2d(channels, channels, 1)
        for layer in (self.query_transform, self.key_transform, self.conv6):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def keys(self, features: Tensor) -> Tensor:
        """Features (N, C, H, W) -> keys (N, H*W, C)."""
        return project(self.key_transform, features, normalise=not self.published)

    def region(self, features: Tensor, keys: Tensor, weights: Tensor) -> Tensor:
        """Attention (N, 1, H, W), sum 1 per image. keys (M, H*W, C) of the whole group; weights (N, M)."""
        n, _, h, w = features.shape
        query = project(self.query_transform, features, normalise=not self.published)
        return (affinity(query, keys, weights) * self.scale).softmax(1).reshape(n, 1, h, w)

    def pool(self, features: Tensor, region: Tensor) -> Summary:
        """Attended features: sums (N, 1, C) and mass (N, 1)."""
        sums, mass = weighted_sums(features, region.flatten(2))
        if self.published:
            mass = torch.full_like(mass, features.shape[-2] * features.shape[-1])
        return sums, mass

    def kernel(self, consensus: Tensor) -> Tensor:
        """Consensus (1, C) or (N, 1, C) -> the 1x1 kernel e of the depth-wise correlation, (1 or N, C, 1, 1).

        The published convolution runs on every pixel before the mean. It commutes with the mean: here it
        runs once.
        """
        return self.conv6(consensus.reshape(-1, consensus.shape[-1], 1, 1))
