"""Files by patient, study and series: the order, the labels, and what damaged discs do to them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.dicomdir import read_dicomdir
from sonichu_gui.imaging.folder_scan import scan_folder
from sonichu_gui.imaging.series_header import group_by_series, patient_name

ANNA, BERTA = "Unverwechselbar^Anna", "Andere^Berta"


def write(path: Path, **elements) -> Path:
    """An ultrasound file of one series of one study of Anna, unless said otherwise."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    values = {
        "SOPClassUID": uid.UltrasoundImageStorage,
        "SOPInstanceUID": uid.generate_uid(),
        "PatientName": ANNA,
        "PatientID": "4711",
        "StudyInstanceUID": "1.2.1",
        "StudyDate": "20210304",
        "StudyDescription": "Obstetric",
        "SeriesInstanceUID": "1.2.1.1",
        "SeriesNumber": 3,
        "Modality": "US",
        "Rows": 2,
        "Columns": 2,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": b"\0" * 4,
        **elements,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def tree_of(folder):
    *_, tree = group_by_series(scan_folder(folder))
    return tree


def names(tree):
    return [path.name for path in tree.paths()]


def labels(tree):
    return [label for label, _ in tree.series()]


def test_instance_numbers_give_the_order_whatever_the_names(tmp_path):
    for name, number in (("a", 10), ("b", 2), ("c", 1)):
        write(tmp_path / name, InstanceNumber=number)
    assert names(tree_of(tmp_path)) == ["c", "b", "a"]


def test_times_give_the_order_where_numbers_are_missing(tmp_path):
    write(tmp_path / "a", AcquisitionDateTime="20210304120000")
    write(tmp_path / "b", AcquisitionDate="20210304", AcquisitionTime="110000.5")
    write(tmp_path / "c", ContentDate="20210304", ContentTime="100000")
    assert names(tree_of(tmp_path)) == ["c", "b", "a"]


def test_names_give_the_order_where_nothing_else_does(tmp_path):
    for name in ("im10", "im9", "im1"):
        write(tmp_path / name)
    assert names(tree_of(tmp_path)) == ["im1", "im9", "im10"]


def test_files_are_parted_by_patient_study_and_series(tmp_path):
    write(tmp_path / "later", StudyInstanceUID="1.2.9", SeriesInstanceUID="9", StudyDate="20220101")
    write(tmp_path / "other", PatientID="1", PatientName=BERTA, StudyInstanceUID="7",
          SeriesInstanceUID="8", StudyDate="20200101")  # fmt: skip
    write(tmp_path / "second", SeriesInstanceUID="1.2.1.2", SeriesNumber=4)
    write(tmp_path / "first")
    tree = tree_of(tmp_path)
    assert names(tree) == ["other", "first", "second", "later"]
    counts = [[len(study.series) for study in patient.studies] for patient in tree.patients]
    assert counts == [[1], [2, 1]]
    assert [patient.label for patient in tree.patients] == ["Patient 1", "Patient 2"]


def test_same_number_from_another_issuer_is_another_patient(tmp_path):
    write(tmp_path / "a", IssuerOfPatientID="X")
    write(tmp_path / "b", IssuerOfPatientID="Y")
    assert len(tree_of(tmp_path).patients) == 2


def test_patients_without_a_number_are_told_apart_by_name(tmp_path):
    write(tmp_path / "a", PatientID="")
    write(tmp_path / "b", PatientID=None, PatientName=BERTA)
    assert len(tree_of(tmp_path).patients) == 2


def test_labels_tell_date_description_modality_and_number_and_no_name(tmp_path):
    write(tmp_path / "a", SeriesDescription="Femur")
    tree = tree_of(tmp_path)
    assert labels(tree) == ["2021-03-04 · Obstetric · US · series 3 · Femur"]
    assert "Unverwechselbar" not in repr(tree)
    assert "4711" not in repr(tree)


@pytest.mark.parametrize("text", ["Anna Unverwechselbar", "HEAD unverwechselbar,anna", "ID 4711"])
def test_description_that_names_the_patient_is_left_out(tmp_path, text):
    write(tmp_path / "a", StudyDescription=text, SeriesDescription=text)
    assert labels(tree_of(tmp_path)) == ["2021-03-04 · US · series 3"]


def test_name_is_read_on_demand(tmp_path):
    assert patient_name(write(tmp_path / "a")) == "Unverwechselbar Anna"
    assert patient_name(write(tmp_path / "b", PatientName=None)) == ""


def test_bare_header_has_a_label_nevertheless(tmp_path):
    bare = dict.fromkeys(("StudyDate", "StudyDescription", "SeriesNumber", "Modality"))
    write(tmp_path / "a", **bare)
    assert labels(tree_of(tmp_path)) == ["no date · series without number"]


