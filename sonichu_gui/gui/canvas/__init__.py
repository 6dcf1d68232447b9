"""The canvas: one frame, its marks, and the hand that moves them."""
