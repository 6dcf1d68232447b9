"""The code of a model folder: network, files and inference; imports nothing else of the project."""
