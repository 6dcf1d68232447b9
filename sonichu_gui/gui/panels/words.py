"""The words and figures of the panels, so that one thing reads the same everywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from sonichu_gui.biometry.uncertainty import principal_axes
from sonichu_gui.domain.annotation import Keypoint, Origin, PointState, Status
from sonichu_gui.domain.calibration import Scale, ScaleSource, Trust

if TYPE_CHECKING:
    from sonichu_gui.domain.measurement import Measurement

ANISOTROPIC_BEYOND = 0.005
"""Relative difference of the two pixel sizes from which both are shown."""

SURE_FROM = 0.6
UNSURE_FROM = 0.3
"""Confidences from which a point counts as sure, and as unsure; below it is doubtful."""


def tr(text: str) -> str:
    """Translates a text of the panels."""
    return QCoreApplication.translate("panels", text)


def status_word(status: Status) -> str:
    """What a frame's status is called."""
    words = {
        Status.TODO: tr("to do"),
        Status.PROPOSED: tr("proposed"),
        Status.ACCEPTED: tr("accepted"),
        Status.EDITED: tr("edited"),
        Status.FLAGGED: tr("flagged"),
        Status.EXCLUDED: tr("excluded"),
    }
    return words[status]


def file_word(status: Status, *, is_unreadable: bool) -> str:
    """What a file's row says: where it stands, or that nothing can be done with it."""
    is_bare = is_unreadable and status is Status.TODO
    return tr("no picture") if is_bare else status_word(status)


def point_state_word(state: PointState) -> str:
    """What a keypoint's state is called."""
    words = {
        PointState.VISIBLE: tr("visible"),
        PointState.OCCLUDED: tr("occluded"),
        PointState.UNCERTAIN: tr("uncertain"),
        PointState.ABSENT: tr("absent"),
    }
    return words[state]


def origin_word(origin: Origin) -> str:
    """Who placed a keypoint, in two words at most."""
    words = {
        Origin.PERSON: tr("by hand"),
        Origin.MODEL: tr("by model"),
        Origin.IMPORT: tr("imported"),
    }
    return words[origin]


def confidence_role(confidence: float) -> str:
    """The palette's colour for a confidence of 0 to 1."""
    if confidence >= SURE_FROM:
        return "green"
    return "amber" if confidence >= UNSURE_FROM else "red"


def confidence_text(confidence: float) -> str:
    """A confidence in figures and a word, e.g. "model 0.83, sure"."""
    words = {"green": tr("sure"), "amber": tr("unsure"), "red": tr("doubtful")}
    return tr("model {:.2f}, {}").format(confidence, words[confidence_role(confidence)])


def spread_text(point: Keypoint, scale: Scale) -> str:
    """How sure the model was of a point: its standard deviations and what its views said apart.

    Args:
        point: By the model, or nothing is known.
        scale: At that point; without a trusted one in pixels.
    """
    fx, fy = scale.factors
    unit = "mm" if scale.in_mm else "px"
    parts = []
    if point.covariance is not None:
        large, small, _ = principal_axes(point.covariance, fx=fx, fy=fy)
        words = tr("standard deviation {} {} along its ellipse, {} {} across")
        parts.append(words.format(_figure(large), unit, _figure(small), unit))
    if point.disagreement is not None:
        apart = point.disagreement
        # It is a length without a direction: only square pixels can turn it into millimetres.
        if math.isclose(fx, fy, rel_tol=ANISOTROPIC_BEYOND):
            apart *= fx
        else:
            unit = "px"
        words = tr("frame and mirror image each {} {} from their mean")
        parts.append(words.format(_figure(apart), unit))
    text = "; ".join(parts)
    return tr("{}; millimetres by {}").format(text, scale.tag) if text and scale.in_mm else text


def _figure(value: float) -> str:
    """A small length with the figures that an estimate deserves."""
    return f"{value:.1f}" if value >= 1.0 else f"{value:.2f}"


def candidates_text(point: Keypoint) -> str:
    """The shares of the heatmap of a point's other candidates, or nothing."""
    shares = ", ".join(f"{one.confidence * 100:.0f} %" for one in point.candidates)
    if not shares:
        return ""
    if len(point.candidates) == 1:
        return tr("one other candidate: {}").format(shares)
    return tr("{} other candidates: {}").format(len(point.candidates), shares)


