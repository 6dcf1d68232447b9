"""The app's door to a model; importing it imports no torch."""
