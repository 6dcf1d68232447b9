from __future__ import annotations

import pytest
from PIL import Image

from sonichu_gui.domain.annotation import Annotation, Keypoint, ModelId, Origin, Status
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.export.registry import write
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.labels.store import LabelStore, RevisionKind
from sonichu_gui.tasks import load_tasks

MODEL = ModelId("mini", "f" * 64)
HEAD = ((400.0, 100.0), (400.0, 440.0), (620.0, 270.0), (180.0, 270.0))


class Study:
    """A folder of pictures and its labels."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.folder = folder
        self.store = LabelStore.open_for(folder)

    def picture(self, name, *, pages=1, size=(800, 540)):
        shade = len(list(self.folder.iterdir()))
        first, *others = [Image.new("L", size, 9 * shade + n) for n in range(pages)]
        extra = {"save_all": True, "append_images": others} if others else {}
        first.save(self.folder / name, **extra)
        source = open_source(self.folder / name)
        self.store.remember_file(
            digest=source.digest,
            path=self.folder / name,
            width=source.width,
            height=source.height,
            frame_count=source.frame_count,
            format=source.format,
        )
        return FrameRef(source.digest)

    def label(self, frame, points=HEAD, *, task="HC", status=Status.EDITED, **options):
        annotation = Annotation(task, points_of(points), status, options.pop("model", None))
        return self.store.append(frame, annotation, rater="r1", **options)

    def predict(self, frame, points=HEAD, *, task="HC"):
        keypoints = tuple(Keypoint(x, y, origin=Origin.MODEL, confidence=0.9) for x, y in points)
        annotation = Annotation(task, keypoints, Status.PROPOSED, MODEL)
        return self.store.append(frame, annotation, rater="r1", kind=RevisionKind.PREDICTION)

    def write(self, format_name, out, **options):
        return write(format_name, self.store, out, tasks=load_tasks(), **options)


def points_of(points):
    return tuple(
        point if point is None or isinstance(point, Keypoint) else Keypoint(*point)
        for point in points
    )


@pytest.fixture
def study(tmp_path):
    made = Study(tmp_path / "study" / "images")
    yield made
    made.store.close()
