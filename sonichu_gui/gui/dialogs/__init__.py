"""Dialogs: they ask; controllers do."""
