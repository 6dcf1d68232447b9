"""From an image file to keypoints in its pixels, as a small library and as a command.

    python inference.py IMAGE TASK [--model DIR] [--out PNG] [--no-tta]

Runs beside the weights of a model folder with torch, numpy, opencv and safetensors installed.

This module holds the one conversion between the network's coordinates and image pixels. The network
sees the whole frame resized to a square, and answers in fractions of the frame counted from its
corner (0 = left or upper edge, 1 = right or lower edge). Pixels here are counted from the *centre*
of the top-left pixel, x to the right, y down: a fraction u of a frame W pixels wide is the pixel
u * W - 0.5. The quick start of the model card prints u * W, pixels counted from the corner, which
is half a pixel more.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

# Inside the package the neighbour is a relative import; in a copied folder a top-level module.
if TYPE_CHECKING or __package__:
    from .modeling_sonichu import (
        CheckpointError,
        KeypointOutput,
        SonichuModel,
        SonichuPreprocessor,
        TaskConfig,
    )
else:
    from modeling_sonichu import (
        CheckpointError,
        KeypointOutput,
        SonichuModel,
        SonichuPreprocessor,
        TaskConfig,
    )

__all__ = [
    "PixelKeypoints",
    "UntrainedHeadError",
    "covariance_to_pixels",
    "detect_keypoints",
    "draw_overlay",
    "load_image",
    "preprocess",
    "to_normalised",
    "to_pixel_keypoints",
    "to_pixels",
]

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]


class UntrainedHeadError(LookupError):
    """The model has a head for the task, but with its random start: points would mean nothing."""


@dataclass(frozen=True, slots=True)
class PixelKeypoints:
    """Keypoints of one frame in image pixels, (0, 0) being the centre of the top-left pixel.

    Attributes:
        points: (K, 2) x and y.
        confidence: (K,) in [0, 1].
        covariance: (K, 2, 2) in pixels squared.
        alternatives: (K, 3, 3), x, y and confidence of up to three other candidates, best first;
            NaN where there are fewer.
        disagreement: (K,) half the way between what the frame and its mirror image said; None
            where only one was asked.
    """

    points: Floats
    confidence: Floats
    covariance: Floats
    alternatives: Floats
    disagreement: Floats | None


def to_pixels(xy_norm: npt.ArrayLike, width: int, height: int) -> Floats:
    """Fractions of the frame (…, 2), counted from its corner, to image pixels (…, 2)."""
    return np.asarray(xy_norm, np.float64) * (width, height) - 0.5


def to_normalised(xy_px: npt.ArrayLike, width: int, height: int) -> Floats:
    """Image pixels (…, 2) to fractions of the frame (…, 2): the inverse of ``to_pixels``."""
    return (np.asarray(xy_px, np.float64) + 0.5) / (width, height)


def covariance_to_pixels(covariance: npt.ArrayLike, width: int, height: int) -> Floats:
    """Covariance (…, 2, 2) in fractions of the frame squared to pixels squared."""
    size = np.array([width, height], np.float64)
    return np.asarray(covariance, np.float64) * np.outer(size, size)


def to_pixel_keypoints(output: KeypointOutput, width: int, height: int) -> PixelKeypoints:
    """The first frame of the model's answer in pixels of a frame ``width`` x ``height``."""
    alternatives = output.alternatives[0].cpu().numpy().astype(np.float64)
    alternatives[..., :2] = to_pixels(alternatives[..., :2], width, height)
    disagreement = None
    if output.views is not None:
        apart = np.diff(to_pixels(output.views[:, 0].cpu().numpy(), width, height), axis=0)[0]
        disagreement = np.linalg.norm(apart, axis=-1) / 2
    return PixelKeypoints(
        points=to_pixels(output.xy[0].cpu().numpy(), width, height),
        confidence=output.confidence[0].cpu().numpy().astype(np.float64),
        covariance=covariance_to_pixels(output.covariance[0].cpu().numpy(), width, height),
        alternatives=alternatives,
        disagreement=disagreement,
    )


def load_image(path: str | os.PathLike[str]) -> Image:
    """The image file as height x width x 3 RGB, 8 bit.

    Raises:
        OSError: when the file cannot be read.
        ValueError: when it holds no image that can be decoded.
    """
    # cv2.imread fails on paths outside the system's code page, so it gets bytes instead.
    content = np.fromfile(path, np.uint8)
    bgr = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if bgr is None:
        raise ValueError(f"{os.fspath(path)}: not an image that can be decoded")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def preprocess(image: Image, preprocessor: SonichuPreprocessor) -> Tensor:
    """A uint8 frame, grey or RGB, to the network's input (1, 3, S, S)."""
    pixel_values: Tensor = preprocessor(image)["pixel_values"]
    return pixel_values


