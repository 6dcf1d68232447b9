"""What the app talks about: frames, tasks, keypoints, annotations, scales, measurements.

Frozen values of the standard library and numpy; no input or output, no Qt, no torch.
"""
