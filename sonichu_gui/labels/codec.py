"""Keypoints and scales as JSON text, exact to the last bit: floats are written by their repr."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from sonichu_gui.domain.annotation import Alternative, Keypoint, Origin, PointState
from sonichu_gui.domain.calibration import Scale, ScaleSource, Trust

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["points_from_text", "points_to_text", "scale_from_text", "scale_to_text", "storable"]


def storable(text: str) -> str:
    """Gives text that any database takes.

    File names need not be valid text, and half an emoji can be pasted into a comment; neither may
    keep a label from being written.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def points_to_text(keypoints: Sequence[Keypoint | None]) -> str:
    """Gives one JSON list, an item a slot: null where no point is placed."""
    return json.dumps([_point_to_json(point) for point in keypoints], allow_nan=False)


def points_from_text(text: str) -> tuple[Keypoint | None, ...]:
    """Reads what `points_to_text` wrote.

    Raises:
        ValueError: It is something else.
    """
    try:
        return tuple(_point_from_json(item) for item in json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no list of points: {error}") from error


def scale_to_text(scale: Scale) -> str:
    """Gives a scale as JSON."""
    return json.dumps(asdict(scale), allow_nan=False)


def scale_from_text(text: str) -> Scale:
    """Reads what `scale_to_text` wrote.

    Raises:
        ValueError: It is something else.
    """
    try:
        data: dict[str, Any] = json.loads(text)
        source, trust = ScaleSource(data.pop("source")), Trust(data.pop("trust"))
        return Scale(source=source, trust=trust, **data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no scale: {error}") from error


def _point_to_json(point: Keypoint | None) -> dict[str, Any] | None:
    if point is None:
        return None
    data: dict[str, Any] = {
        "x": float(point.x),
        "y": float(point.y),
        "state": point.state.value,
        "origin": point.origin.value,
    }
    # A model's NaN must not keep a label from being written; as a confidence it says nothing.
    if point.confidence is not None and math.isfinite(point.confidence):
        data["confidence"] = float(point.confidence)
    if point.covariance is not None and all(map(math.isfinite, point.covariance)):
        data["covariance"] = [float(value) for value in point.covariance]
    if point.disagreement is not None and math.isfinite(point.disagreement):
        data["disagreement"] = float(point.disagreement)
    if point.alternatives:
        data["alternatives"] = [[float(v) for v in astuple(one)] for one in point.alternatives]
    return data


def _point_from_json(data: dict[str, Any] | None) -> Keypoint | None:
    if data is None:
        return None
    covariance = data.get("covariance")
    if covariance is not None:
        xx, xy, yy = covariance
        covariance = float(xx), float(xy), float(yy)
    confidence, disagreement = data.get("confidence"), data.get("disagreement")
    return Keypoint(
        float(data["x"]),
        float(data["y"]),
        PointState(data["state"]),
        Origin(data["origin"]),
        None if confidence is None else float(confidence),
        covariance,
        None if disagreement is None else float(disagreement),
        tuple(Alternative(*map(float, one)) for one in data.get("alternatives", ())),
    )
