"""Sonichu: measure ultrasound frames with a local keypoint model, and correct what it finds."""

__version__ = "0.1.0"
