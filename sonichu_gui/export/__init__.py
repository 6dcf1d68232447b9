"""Other programs' formats, one file each; `registry` is the way out."""
