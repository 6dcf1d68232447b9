"""Files to frames: decoding, and what files say about the size of their pixels."""
