"""Controllers: each does one kind of thing a person asks for, with values, never with dialogs."""
