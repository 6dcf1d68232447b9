"""The training system; needs the ``[train]`` extra and is never imported by the app.

A verb of `sonichu train` is a module with ``run``: ijepa/ teachers.py rounds.py pseudo_labels.py
soup.py distill.py baseline.py fair_evaluation.py publish.py; finetune.py has no TOML file.

config.py            a run as one TOML file          recipe.py    that of a keypoint model
data/                sources, splits, leaks, frames in memory, augmentation
phantoms/            frames that are drawn, with their keypoints
loop.py              steps, checkpoints, logs, several processes
stage.py             what the loop asks of a stage   batches.py   in which order
keypoint_stage.py    one step of a keypoint model    learner.py   network and losses.py
optimiser.py         rates by depth                  schedules.py drop_path.py moving_average.py
checkpoint.py        what a killed run needs to go on             run_log.py stop_request.py
distributed.py       this process among the others
panel.py             models that answer together     ensemble.py  as one
asking.py            their answers, answers.py, of which selection.py keeps some
evaluate.py          scores of model folders         scores.py figures.py fair_table.py curves.py
calibration.py       how sure a model may be
publish_*.py         what is measured and told of what is published
"""
