"""Values of DICOM elements as plain numbers and words, None where they are not what they should be.

A damaged optional element must not keep a picture from being shown, so nothing here raises.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Gives the finite values of a numeric element, none when it is absent or not numeric."""
    value = _value(dataset, keyword)
    if value is None or isinstance(value, bytes):
        return ()
    many = [value] if isinstance(value, str | int | float) else value
    try:
        values = tuple(float(one) for one in many)
    except (TypeError, ValueError):
        return ()
    return values if all(math.isfinite(one) for one in values) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """Gives the first value of a numeric element, or None."""
    values = numbers(dataset, keyword)
    return values[0] if values else None


def integer(dataset: Dataset, keyword: str, default: int = 0) -> int:
    """Gives the first value of a numeric element as a whole number, or the default."""
    value = number(dataset, keyword)
    return default if value is None else int(value)


def text(dataset: Dataset, keyword: str) -> str:
    """Gives a text element in upper case without surrounding space, "" when absent."""
    value = _value(dataset, keyword)
    return "" if value is None else str(value).strip(" \0").upper()


def octets(dataset: Dataset, keyword: str) -> bytes:
    """Gives the value of an element of bytes, b"" when it is absent or of another kind."""
    value = _value(dataset, keyword)
    return value if isinstance(value, bytes) else b""


def words(dataset: Dataset, keyword: str) -> str:
    """Gives the first value of a text element as it is written, "" when absent."""
    found = texts(dataset, keyword)
    return found[0] if found else ""


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Gives the values of a text element without surrounding space, none when it is absent."""
    value = _value(dataset, keyword)
    if value is None or isinstance(value, bytes):
        return ()
    many = value if isinstance(value, MutableSequence) else [value]
    return tuple(str(one).strip(" \0") for one in many)


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Gives the items of a sequence, none when it is absent or not a sequence."""
    from pydicom.sequence import Sequence as DicomSequence

    value = _value(dataset, keyword)
    return value if isinstance(value, DicomSequence) else ()


def _value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - as many types as DICOM has
    try:
        return dataset.get(keyword)
    except Exception:  # noqa: BLE001 - reading converts, and a damaged element fails in any way
        return None
