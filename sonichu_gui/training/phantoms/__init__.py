"""Drawn B-mode frames whose keypoints are known exactly.

sector.py     where the beams of a probe run on the screen
shapes.py     signed distances and random fields
scene.py      tissue under the probe: scattering, reflecting, weakening
echo.py       speckle, beam, attenuation, logarithm
screen.py     depth ruler, focus, grey scale
body.py       body wall, uterus, fluid
head.py, abdomen.py, femur.py, perineum.py, cervix.py, vena_cava.py
outline.py    curves that are both painted and measured
heart.py      probe, walls, valves and haze of the adult heart
heart_long_axis.py, heart_short_axis.py, heart_four_chamber.py
              its three views; *_shape.py and heart_aorta.py tell where things lie
phantom.py    `draw_phantom`: one frame of a task and a seed
files.py      `write_phantoms`: many, with a label file
"""
