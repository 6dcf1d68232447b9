"""Drawn B-mode frames whose keypoints are known exactly.

style.py      textbook frames for people, or anything that may come, for training
sector.py     where the beams of a probe run on the screen: curved, phased, flat
view.py       from where a probe looks at the anatomy in varied frames
shapes.py     signed distances and random fields
scene.py      tissue under the probe: scattering, reflecting, weakening
echo.py       speckle, beam, attenuation, noise, grey map
variation.py  machines, contrasts and files as they differ, drawn by a seed
screen.py     depth ruler, focus, grey scale of clean frames
overlay.py    rulers, settings, marks and black boxes of varied ones
body.py       body wall, uterus, fluid      beside.py  what touches a head or trunk
head.py, abdomen.py, femur.py, perineum.py, cervix.py, vena_cava.py
outline.py    curves that are both painted and measured
heart.py      probe, walls, valves and haze of the adult heart
heart_long_axis.py, heart_short_axis.py, heart_four_chamber.py
              its three views; *_shape.py and heart_aorta.py tell where things lie
any_head.py, brain.py   heads of any age and lie
phantom.py    `draw_phantom`: one frame of a task and a seed
files.py      `write_phantoms`: many, with a label file
sheet.py      `phantom_sheet`: one picture of several, for people
"""
