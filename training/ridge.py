"""Ridge regression."""

from __future__ import annotations

import torch
from torch import Tensor


def ridge_solution(x: Tensor, y: Tensor, ridge: float | Tensor) -> Tensor:
    """Return the `w` `[D, K]` with the smallest `|x w - y|^2 + ridge |w|^2`, for `x` `[N, D]` and `y` `[N, K]`."""
    gram = x.T @ x
    return torch.linalg.solve(gram + ridge * torch.eye(len(gram), dtype=x.dtype), x.T @ y)
