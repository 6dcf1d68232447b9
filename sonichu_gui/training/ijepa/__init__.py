"""I-JEPA: an encoder learns from frames alone, by predicting what their hidden blocks mean.

Assran et al., CVPR 2023, arXiv:2301.08243.

masks.py      which patches are seen and which are asked for
predictor.py  the encoder on some patches, and the predictor
views.py      random crops of unlabelled frames
stage.py      target encoder, loss, schedules: one step of the run
run.py        from a TOML file to the folder that teachers start from
"""
