"""Panels: the quiet rooms around the canvas."""
