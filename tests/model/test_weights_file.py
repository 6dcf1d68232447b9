"""The table of a safetensors file: read as its own library reads it, and every lie refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sonichu_gui.model.weights_file import TensorSpec, WeightsFileError, read_table


def write(path: Path, header: object, data: bytes = b"", *, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + text + data)
    return path


def row(begin: int, end: int, *shape: int, dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def test_a_table_is_what_was_written(tmp_path):
    tensors = {
        "a": torch.zeros(2, 3),
        "scalar": torch.tensor(7),
        "half": torch.zeros(4, dtype=torch.float16),
        "brain": torch.zeros(1, 2, dtype=torch.bfloat16),
        "empty": torch.zeros(0, 5),
        "flags": torch.zeros(3, dtype=torch.bool),
    }
    safetensors.torch.save_file(tensors, tmp_path / "x.safetensors", {"format": "pt"})
    assert read_table(tmp_path / "x.safetensors") == {
        "a": TensorSpec("F32", (2, 3)),
        "scalar": TensorSpec("I64", ()),
        "half": TensorSpec("F16", (4,)),
        "brain": TensorSpec("BF16", (1, 2)),
        "empty": TensorSpec("F32", (0, 5)),
        "flags": TensorSpec("BOOL", (3,)),
    }


LIES = {
    "no offsets": ({"a": {"dtype": "F32", "shape": [1]}}, 4, "not described by"),
    "a surplus key": ({"a": {**row(0, 4, 1), "more": 1}}, 4, "not described by"),
    "a negative offset": ({"a": row(-4, 0, 1)}, 4, "not made of whole numbers"),
    "a negative shape": ({"a": row(0, 4, -1, -1)}, 4, "not made of whole numbers"),
    "a fraction": ({"a": row(0, 4, 1.0)}, 4, "not made of whole numbers"),
    "true for one": ({"a": row(0, 4, True)}, 4, "not made of whole numbers"),
    "backwards": ({"a": row(4, 0, 1)}, 4, "cannot lie from byte 4 to byte 0"),
    "another size": ({"a": row(0, 4, 2)}, 4, "cannot lie"),
    "an overflow": ({"a": row(0, 0, 1 << 33, 1 << 33)}, 0, "cannot lie"),
    "a shape of many factors": ({"a": row(0, 4, *[1] * 65)}, 4, "not made of whole numbers"),
    "an unknown type": ({"a": row(0, 4, 1, dtype="F33")}, 4, "unknown number type 'F33'"),
    "overlap": ({"a": row(0, 8, 2), "b": row(4, 12, 2)}, 12, "'b' overlaps"),
    "the same bytes": ({"a": row(0, 4, 1), "b": row(0, 4, 1)}, 4, "overlaps"),
    "a gap": ({"a": row(0, 4, 1), "b": row(8, 12, 1)}, 12, "'b' leaves a gap"),
    "a gap at the start": ({"a": row(4, 8, 1)}, 8, "leaves a gap"),
    "too little data": ({"a": row(0, 4, 1)}, 3, "take 4 bytes, and 3 follow"),
    "too much data": ({"a": row(0, 4, 1)}, 5, "take 4 bytes, and 5 follow"),
    "a list": ([1], 0, "not a JSON object"),
    "a row that is a list": ({"a": [1]}, 0, "not described by"),
    "no JSON": (b"{'a': 1}", 0, "not a whole safetensors file"),
    "no text": (b"{\xff\xfe}", 0, "not a whole safetensors file"),
    "space first": (b' {"a":1}', 0, "not a JSON object"),
    "twice the same": (b'{"a": 1, "a": 1}', 0, "'a' stands twice"),
    "depth without end": (b'{"a":' + b"[" * 200_000, 0, "not a whole safetensors file"),
    "a number without end": (b'{"a":' + b"9" * 100_000 + b"}", 0, "not a whole safetensors file"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_header_that_lies_is_refused_by_name(lie, tmp_path):
    header, size, reason = lie
    path = write(tmp_path / "lie.safetensors", header, bytes(size))
    with pytest.raises(WeightsFileError, match=reason) as caught:
        read_table(path)
    assert "lie.safetensors" in str(caught.value)


@pytest.mark.parametrize("length", [3, 1 << 20, 100_000_001, 1 << 40, (1 << 64) - 1])
def test_a_header_longer_than_its_file_is_refused(length, tmp_path):
    path = write(tmp_path / "x.safetensors", b"{}", length=length)
    with pytest.raises(WeightsFileError, match=f"its header has {length} bytes, and has 10 in all"):
        read_table(path)


def test_a_header_longer_than_the_format_allows_is_not_read(tmp_path):
    path = tmp_path / "x.safetensors"
    with path.open("wb") as file:
        file.write((100_000_001).to_bytes(8, "little"))
        file.truncate(200_000_000)  # sparse: takes no room
    with pytest.raises(WeightsFileError, match="longer than allowed"):
        read_table(path)


@pytest.mark.parametrize("content", [b"", b"\0", b"{}", b"\0" * 8])
def test_a_stub_is_refused(content, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsFileError, match=r"x\.safetensors"):
        read_table(path)


def test_a_pointer_left_by_git_lfs_is_called_so(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(WeightsFileError, match="Git LFS pointer"):
        read_table(path)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "x.safetensors")


def test_no_lie_takes_more_memory_than_the_file(tmp_path):
    """Measured in a process of its own: the refusal of a petabyte takes no more than a table."""
    huge = 1 << 50
    write(tmp_path / "a.safetensors", b"{}", length=huge)
    write(tmp_path / "b.safetensors", {"a": row(0, huge, huge // 4)}, b"1234")
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from sonichu_gui.model.weights_file import read_table, WeightsFileError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for name in 'ab':\n"
        "    try: read_table(Path(sys.argv[1]) / f'{name}.safetensors')\n"
        "    except WeightsFileError: continue\n"
        "    sys.exit('not refused')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 4096  # KiB


SMALL = safetensors.torch.save({"a": torch.zeros(2, 3), "b.c": torch.ones(4).half()})


def library_table(path: Path) -> dict[str, tuple[str, tuple[int, ...]]] | None:
    """What the format's own library says; None where it refuses."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {n: (s.get_dtype(), tuple(s.get_shape())) for n, s in slices.items()}
    except (safetensors.SafetensorError, OSError, ValueError):
        return None


def agrees_with_the_library(path: Path) -> None:
    """Whatever is accepted, the library accepts and reads alike."""
    try:
        table = read_table(path)
    except WeightsFileError:
        return
    assert {name: (spec.dtype, spec.shape) for name, spec in table.items()} == library_table(path)


@settings(max_examples=200)
@given(st.integers(0, len(SMALL) - 1), st.integers(0, 255))
def test_a_file_with_any_byte_changed_is_read_as_its_library_does_or_refused(
    tmp_path_factory, place, byte
):
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    path.write_bytes(SMALL[:place] + bytes([byte]) + SMALL[place + 1 :])
    agrees_with_the_library(path)


numbers = st.integers(-2, 12) | st.integers() | st.floats() | st.booleans() | st.none()
rows = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "U8", "I64", "BOOL", "F4", "f32", 3]),
        "shape": st.lists(numbers, max_size=3),
        "data_offsets": st.lists(st.integers(0, 12), min_size=1, max_size=3),
    }
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), rows), st.integers(0, 12))
def test_any_table_is_read_as_its_library_does_or_refused(tmp_path_factory, header, size):
    path = tmp_path_factory.getbasetemp() / "table.safetensors"
    agrees_with_the_library(write(path, header, bytes(size)))