def error_meaning(measurement: Measurement) -> str:
    """What the number behind the plus-minus sign says, and what it does not; or nothing."""
    if not measurement.error_text:
        return ""
    words = tr(
        "{}: one standard error, from how sure the model is of each point; "
        "not the scale's error, nor a wrong plane's."
    )
    return words.format(f"{measurement.error_text} {measurement.unit_text}".rstrip())


def position_text(point: Keypoint) -> str:
    """Where a keypoint is, in image pixels."""
    return f"{point.x:.1f}, {point.y:.1f}"


def measurement_text(measurement: Measurement) -> str:
    """A whole measurement as one line, for screen readers and tooltips."""
    parts = [measurement.name, measurement.text, measurement.error_text]
    text = " ".join(part for part in parts if part)
    return f"{text} · {measurement.scale_tag}" if measurement.scale_tag else text


def scale_text(scale: Scale) -> str:
    """How large a pixel is, both ways where they differ; "Pixels only" where nobody knows."""
    if scale.dx_mm is None or scale.dy_mm is None:
        return tr("Pixels only")
    if math.isclose(scale.dx_mm, scale.dy_mm, rel_tol=ANISOTROPIC_BEYOND):
        return tr("{} mm / px").format(_pixel_size(scale.dx_mm))
    return tr("{} × {} mm / px").format(_pixel_size(scale.dx_mm), _pixel_size(scale.dy_mm))


def scale_sizes(scale: Scale) -> str:
    """How large a pixel is in x and in y, spelled out; empty where nobody knows."""
    if scale.dx_mm is None or scale.dy_mm is None:
        return ""
    words = tr("{} mm per pixel in x, {} mm in y")
    return words.format(_pixel_size(scale.dx_mm), _pixel_size(scale.dy_mm))


def scale_short(scale: Scale) -> str:
    """The scale as the status bar's badge says it: never a size that is not trusted."""
    if scale.in_mm:
        return f"{scale_text(scale)} · {scale.tag}"
    return tr("scale doubtful") if scale.trust is Trust.DOUBTFUL else tr("pixels only")


def trust_word(scale: Scale) -> str:
    """Whether a scale is believed, in a word."""
    if scale.contradicted_by:
        return tr("contradicted")
    words = {
        Trust.TRUSTED: tr("trusted"),
        Trust.DOUBTFUL: tr("doubtful"),
        Trust.NONE: tr("no scale"),
    }
    return words[scale.trust]


def trust_role(scale: Scale) -> str:
    """The palette's colour for how far a scale is believed."""
    if scale.contradicted_by:
        return "red"
    roles = {Trust.TRUSTED: "green", Trust.DOUBTFUL: "amber", Trust.NONE: "text_soft"}
    return roles[scale.trust]


def source_word(scale: Scale) -> str:
    """Who states the scale."""
    if scale.source is ScaleSource.REGION and scale.region_index is not None:
        return tr("region {} of the file").format(scale.region_index + 1)
    sources = {
        ScaleSource.REGION: tr("from the file"),
        ScaleSource.PIXEL_SPACING: tr("PixelSpacing of the file"),
        ScaleSource.NOMINAL: tr("nominal spacing of the file"),
        ScaleSource.LABEL_FILE: tr("from the label file"),
        ScaleSource.MANUAL: tr("set by hand"),
        ScaleSource.RULER: tr("from the ruler in the picture"),
        ScaleSource.GIVEN: tr("given"),
        ScaleSource.NONE: "",
    }
    return sources[scale.source]


def scale_why(scale: Scale) -> str:
    """Why a scale is believed or not, with what the ruler in the picture says of it."""
    reason = scale.reason.removeprefix(source_word(scale)).removeprefix(", ")
    return "; ".join(filter(None, (reason, scale.contradicted_by or scale.backed_by)))


def scale_origin(scale: Scale) -> str:
    """Who states the scale and why it is believed or not."""
    return " · ".join(part for part in (source_word(scale), scale_why(scale)) if part)


def _pixel_size(millimetres: float) -> str:
    """Four decimals at most, two at least: 0.1158, 0.20."""
    text = f"{millimetres:.4f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"
