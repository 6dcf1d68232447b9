"""The network as a device runs it fastest: number type and layout of its weights.

Nothing about the network changes but how its products are computed. Matrices and kernels are cast
to the number type once, not at every call as autocast does. On a CPU they are also laid out once as
oneDNN wants them: torch does that at every call, or takes a slower library for float32. What
decides about places stays float32: the residual stream and its norms, the last convolution of a
head, the decoding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .modeling_sonichu import MLP, Attention

__all__ = [
    "PackedDeconvolution",
    "PackedLinear",
    "PackedMLP",
    "PlainAttention",
    "can_pack",
    "speed_up",
]


def speed_up(network: nn.Module, dtype: torch.dtype) -> None:
    """Changes ``network`` so that its products are computed in ``dtype``; other uses are over.

    Args:
        network: a model or its heads, in evaluation mode, on the device where it is to run.
        dtype: float32, bfloat16 or float16.
    """
    device = next(network.parameters()).device
    _replace_children(network, dtype, pack=can_pack(device, dtype))


def can_pack(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether oneDNN takes weights of that type laid out beforehand, on that device."""
    has_mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(device.type == "cpu" and has_mkldnn and _packs(dtype))


@lru_cache
@torch.inference_mode()
def _packs(dtype: torch.dtype) -> bool:
    """Whether packed layers give here what the plain ones do.

    What they call is not part of torch's promised interface: another build may lack it, and a
    processor may have no kernel for the number type.
    """
    with torch.random.fork_rng(devices=[]):  # making layers draws numbers: nobody else's
        linear = nn.Linear(32, 16)
        deconvolution = nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1, bias=False)
    rows = torch.linspace(-1, 1, 64).view(2, 32)
    maps = torch.linspace(-1, 1, 256).view(1, 16, 4, 4)
    tolerance = max(1e-5, 4 * torch.finfo(dtype).eps)
    try:
        pairs = (
            (PackedLinear(linear, dtype)(rows), linear(rows)),
            (PackedLinear(linear, dtype, gelu=True)(rows), F.gelu(linear(rows))),
            (PackedDeconvolution(deconvolution, dtype)(maps), deconvolution(maps)),
        )
    except (AttributeError, RuntimeError):
        return False
    return all(
        torch.allclose(packed.float(), plain, atol=tolerance, rtol=tolerance)
        for packed, plain in pairs
    )


def _replace_children(parent: nn.Module, dtype: torch.dtype, *, pack: bool) -> None:
    for name, child in parent.named_children():
        if name == "final_layer":
            child.register_forward_pre_hook(_as_float32)
        elif pack and isinstance(child, MLP):
            setattr(parent, name, PackedMLP(child, dtype))
        elif pack and isinstance(child, nn.Linear):
            setattr(parent, name, PackedLinear(child, dtype))
        elif pack and isinstance(child, nn.ConvTranspose2d):
            setattr(parent, name, PackedDeconvolution(child, dtype))
        elif dtype != torch.float32 and isinstance(
            child, nn.Linear | nn.Conv2d | nn.ConvTranspose2d
        ):
            child.to(dtype).register_forward_pre_hook(_as_weight)
        else:
            _replace_children(child, dtype, pack=pack)
            if pack and dtype == torch.bfloat16 and isinstance(child, Attention):
                setattr(parent, name, PlainAttention(child))


def _as_float32(_layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0].float(),)


def _as_weight(layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    weight = layer.weight
    return (inputs[0].to(weight.dtype),) if isinstance(weight, Tensor) else inputs


class _Packed(nn.Module):
    """A layer whose weights are cast and laid out for oneDNN by its first call.

    Not sooner: loading maps the file and reads none of its tensors, and most heads of a model are
    never asked.
    """

    def __init__(self, layer: nn.Linear | nn.ConvTranspose2d, dtype: torch.dtype) -> None:
        super().__init__()
        bias: Tensor | None = layer.bias
        self.dtype = dtype
        self.bias = None if bias is None else bias.detach().to(dtype)
        self._layer = layer
        self._packed: Tensor | None = None

    def _weights(self, lay_out: Callable[[Tensor], Tensor]) -> Tensor:
        if self._packed is None:
            self._packed = lay_out(self._layer.weight.detach().to(self.dtype))
            del self._layer
        return self._packed


class PackedLinear(_Packed):
    """A linear layer by oneDNN, with ``gelu`` through an exact GELU."""

    def __init__(self, layer: nn.Linear, dtype: torch.dtype, *, gelu: bool = False) -> None:
        super().__init__(layer, dtype)
        self._then: tuple[str, list[float], str] = (
            ("gelu", [], "none") if gelu else ("none", [], "")
        )

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) -> (…, out) in the layer's number type."""
        known = torch.ops.mkldnn
        # The number of rows to lay out for changes nothing that could be measured.
        matrix = self._weights(lambda plain: known._reorder_linear_weight(plain, 256))  # noqa: SLF001
        made: Tensor = known._linear_pointwise(  # noqa: SLF001
            x.to(self.dtype), matrix, self.bias, *self._then
        )
        return made


class PackedMLP(nn.Module):
    """The two layers of a block's MLP, the GELU between them joined to the first product."""

    def __init__(self, mlp: MLP, dtype: torch.dtype) -> None:
        super().__init__()
        self.fc1 = PackedLinear(mlp.fc1, dtype, gelu=True)
        self.fc2 = PackedLinear(mlp.fc2, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        out: Tensor = self.fc2(self.fc1(x))
        return out


class PackedDeconvolution(_Packed):
    """A transposed convolution by oneDNN."""

    def __init__(self, layer: nn.ConvTranspose2d, dtype: torch.dtype) -> None:
        super().__init__(layer, dtype)
        self._geometry = (
            list(layer.padding),
            list(layer.output_padding),
            list(layer.stride),
            list(layer.dilation),
            layer.groups,
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, h, w) -> (B, out, stride h, stride w) in the layer's number type."""
        known = torch.ops.mkldnn
        kernels = self._weights(
            lambda plain: known._reorder_convolution_transpose_weight(  # noqa: SLF001
                plain, *self._geometry, list(x.shape)
            )
        )
        # One dense layout in and out, so that batch norm and the next layer need not turn it.
        maps = x.to(self.dtype, memory_format=torch.channels_last)
        made: Tensor = known._convolution_transpose_pointwise(  # noqa: SLF001
            maps, kernels, self.bias, *self._geometry, "none", [], ""
        )
        return made


class PlainAttention(nn.Module):
    """Attention by two products and a softmax.

    In bfloat16 and without AMX, torch's fused kernel multiplies half as fast as oneDNN.
    """

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.heads = attention.heads
        self.qkv = attention.qkv
        self.proj = attention.proj

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        batch, tokens, width = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).contiguous()
        scores = (q * q.shape[-1] ** -0.5) @ k.mT
        mixed = F.softmax(scores, dim=-1) @ v
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return out
