"""What training reads: label files, frames in memory, and their augmentation."""
