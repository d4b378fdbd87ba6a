"""Losses as torch users write them, on tensors: torch's own where it has one, else the usual lines of its ecosystem."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Tensor = Any
Formula = Callable[[Any, Any], Any]
EPS = 1e-7  # torchvision's
SMOOTH = 1e-6


def of_pairs() -> Mapping[str, Formula]:
    """Losses of flat pairs, by our specs."""
    import torch
    from torch.nn import functional as f

    return {
        "mse": lambda y, z: f.mse_loss(z, y),
        "mae": lambda y, z: f.l1_loss(z, y),
        "huber": lambda y, z: f.huber_loss(z, y),
        "quantile:tau=0.9": lambda y, z: torch.maximum(0.9 * (y - z), -0.1 * (y - z)).mean(),
        "log_cosh": lambda y, z: (z - y + f.softplus(-2 * (z - y)) - math.log(2)).mean(),
        "bce_with_logits": lambda y, z: f.binary_cross_entropy_with_logits(z, y),
        "poisson_nll": lambda y, z: f.poisson_nll_loss(z, y, log_input=False),
        "msle": lambda y, z: f.mse_loss(torch.log1p(z), torch.log1p(y)),
        "mape": lambda y, z: ((y - z).abs() / y.abs().clamp(min=1e-16)).mean(),
        "pseudo_huber": lambda y, z: ((1 + (y - z) ** 2).sqrt() - 1).mean(),
        "expectile:tau=0.8": lambda y, z: ((0.8 - 0.6 * (y < z)) * (y - z) ** 2).mean(),
    }


def of_structures() -> Mapping[str, Formula]:
    """Losses of class scores, masks, boxes and embeddings, by our specs."""
    import torch
    from torch.nn import functional as f

    def infonce(_: None, z: Mapping[str, Tensor]) -> Tensor:
        anchor, positive = f.normalize(z["anchor"]), f.normalize(z["positive"])
        return f.cross_entropy(anchor @ positive.T / 0.1, torch.arange(len(anchor)))

    return {
        "cross_entropy": lambda y, z: f.cross_entropy(z, y),
        "dice": lambda y, p: tversky(y, p, 0.5, 0.5, SMOOTH / 2),
        "iou": lambda y, p: tversky(y, p, 1, 1),
        "tversky": lambda y, p: tversky(y, p, 0.3, 0.7),
        "giou": giou,
        "diou": diou,
        "triplet": lambda _, z: f.triplet_margin_loss(z["anchor"], z["positive"], z["negative"]),
        "infonce": infonce,
    }


def tversky(y: Tensor, p: Tensor, alpha: float, beta: float, smooth: float = SMOOTH) -> Tensor:
    """As segmentation_models_pytorch counts: one product, two more sums."""
    hits, claimed, there = (x.sum(dim=(1, 2)) for x in (p * y, p, y))
    return (1 - (hits + smooth) / (hits + alpha * (claimed - hits) + beta * (there - hits) + smooth)).mean()


def _meeting(y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """torchvision's intersection and union."""
    import torch

    (x1, y1, x2, y2), (x1g, y1g, x2g, y2g) = z.unbind(dim=-1), y.unbind(dim=-1)
    left, top = torch.max(x1, x1g), torch.max(y1, y1g)
    right, bottom = torch.min(x2, x2g), torch.min(y2, y2g)
    meet, touching = torch.zeros_like(x1), (bottom > top) & (right > left)
    meet[touching] = (right[touching] - left[touching]) * (bottom[touching] - top[touching])
    return meet, (x2 - x1) * (y2 - y1) + (x2g - x1g) * (y2g - y1g) - meet


def _hull(y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """The sides of the smallest box around both."""
    import torch

    (x1, y1, x2, y2), (x1g, y1g, x2g, y2g) = z.unbind(dim=-1), y.unbind(dim=-1)
    return torch.max(x2, x2g) - torch.min(x1, x1g), torch.max(y2, y2g) - torch.min(y1, y1g)


def giou(y: Tensor, z: Tensor) -> Tensor:
    """torchvision's generalized_box_iou_loss."""
    (meet, union), (w, h) = _meeting(y, z), _hull(y, z)
    hull = w * h
    return (1 - (meet / (union + EPS) - (hull - union) / (hull + EPS))).mean()


def diou(y: Tensor, z: Tensor) -> Tensor:
    """torchvision's distance_box_iou_loss."""
    (meet, union), (w, h) = _meeting(y, z), _hull(y, z)
    (x1, y1, x2, y2), (x1g, y1g, x2g, y2g) = z.unbind(dim=-1), y.unbind(dim=-1)
    apart = ((x2 + x1) / 2 - (x1g + x2g) / 2) ** 2 + ((y1 + y2) / 2 - (y1g + y2g) / 2) ** 2
    return (1 - meet / (union + EPS) + apart / (w**2 + h**2 + EPS)).mean()
