"""Label files of other programs, one reader a format; `registry` is the way in."""
