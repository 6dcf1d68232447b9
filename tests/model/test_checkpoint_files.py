"""Files of checkpoints that are broken, lie, or want to run code."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonichu_gui.model.checkpoints import CheckpointError, open_checkpoint
from sonichu_gui.model.modeling_sonichu import HeadConfig, SonichuConfig, SonichuModel, ViTConfig
from sonichu_gui.prediction.folder_files import weights_in


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """The tensors of a small feature extractor."""
    torch.manual_seed(0)
    config = SonichuConfig(
        image_size=32,
        heatmap_size=8,
        backbone=ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2),
        head=HeadConfig(channels=8),
        tasks={},
    )
    return SonichuModel(config).state_dict()


def refused(path: Path, reason: str, **how) -> str:
    with pytest.raises(CheckpointError, match=reason) as caught:
        open_checkpoint(path, **how)
    assert path.name in str(caught.value)
    assert "weights_only=False" not in str(caught.value)
    return str(caught.value)


# --- pickles -------------------------------------------------------------------------------------


class Touch:
    """Unpickled by a reader that does what it is told, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_pickle_that_wants_code_is_refused_and_its_code_not_run(state, zipped, tmp_path):
    trace = tmp_path / "code-ran"
    path = tmp_path / "evil.pth"
    torch.save({**state, "z": Touch(trace)}, path, _use_new_zipfile_serialization=zipped)
    message = refused(path, r"reading it would run code: it asks for (posix|nt)\.mkdir")
    assert "Convert it to safetensors" in message
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists()  # the trap does work


def test_a_bare_pickle_that_wants_code_is_refused(tmp_path):
    trace = tmp_path / "code-ran"
    path = tmp_path / "bare.bin"
    path.write_bytes(pickle.dumps(Touch(trace), protocol=4))  # of which torch also warns
    refused(path, "bare.bin")
    assert not trace.exists()


def test_settings_kept_as_objects_are_named_in_the_refusal(state, tmp_path):
    torch.save({"model": state, "args": argparse.Namespace(lr=1)}, tmp_path / "run.pth")
    refused(tmp_path / "run.pth", r"it asks for argparse\.Namespace")


def test_a_whole_module_is_refused(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    refused(tmp_path / "module.pt", "would run code")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_both_formats_of_torch_are_read(state, zipped, tmp_path):
    path = tmp_path / "plain.pth"
    torch.save({"model": state}, path, _use_new_zipfile_serialization=zipped)
    opened = open_checkpoint(path)
    assert torch.equal(opened.model.state_dict()["backbone.norm.bias"], state["backbone.norm.bias"])


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_half_a_file_is_refused(state, zipped, share, tmp_path):
    path = tmp_path / "half.pth"
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path, r"half\.pth: (cut off or damaged|not a whole file)")