def test_what_belongs_to_no_series_comes_last_and_is_not_lost(tmp_path):
    write(tmp_path / "frame")
    write(tmp_path / "report.dcm", Rows=None, Columns=None, PixelData=None, Modality="SR")
    Image.new("L", (3, 3)).save(tmp_path / "picture.png")
    (tmp_path / "text.dcm").write_text("no DICOM at all\n" * 30)
    (tmp_path / "empty.dcm").write_bytes(b"")
    tree = tree_of(tmp_path)
    assert names(tree)[0] == "frame"
    assert {path.name for path in tree.others} == {
        "report.dcm", "picture.png", "text.dcm", "empty.dcm",
    }  # fmt: skip


def test_damaged_header_is_told_and_the_file_stays_in_the_list(tmp_path):
    whole = write(tmp_path / "whole.dcm")
    gone = tmp_path / "gone.dcm"
    *_, tree = group_by_series([whole, gone])
    assert tree.paths() == (whole, gone)
    assert ["gone.dcm" in problem.message for problem in tree.problems] == [True]


@pytest.mark.parametrize("cut", [140, 200, 300, 400])
def test_header_that_is_cut_short_ends_nothing(tmp_path, cut):
    path = write(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:cut])
    *_, tree = group_by_series([path])
    assert tree.paths() == (path,)


def test_damaged_values_end_nothing(tmp_path):
    path = write(tmp_path / "a.dcm", InstanceNumber=5)
    data = path.read_bytes().replace(b"20210304", b"20\xff\xfe\x80304")
    path.write_bytes(data.replace(b"5 \x28\0", b"x \x28\0"))
    assert names(tree_of(tmp_path)) == ["a.dcm"]


def test_pixels_are_not_read(tmp_path):
    path = write(tmp_path / "a.dcm")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\xe0\x7f\x10\0")])
    assert labels(tree_of(tmp_path)) == ["2021-03-04 · Obstetric · US · series 3"]


def test_tree_grows_while_headers_are_read_and_a_job_may_leave(tmp_path, monkeypatch):
    monkeypatch.setattr("sonichu_gui.imaging.series_header.FIRST_TREE_S", 0.0)
    paths = [write(tmp_path / name) for name in ("a", "b", "c")]
    steps = [*group_by_series(paths)]
    sizes = [len(step.paths()) for step in steps if step is not None]
    assert sizes == [1, 2, 3, 3]
    assert steps.count(None) == 3
    left = group_by_series(iter(paths))
    next(left)
    left.close()


# ---- discs -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def disc(tmp_path_factory):
    """A copy of pydicom's disc: two patients, six studies, thirteen series, 31 pictures."""
    original = Path(get_testdata_file("DICOMDIR")).parent
    folder = tmp_path_factory.mktemp("disc")
    for name in ("77654033", "98892001", "98892003"):
        shutil.copytree(original / name, folder / name)
    for table in original.glob("DICOMDIR*"):
        shutil.copy(table, folder / table.name)
    return folder


def read(path):
    *_, tree = read_dicomdir(path)
    return tree


def shape(tree):
    return [[[len(s.files) for s in study.series] for study in p.studies] for p in tree.patients]


def test_disc_gives_the_same_series_as_its_files(disc):
    by_table, by_files = read(disc / "DICOMDIR"), tree_of(disc)
    assert by_table.paths() == by_files.paths()[: len(by_table.paths())]
    assert len(by_table.paths()) == 31
    assert shape(by_table) == shape(by_files)


@pytest.mark.parametrize(
    "name", ["DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"]
)
def test_tables_of_any_writing_give_the_same(disc, name):
    assert read(disc / name) == read(disc / "DICOMDIR")


def test_records_under_an_unknown_patient_are_not_lost(disc):
    assert len(read(disc / "DICOMDIR-nopatient").paths()) == 31


def test_empty_disc_is_an_empty_tree(disc):
    assert read(disc / "DICOMDIR-empty.dcm").paths() == ()


def edited(disc, tmp_path, change):
    """A disc whose table was changed."""
    folder = tmp_path / "disc"
    shutil.copytree(disc, folder)
    table = pydicom.dcmread(folder / "DICOMDIR")
    change(table.DirectoryRecordSequence)
    table.save_as(folder / "DICOMDIR")
    return folder / "DICOMDIR"


def pictures(records):
    return [record for record in records if record.DirectoryRecordType == "IMAGE"]


def test_files_that_are_not_there_are_told(disc, tmp_path):
    folder = tmp_path / "disc"
    shutil.copytree(disc, folder)
    lost = read(folder / "DICOMDIR").paths()[3]
    lost.unlink()
    tree = read(folder / "DICOMDIR")
    assert tree.missing == (lost,)
    assert len(tree.paths()) == 30


def test_names_are_found_whatever_their_case(disc, tmp_path):
    def spell(records):
        for record in pictures(records):
            record.ReferencedFileID = [part.lower() for part in record.ReferencedFileID]

    path = edited(disc, tmp_path, spell)
    for folder in [*path.parent.glob("*/*")]:
        if folder.is_dir():
            folder.rename(folder.with_name(folder.name.upper()))
    for file in [*path.parent.glob("*/*/*")]:
        file.rename(file.with_name(f"{file.name}.;1"))
    assert len(read(path).paths()) == 31


