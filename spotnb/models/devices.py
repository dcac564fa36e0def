"""Whether a torch device can be used on this machine."""

from __future__ import annotations

import torch

from spotnb.support.reasons import reason_of


def why_unusable(device: torch.device) -> str:
    """Return why nothing can be computed on a device, or "" if it can be used."""
    if device.type == "meta":
        return "it computes nothing"
    try:
        torch.empty(0, device=device)
    except Exception as error:  # torch raises many types of errors
        return reason_of(error)
    return ""
