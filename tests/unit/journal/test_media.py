"""Files of customers in a folder: kept once and whole, found by digest, gone when they are erased."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from orchestra.errors import JournalCorrupt, JournalUnavailable
from orchestra.journal.media import FolderMediaStore, KeptMedia, MediaStore

DATA = b"\x89PNG\n\r\n..."
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FolderMediaStore:
    return FolderMediaStore(tmp_path / "media")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_kept_is_found(store: FolderMediaStore) -> None:
    assert isinstance(store, MediaStore)
    kept = store.keep("cu1", DATA, "image/png")
    assert kept == KeptMedia(DIGEST, "image/png", DATA)
    assert store.find("cu1", DIGEST) == kept
    assert "PNG" not in repr(kept)


def test_it_is_found_by_nobody_else_and_under_no_other_name(store: FolderMediaStore) -> None:
    store.keep("cu1", DATA, "image/png")
    assert store.find("cu2", DIGEST) is None
    for other in ("0" * 64, "", ".", "..", f"../{DIGEST}", "x\x00", f"{DIGEST}/"):
        assert store.find("cu1", other) is None


def test_the_same_is_kept_once(store: FolderMediaStore, tmp_path: Path) -> None:
    for _ in range(3):
        store.keep("cu1", DATA, "image/png")
    assert len(files(tmp_path)) == 1


def test_erasing_takes_all_of_one_and_nothing_of_others(store: FolderMediaStore, tmp_path: Path) -> None:
    store.keep("cu1", DATA, "image/png")
    store.keep("cu1", b"another", "text/plain")
    store.keep("cu2", DATA, "image/png")
    store.erase("cu1")
    store.erase("cu1")
    assert store.find("cu1", DIGEST) is None
    assert store.find("cu2", DIGEST) is not None
    assert len(files(tmp_path)) == 1


def test_nothing_in_the_folder_names_a_customer(store: FolderMediaStore, tmp_path: Path) -> None:
    store.keep("cu-somebody", DATA, "image/png")
    assert not any("somebody" in str(path) for path in tmp_path.rglob("*"))


def test_a_changed_file_is_not_given(store: FolderMediaStore, tmp_path: Path) -> None:
    store.keep("cu1", DATA, "image/png")
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(JournalCorrupt, match=DIGEST):
        store.find("cu1", DIGEST)


@pytest.mark.parametrize("kind", ["", "a\nb", "x" * 201, "\x00"])
def test_a_content_type_that_is_none_is_left_out(store: FolderMediaStore, kind: str) -> None:
    store.keep("cu1", DATA, kind)
    found = store.find("cu1", DIGEST)
    assert found == KeptMedia(DIGEST, "application/octet-stream", DATA)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")
    store = FolderMediaStore(tmp_path / "media")
    with pytest.raises(JournalUnavailable):
        store.keep("cu1", DATA, "image/png")
    with pytest.raises(JournalUnavailable):
        store.find("cu1", DIGEST)
    with pytest.raises(JournalUnavailable):
        store.erase("cu1")


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_whatever_it_is_it_comes_back(tmp_path_factory: pytest.TempPathFactory, data: bytes, customer: str) -> None:
    if any(0xD800 <= ord(one) <= 0xDFFF for one in customer):
        return
    store = FolderMediaStore(tmp_path_factory.mktemp("media"))
    kept = store.keep(customer, data, "image/png")
    assert store.find(customer, kept.digest) == kept
