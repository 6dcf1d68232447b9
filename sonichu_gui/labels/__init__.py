"""The label store: every annotation, prediction and scale of a folder, append-only."""
