"""What a person has set: each setting declared once, a sparse TOML file that keeps them."""
