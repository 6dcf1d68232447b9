"""The training system; needs the ``[train]`` extra and is never imported by the app.

config.py            a run as one TOML file
data/                label files, frames in memory, augmentation
losses.py            what a keypoint head is taught by
backbone_weights.py  ImageNet weights of the light backbone
heads.py             one training step, and the loop around it
checkpoint.py        what a killed run needs to go on
evaluate.py          scores of model folders on a label file
publish.py           the finished model folder with its card
"""
