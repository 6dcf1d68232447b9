"""From placed points to numbers: the only place where formulas live.

Pure functions in float64 with the standard library alone, because they run on every mouse move of
a drag. Each names its source. Nothing here is for clinical use.
"""
