"""Group affinity streams: the same numbers as the naive form, without its tensor."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cosal_training.network.gam import GroupAffinity, PublishedAffinity, affinity, consensus_of, mean_weights


def naive(query: torch.Tensor, keys: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    n, p, d = query.shape
    m, q, _ = keys.shape
    products = query.reshape(n * p, d) @ keys.reshape(m * q, d).t()
    return (products.reshape(n, p, m, q).amax(-1) * weights[:, None]).sum(-1)


@pytest.mark.parametrize("images", [1, 2, 5, 11])
@pytest.mark.parametrize("grid", [(2, 2), (5, 3), (6, 6), (16, 16)])
@pytest.mark.parametrize("exclude_self", [True, False])
def test_streaming_equals_the_naive_form(images: int, grid: tuple[int, int], exclude_self: bool) -> None:
    generator = torch.Generator().manual_seed(images * 100 + grid[0])
    query, keys = (torch.randn(images, grid[0] * grid[1], 24, generator=generator) for _ in range(2))
    query, keys = F.normalize(query, dim=-1), F.normalize(keys, dim=-1)
    weights = mean_weights(images, exclude_self=exclude_self)
    assert torch.allclose(affinity(query, keys, weights), naive(query, keys, weights), atol=1e-5)


def test_streaming_has_the_naive_gradient() -> None:
    torch.manual_seed(3)
    gradients = []
    query, keys = torch.randn(4, 30, 8), torch.randn(4, 20, 8)
    for function in (affinity, naive):
        q, k = query.clone().requires_grad_(), keys.clone().requires_grad_()
        function(q, k, mean_weights(4)).square().sum().backward()
        gradients.append((q.grad, k.grad))
    for streamed, whole in zip(*gradients, strict=True):
        assert torch.allclose(streamed, whole, atol=1e-5)


class Largest(TorchDispatchMode):
    """Remembers the largest tensor that any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.values = max(self.values, leaf.numel())
        return result


def test_no_tensor_is_quadratic_in_the_group() -> None:
    images, pixels = 12, 64
    gam = PublishedAffinity(16, published=True, temperature=10.0)
    features = torch.randn(images, 16, 8, 8)
    kept: list[int] = []

    def keep(values: torch.Tensor) -> torch.Tensor:
        kept.append(values.numel())
        return values

    with Largest() as largest, torch.autograd.graph.saved_tensors_hooks(keep, lambda values: values):
        summary = gam.pool(features, gam.region(features, gam.keys(features), mean_weights(images)))
        consensus_of(summary).sum().backward()
    assert largest.values <= images * pixels * pixels
    assert max(kept) <= images * pixels * 16, "backward keeps queries, keys and indices, not the products"


def test_an_image_itself_does_not_count_unless_published() -> None:
    torch.manual_seed(4)
    features = torch.randn(3, 16, 4, 4)
    for published in (False, True):
        gam = PublishedAffinity(16, published=published, temperature=10.0)
        keys = gam.keys(features)
        weights = mean_weights(3, exclude_self=not published)
        other = torch.cat([keys[:1] + 1, keys[1:]])
        same = torch.allclose(gam.region(features, keys, weights)[0], gam.region(features, other, weights)[0])
        assert same is not published


def test_only_the_published_consensus_depends_on_the_grid() -> None:
    """Each pixel four times: the same picture at twice the size."""
    torch.manual_seed(5)
    features = torch.randn(3, 16, 4, 4)
    larger = F.interpolate(features, scale_factor=2)
    for published, factor in ((False, 1.0), (True, 0.25)):
        gam = PublishedAffinity(16, published=published, temperature=10.0)
        weights = mean_weights(3, exclude_self=not published)
        small, large = (consensus_of(gam.pool(f, gam.region(f, gam.keys(f), weights))) for f in (features, larger))
        assert torch.allclose(large, small * factor, atol=1e-5)


def test_a_refinement_keeps_its_share_of_the_prototypes() -> None:
    torch.manual_seed(3)
    gam = GroupAffinity(channels=6, keys=4, parts=2)
    features, region = torch.randn(3, 6, 4, 4), torch.rand(3, 1, 4, 4)
    consensus = torch.randn(4, 6)
    anew = consensus_of(gam.pool(features, region))
    assert torch.allclose(consensus_of(gam.refined(features, region, consensus)), anew, atol=1e-5)
    gam.kept.data.fill_(0.25)
    found = consensus_of(gam.refined(features, region, consensus))
    assert torch.allclose(found, 0.75 * anew + 0.25 * consensus, atol=1e-5)


def test_checkpoints_from_before_refinements_kept_anything_load() -> None:
    gam = GroupAffinity(channels=6, keys=4, parts=2)
    state = {name: values for name, values in gam.state_dict().items() if name != "kept"}
    gam.kept.data.fill_(1)
    gam.load_state_dict(state)
    assert not gam.kept.any()
