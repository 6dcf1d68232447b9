"""oneDNN's linear layers: the same numbers and names, and the plain ones where they are no gain."""

from __future__ import annotations

import copy

import pytest
import torch

from sonichu_gui.model import onednn
from sonichu_gui.model.onednn import use_onednn

needs_onednn = pytest.mark.skipif(not onednn.is_available(), reason="this torch has no oneDNN")


@pytest.fixture
def always(monkeypatch):
    """Takes the time out of the choice: what is tested are the numbers."""
    monkeypatch.setattr(onednn, "WORTH_IT", 0.0)


@needs_onednn
def test_features_and_state_stay_the_same(vit, always):
    frame = torch.randn(2, 3, 256, 256)
    fast = copy.deepcopy(vit)
    assert use_onednn(fast)
    with torch.inference_mode():
        torch.testing.assert_close(fast.encode(frame), vit.encode(frame), atol=1e-5, rtol=1e-5)
    assert list(fast.state_dict()) == list(vit.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(fast.parameters(), vit.parameters(), strict=True))


@needs_onednn
def test_every_layer_of_the_encoder_is_replaced(vit, always):
    fast = copy.deepcopy(vit)
    use_onednn(fast)
    assert not any(isinstance(part, (onednn.MLP, onednn.Attention)) for part in fast.modules())


@needs_onednn
def test_half_precision_weights_keep_working(vit, always):
    fast = copy.deepcopy(vit).bfloat16()
    plain = copy.deepcopy(fast)
    assert use_onednn(fast)
    frame = torch.randn(1, 3, 256, 256).bfloat16()
    with torch.inference_mode():
        torch.testing.assert_close(fast.encode(frame), plain.encode(frame), atol=0.1, rtol=0.1)


def test_a_network_that_is_no_transformer_is_left_alone(light):
    same = copy.deepcopy(light)
    assert not use_onednn(same)
    assert [type(part) for part in same.modules()] == [type(part) for part in light.modules()]


@pytest.mark.parametrize("reason", ["slower", "other numbers", "no kernel", "not built in"])
def test_the_plain_layers_stay_where_it_is_no_gain(vit, monkeypatch, reason):
    def refuse(*_args, **_options):
        raise RuntimeError("no kernel")

    changes = {
        "slower": ("WORTH_IT", 1e9),
        "other numbers": ("linear", lambda x, weight, bias, **_: x @ weight.T + bias + 1),
        "no kernel": ("linear", refuse),
        "not built in": ("is_available", lambda: False),
    }
    monkeypatch.setattr(onednn, *changes[reason])
    network = copy.deepcopy(vit)
    assert not use_onednn(network)
    assert [type(part) for part in network.modules()] == [type(part) for part in vit.modules()]