def detect_keypoints(
    model: SonichuModel,
    preprocessor: SonichuPreprocessor,
    image: Image,
    *,
    task: str,
    tta: bool = True,
) -> PixelKeypoints:
    """Keypoints of one uint8 frame (grey or RGB), in its pixels.

    Raises:
        UntrainedHeadError: when the model knows the task but was never trained for it.
        ValueError: for an unknown task or an image of another kind.
    """
    if task in model.task_names and not model.config.tasks[task].trained:
        raise UntrainedHeadError(f"this model has no trained head for {task}")
    device = next(model.parameters()).device
    output = model.detect(preprocess(image, preprocessor).to(device), task, tta)
    height, width = image.shape[:2]
    return to_pixel_keypoints(output, width, height)


# Okabe-Ito: told apart by colour-blind readers too, and none is close to the grey of a frame.
_COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0))
_SUBPIXEL_BITS = 4


def draw_overlay(rgb: Image, points: npt.ArrayLike, task: TaskConfig) -> Image:
    """A copy of the frame (height x width x 3) with numbered points and a line between the ends.

    Args:
        rgb: the frame.
        points: (K, 2) image pixels; those that are not finite are left out.
        task: which points are the two ends of one axis.
    """
    canvas = np.array(rgb, np.uint8)
    unit = max(1.0, min(canvas.shape[:2]) / 400)
    thickness = round(unit)
    # OpenCV draws at fractions of a pixel when told how many binary digits the fraction has.
    fixed = {
        i: tuple(int(v) for v in np.rint(point * (1 << _SUBPIXEL_BITS)))
        for i, point in enumerate(np.asarray(points, np.float64))
        if np.isfinite(point).all()
    }
    ink = {i: _COLOURS[i % len(_COLOURS)] for i in fixed}
    for number, pair in enumerate(task.pairs):
        ink |= {i: _COLOURS[number % len(_COLOURS)] for i in pair if i in fixed}
        if all(i in fixed for i in pair):
            start, end = (fixed[i] for i in pair)
            cv2.line(canvas, start, end, ink[pair[0]], thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    radius = round(4 * unit * (1 << _SUBPIXEL_BITS))
    for i, centre in fixed.items():
        # A dark rim keeps the point visible on bright bone.
        for colour, width in (((0, 0, 0), 3 * thickness), (ink[i], thickness)):
            cv2.circle(canvas, centre, radius, colour, width, cv2.LINE_AA, _SUBPIXEL_BITS)
        corner = tuple(int(v / (1 << _SUBPIXEL_BITS) + 6 * unit) for v in centre)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(canvas, str(i + 1), corner, font, 0.4 * unit, ink[i], thickness, cv2.LINE_AA)
    return canvas


def _save_png(path: Path, rgb: Image) -> None:
    _, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    path.write_bytes(png.tobytes())


def _run(image_path: Path, task: str, *, folder: Path, out: Path, tta: bool) -> None:
    model = SonichuModel.from_pretrained(folder)
    preprocessor = SonichuPreprocessor.from_pretrained(folder)
    image = load_image(image_path)
    found = detect_keypoints(model, preprocessor, image, task=task, tta=tta)
    settings = model.config.tasks[task]
    print("keypoint\tx\ty\tconfidence\t(pixels from the centre of the top-left pixel)")
    for name, (x, y), confidence in zip(
        settings.keypoints, found.points, found.confidence, strict=True
    ):
        print(f"{name}\t{x:.2f}\t{y:.2f}\t{confidence:.3f}")
    _save_png(out, draw_overlay(image, found.points, settings))
    print(f"overlay: {out}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code: 0 done, 1 failed (2, wrong arguments, exits by itself)."""
    parser = argparse.ArgumentParser(
        description="Find the keypoints of one ultrasound frame. Not for clinical use."
    )
    parser.add_argument("image", type=Path, metavar="IMAGE")
    parser.add_argument("task", metavar="TASK", help="for example HC; see config.json")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        default=Path(__file__).resolve().parent,
        help="model folder (default: the one of this file)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="PNG", help="overlay (default: IMAGE's name and TASK, here)"
    )
    parser.add_argument(
        "--no-tta", action="store_true", help="one pass instead of two (frame and its mirror)"
    )
    given = parser.parse_args(arguments)
    out = given.out or Path(f"{given.image.stem}_{given.task}.png")
    try:
        _run(given.image, given.task, folder=given.model, out=out, tta=not given.no_tta)
    except (CheckpointError, UntrainedHeadError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
