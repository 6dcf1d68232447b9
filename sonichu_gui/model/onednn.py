"""The encoder's linear layers computed by oneDNN where that is faster: the same numbers.

PyTorch gives float32 matrix products on a CPU to MKL, which takes its slower route on processors
that are not Intel's: measured on an AMD EPYC with AVX-512, 207 GFLOP/s against oneDNN's 458, and
256 ms against 127 for a ViT-B/16 frame. oneDNN also joins the GELU to the product before it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonichu_gui.model.modeling_sonichu import MLP, Attention

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonichu_gui.model.modeling_sonichu import SonichuModel

__all__ = ["is_available", "linear", "use_onednn"]

WORTH_IT = 1.05
"""How much faster it must be; below that the plain layers stay."""

TOLERANCE = 1e-4
ROUNDS = 5


def is_available() -> bool:
    """Whether this build of PyTorch has the operation."""
    return torch.backends.mkldnn.is_available() and hasattr(  # type: ignore[no-untyped-call]
        torch.ops.mkldnn, "_linear_pointwise"
    )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> Tensor:
    """(…, in) -> (…, out): ``F.linear``, with ``gelu`` followed by the exact GELU."""
    after, how = ("gelu", "none") if gelu else ("none", "")
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, after, [], how)  # noqa: SLF001
    return out


def use_onednn(network: SonichuModel) -> bool:
    """Replaces the linear layers of a transformer on the CPU, in place, where it pays.

    Names and tensors of the state stay the same.

    Returns:
        Whether they were replaced.
    """
    first = next((part for part in network.modules() if isinstance(part, MLP)), None)
    if first is None or first.fc1.weight.device.type != "cpu" or not is_available():
        return False
    if not _pays(first):
        return False
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, MLP):
                setattr(part, name, _MLP(child))
            elif isinstance(child, Attention):
                setattr(part, name, _Attention(child))
    return True


class _Attention(nn.Module):
    def __init__(self, plain: Attention) -> None:
        super().__init__()
        self.heads, self.qkv, self.proj = plain.heads, plain.qkv, plain.proj

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        batch, tokens, width = x.shape
        qkv = linear(x, self.qkv.weight, self.qkv.bias)
        q, k, v = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if x.dtype is torch.bfloat16:
            # The joined kernel has no fast route for so few tokens: step by step takes 40 % of it.
            q = q * q.shape[-1] ** -0.5
            shares = (q.contiguous() @ k.transpose(-1, -2).contiguous()).softmax(-1)
            x = shares @ v.contiguous()
        else:
            x = F.scaled_dot_product_attention(q, k, v)
        x = x.transpose(1, 2).reshape(batch, tokens, width)
        return linear(x, self.proj.weight, self.proj.bias)


class _MLP(nn.Module):
    def __init__(self, plain: MLP) -> None:
        super().__init__()
        self.fc1, self.fc2 = plain.fc1, plain.fc2

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        wide = linear(x, self.fc1.weight, self.fc1.bias, gelu=True)
        return linear(wide, self.fc2.weight, self.fc2.bias)


@torch.inference_mode()
def _pays(mlp: MLP) -> bool:
    """Whether oneDNN gives the numbers of the plain layer, and sooner."""
    weight, bias = mlp.fc1.weight, mlp.fc1.bias
    x = torch.linspace(-1, 1, 256 * weight.shape[1], dtype=weight.dtype).view(256, -1)
    plain = F.gelu(F.linear(x, weight, bias))
    try:
        joined = linear(x, weight, bias, gelu=True)
    except RuntimeError:  # a number type or a processor that it has no kernel for
        return False
    # Low precision is as exact as its own steps: the plain layer rounds once more before the GELU.
    tolerance = max(TOLERANCE, 4 * torch.finfo(weight.dtype).eps)
    if not torch.allclose(plain, joined, atol=tolerance, rtol=tolerance):
        return False
    slow = _fastest(lambda: F.gelu(F.linear(x, weight, bias)))
    return slow >= WORTH_IT * _fastest(lambda: linear(x, weight, bias, gelu=True))


def _fastest(work: Callable[[], Tensor]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