def test_an_archive_that_unpacks_to_more_than_itself_is_refused(state, tmp_path):
    plain, bomb = tmp_path / "plain.pth", tmp_path / "bomb.pth"
    torch.save(state, plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.namelist():
            target.writestr(entry, source.read(entry))
        target.writestr("archive/data/9999", bytes(50_000_000))
    refused(bomb, "refused: .* bytes that claim to unpack to")


@pytest.mark.parametrize(
    ("content", "kind"), [([torch.zeros(2)], "list"), (torch.zeros(2), "Tensor"), (7, "int")]
)
def test_other_contents_than_a_table_are_refused(content, kind, tmp_path):
    torch.save(content, tmp_path / "other.pt")
    refused(tmp_path / "other.pt", f"it holds a {kind}, not a table of tensors")


def test_a_table_without_tensors_is_refused(tmp_path):
    torch.save({"epoch": 3, "name": "x"}, tmp_path / "empty.pt")
    refused(tmp_path / "empty.pt", "it holds no tensors")


def test_a_table_that_holds_itself_is_refused(tmp_path):
    loop: dict = {"a": torch.zeros(1)}
    loop["self"] = loop
    torch.save(loop, tmp_path / "loop.pt")
    refused(tmp_path / "loop.pt", "nested without end")


def test_tables_that_multiply_are_refused(tmp_path):
    table: object = 1
    for _ in range(14):
        table = {str(number): table for number in range(10)}
    torch.save(table, tmp_path / "laughs.pt")
    refused(tmp_path / "laughs.pt", "nested without end")


def test_a_tensor_larger_than_its_file_is_refused(state, tmp_path):
    wide = torch.zeros(1).expand(1 << 20, 1 << 20)
    torch.save({**state, "wide": wide}, tmp_path / "wide.pt")
    refused(tmp_path / "wide.pt", "wide claims 4398046511104 bytes that the file does not hold")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_weights_that_are_not_finite_are_named(state, bad, name, tmp_path):
    tensors = {key: tensor.clone() for key, tensor in state.items()}
    tensors["backbone.blocks.0.attn.proj.bias"][3] = bad
    if name.endswith(".pth"):
        torch.save(tensors, tmp_path / name)
    else:
        safetensors.torch.save_file(tensors, tmp_path / name)
    refused(tmp_path / name, r"not finite numbers: backbone\.blocks\.0\.attn\.proj\.bias")


def test_whole_numbers_in_place_of_weights_are_named(state, tmp_path):
    name = "backbone.norm.weight"
    torch.save({**state, name: state[name].to(torch.int8)}, tmp_path / "int8.pt")
    refused(tmp_path / "int8.pt", r"backbone\.norm\.weight: I8\[16\], expected \[16\] of floats")


def test_sparse_weights_are_refused(state, tmp_path):
    name = "backbone.blocks.0.attn.proj.weight"
    torch.save({**state, name: state[name].to_sparse()}, tmp_path / "sparse.pt")
    refused(tmp_path / "sparse.pt", "is not a plain tensor of numbers but torch.sparse_coo")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantised_weights_are_refused(state, tmp_path):
    name = "backbone.blocks.0.attn.proj.weight"
    quantised = torch.quantize_per_tensor(state[name], 0.1, 0, torch.qint8)
    torch.save({**state, name: quantised}, tmp_path / "quantised.pt")
    refused(tmp_path / "quantised.pt", "quantised|it asks for")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_is_refused_or_harmless(state, tmp_path_factory, data):
    buffer = io.BytesIO()
    torch.save(dict(list(state.items())[:3]), buffer)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        open_checkpoint(path)  # too few tensors, whole or not


# --- safetensors and folders ---------------------------------------------------------------------


def test_a_header_that_lies_is_refused(tmp_path):
    path = tmp_path / "lie.safetensors"
    path.write_bytes((1 << 60).to_bytes(8, "little") + b"{}")
    refused(path, "its header has 1152921504606846976 bytes, and has 10 in all")


@pytest.mark.parametrize("name", ["pointer.safetensors", "pointer.pth"])
def test_a_pointer_left_by_git_lfs_is_called_so(name, tmp_path):
    (tmp_path / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    refused(tmp_path / name, "Git LFS pointer")


@pytest.mark.parametrize("name", ["none.safetensors", "none.pth", "none"])
def test_a_path_to_nothing_is_refused(name, tmp_path):
    refused(tmp_path / name, "none")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "weights.onnx").write_bytes(b"x")
    refused(tmp_path / "weights.onnx", r"not a file of weights by its name \(\.safetensors, \.pth")


def test_an_empty_folder_is_refused(tmp_path):
    refused(tmp_path, "there is no file of weights in it")


def test_a_folder_with_several_files_of_weights_names_them(state, tmp_path):
    for name in ("a.pth", "b.bin"):
        torch.save(state, tmp_path / name)
    refused(tmp_path, r"several files of weights, name one: a\.pth, b\.bin")


@pytest.mark.parametrize(
    ("weights", "other"),
    [
        ("pytorch_model.bin", "other.bin"),  # the usual name wins
        ("vit.pth", "code.tar"),
        ("vit.pth", "._vit.pth"),  # what macOS leaves on foreign disks
    ],
)
def test_a_folder_is_opened_by_the_weights_that_it_is_added_by(state, weights, other, tmp_path):
    torch.save(state, tmp_path / weights)
    (tmp_path / other).write_bytes(b"something else")
    assert weights_in(tmp_path) == (tmp_path / weights,)
    assert open_checkpoint(tmp_path).layout is not None


def test_what_training_leaves_beside_weights_is_not_taken_for_them(state, tmp_path):
    torch.save(state, tmp_path / "pytorch_model.bin")
    for name in ("optimizer.pt", "training_args.bin"):
        torch.save({}, tmp_path / name)
    assert open_checkpoint(tmp_path).layout is not None


def test_safetensors_are_preferred_to_pickles(state, tmp_path):
    torch.save({"nothing": torch.zeros(1)}, tmp_path / "weights.pth")
    safetensors.torch.save_file(state, tmp_path / "encoder.safetensors")
    assert open_checkpoint(tmp_path).layout is not None


@pytest.fixture
def shards(state, tmp_path) -> Path:
    """The index of a folder of two shards."""
    names = list(state)
    parts = {"model-1.safetensors": names[:5], "model-2.safetensors": names[5:]}
    for file, some in parts.items():
        safetensors.torch.save_file({name: state[name] for name in some}, tmp_path / file)
    weight_map = {name: file for file, some in parts.items() for name in some}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return index


def edit(index: Path, change) -> None:
    content = json.loads(index.read_text())
    change(content)
    index.write_text(json.dumps(content))


def test_shards_are_read_through_their_index(state, shards):
    loaded = open_checkpoint(shards.parent).model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize(
    "outside",
    ["../model-1.safetensors", "/etc/x.safetensors", "a/b.safetensors", "C:\\x.safetensors", 7],
)
def test_a_shard_outside_its_folder_is_refused(shards, outside):
    edit(shards, lambda content: content["weight_map"].update({"backbone.norm.bias": outside}))
    with pytest.raises(CheckpointError, match="is not a file of its folder"):
        open_checkpoint(shards.parent)


def test_a_missing_shard_is_named(shards):
    shards.with_name("model-2.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model-2\.safetensors: No such file"):
        open_checkpoint(shards.parent)


def test_a_shard_without_what_the_index_says_is_refused(shards):
    edit(shards, lambda content: content["weight_map"].update({"new": "model-1.safetensors"}))
    with pytest.raises(CheckpointError, match="does not hold the tensors") as caught:
        open_checkpoint(shards.parent)
    assert caught.value.missing == ("new",)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(shards, content):
    shards.write_text(content)
    with pytest.raises(CheckpointError, match="not an index of shards"):
        open_checkpoint(shards.parent)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 100_000, b'"x"'])
@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
def test_a_foreign_file_beside_the_weights_never_stops_them(state, name, content, tmp_path):
    torch.save(state, tmp_path / "weights.pth")
    (tmp_path / name).write_bytes(content)
    assert open_checkpoint(tmp_path).layout is not None


def test_code_beside_foreign_weights_is_never_run(state, tmp_path):
    torch.save(state, tmp_path / "weights.pth")
    for name in ("modeling_sonichu.py", "inference.py", "__init__.py", "torch.py"):
        (tmp_path / name).write_text("raise SystemExit('foreign code ran')")
    assert open_checkpoint(tmp_path).layout is not None
