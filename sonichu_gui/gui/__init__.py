"""The window: the only package that imports PySide6.

`app.py` builds everything, `document.py` holds what is being worked on, `controllers/` do what is
asked, `canvas/`, `panels/` and `dialogs/` show it and meet only in the Document.
"""
