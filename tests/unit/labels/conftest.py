from __future__ import annotations

import pytest
from PIL import Image

from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.importers.registry import read_labels
from sonichu_gui.labels.store import LabelStore
from sonichu_gui.tasks import load_tasks

SIZE = (64, 48)


def draw(path, *, shade=0, pages=1, size=SIZE):
    """Writes a picture; a TIFF may have several pages."""
    first, *others = [Image.new("L", size, shade + page) for page in range(pages)]
    first.save(path, **({"save_all": True, "append_images": others} if others else {}))
    return path


@pytest.fixture
def images(tmp_path):
    """A folder with two pictures and a cine of three frames."""
    folder = tmp_path / "study" / "images"
    folder.mkdir(parents=True)
    draw(folder / "a.png", shade=10)
    draw(folder / "b.png", shade=20)
    draw(folder / "loop.tif", shade=30, pages=3)
    return folder


@pytest.fixture
def store(images):
    opened = LabelStore.open_for(images)
    yield opened
    opened.close()


@pytest.fixture
def read(store):
    """Reads a label file into the store of the images."""

    def read_into(format_name, file, *, place=None, **options):
        return read_labels(
            format_name,
            file,
            place or store,
            tasks=load_tasks(),
            open_source=open_source,
            **options,
        )

    return read_into


@pytest.fixture
def labels_of(store):
    """Gives what the store holds, by frame name and task."""

    def held():
        return {
            (row.file.path, row.revision.frame.index, row.revision.annotation.task_id): row
            for row in store.rows()
        }

    return held
