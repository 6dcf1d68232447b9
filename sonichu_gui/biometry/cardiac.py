"""Left ventricular mass and wall thickness from linear end-diastolic dimensions in centimetres."""

from __future__ import annotations

from sonichu_gui.errors import MeasureError


def lv_mass_g(*, ivs_cm: float, lvid_cm: float, pw_cm: float) -> float:
    """Gives the left ventricular mass in grams by the ASE cube formula.

    0.8 * 1.04 * ((IVS + LVID + PW)^3 - LVID^3) + 0.6 (Devereux; Lang et al. 2015, J Am Soc
    Echocardiogr 28:1). It holds for an end-diastolic frame; the caller cannot know the phase.

    Args:
        ivs_cm: Thickness of the interventricular septum.
        lvid_cm: Internal diameter of the left ventricle.
        pw_cm: Thickness of the posterior wall.
    """
    whole = ivs_cm + lvid_cm + pw_cm
    # Products instead of powers: an absurd length gives infinity, not an OverflowError.
    return 0.8 * 1.04 * (whole * whole * whole - lvid_cm * lvid_cm * lvid_cm) + 0.6


def relative_wall_thickness(*, pw_cm: float, lvid_cm: float) -> float:
    """Gives 2 PW / LVID at end-diastole; above 0.42 counts as concentric (Lang et al. 2015).

    Any unit of length will do, as long as both are in it.

    Raises:
        MeasureError: The diameter is zero.
    """
    if lvid_cm == 0.0:
        raise MeasureError("the left ventricle's diameter is zero", "Move its points apart.")
    return 2.0 * pw_cm / lvid_cm