@pytest.mark.parametrize("spelt", ["/".join, lambda parts: ["", *parts]])
def test_names_spelt_otherwise_than_the_standard_says_are_found(disc, tmp_path, spelt):
    def respell(records):
        record = pictures(records)[0]
        record.ReferencedFileID = spelt(record.ReferencedFileID)

    tree = read(edited(disc, tmp_path, respell))
    assert (len(tree.paths()), tree.problems, tree.missing) == (31, (), ())


@pytest.mark.parametrize(
    "name", [["..", "secret"], ["/etc", "passwd"], "..", ["a/../..", "b"], ["C:", "x"], ""]
)
def test_names_that_lead_out_of_the_disc_are_refused(disc, tmp_path, name):
    def mislead(records):
        pictures(records)[0].ReferencedFileID = name

    path = edited(disc, tmp_path, mislead)
    (tmp_path / "secret").write_bytes(b"x")
    tree = read(path)
    assert (len(tree.paths()), len(tree.problems), tree.missing) == (30, 1, ())
    assert str(path) in tree.problems[0].message


def test_links_in_a_circle_end(disc, tmp_path):
    def tie(records):
        for record in records:
            record.OffsetOfTheNextDirectoryRecord = 396
            record.OffsetOfReferencedLowerLevelDirectoryEntity = 396

    assert len(read(edited(disc, tmp_path, tie)).paths()) == 31


def test_links_to_nowhere_leave_the_order_of_the_file(disc, tmp_path):
    def cut(records):
        for record in records:
            record.OffsetOfReferencedLowerLevelDirectoryEntity = 5

    assert read(edited(disc, tmp_path, cut)).paths() == read(tmp_path / "disc/DICOMDIR").paths()
    assert shape(read(tmp_path / "disc/DICOMDIR")) == shape(read(disc / "DICOMDIR"))


def test_retired_records_are_left_out(disc, tmp_path):
    def retire(records):
        pictures(records)[0].RecordInUseFlag = 0

    assert len(read(edited(disc, tmp_path, retire)).paths()) == 30


def test_table_that_is_cut_short_says_so_and_gives_what_it_holds(disc, tmp_path):
    folder = tmp_path / "disc"
    shutil.copytree(disc, folder)
    path = folder / "DICOMDIR"
    path.write_bytes(path.read_bytes()[:3000])
    tree = read(path)
    assert 0 < len(tree.paths()) < 31
    assert f"{path} is cut short" in tree.problems[0].message


@pytest.mark.parametrize("number", [0, 1, 20, 50])
def test_table_with_a_damaged_record_says_that_others_are_lost(disc, tmp_path, number):
    folder = tmp_path / "disc"
    shutil.copytree(disc, folder)
    path = folder / "DICOMDIR"
    table = pydicom.dcmread(path)
    at = table.DirectoryRecordSequence[number].seq_item_tell
    data = bytearray(path.read_bytes())
    data[at + 8 : at + 16] = b"\xff" * 8
    path.write_bytes(data)
    tree = read(path)
    assert len(tree.paths()) < 31
    assert any(str(path) in problem.message for problem in tree.problems)


def test_file_that_is_named_twice_is_listed_once(disc, tmp_path):
    def repeat(records):
        first, second, third, *_ = pictures(records)
        second.ReferencedFileID = first.ReferencedFileID
        third.ReferencedFileID = [*first.ReferencedFileID[:-1], "nowhere"]
        pictures(records)[3].ReferencedFileID = third.ReferencedFileID

    tree = read(edited(disc, tmp_path, repeat))
    assert len(tree.paths()) == len({*tree.paths()}) == 28
    assert len(tree.missing) == 1


@pytest.mark.parametrize("size", [0, 100, 200, 380])
def test_table_without_records_is_refused_by_name(disc, tmp_path, size):
    path = tmp_path / "DICOMDIR"
    path.write_bytes((disc / "DICOMDIR").read_bytes()[:size])
    with pytest.raises(FrameError, match=str(path)):
        read(path)


def test_what_is_no_dicomdir_is_refused(tmp_path):
    with pytest.raises(FrameError, match="is no DICOMDIR"):
        read(write(tmp_path / "DICOMDIR"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 11_000), st.binary(min_size=1, max_size=4)), max_size=8),
    st.sampled_from(["DICOMDIR", "77654033/CR1/6154"]),
)
def test_whatever_is_damaged_gives_a_tree_or_is_refused(disc, tmp_path, changes, name):
    data = bytearray((disc / name).read_bytes())
    for offset, value in changes:
        data[offset : offset + len(value)] = value
    path = tmp_path / "damaged"
    path.write_bytes(data)
    *_, tree = group_by_series([path])
    assert tree.paths() == (path,)
    refused = ""
    try:
        tree = read(path)
    except FrameError as error:
        refused = error.message
    assert str(path) in refused or not any(found.is_relative_to(disc) for found in tree.paths())
