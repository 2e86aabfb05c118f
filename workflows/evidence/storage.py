"""The bytes of attachments, each kept once under its SHA-256."""

import hashlib
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages


class WholeFileStorage(FileSystemStorage):
    """Files that are there whole, and on the disk, or not at all; a name is never changed to avoid another."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: "File[Any]") -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        written = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        try:
            with written.open("xb") as file:
                for piece in content.chunks():
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            written.replace(target)
        finally:
            written.unlink(missing_ok=True)
        for folder in (target.parent, target.parent.parent):
            _sync(folder)
        return name


def _sync(folder: Path) -> None:
    """Make sure that the names in it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def keep(sha256: str, file: BinaryIO) -> None:
    """Keep the file under its hash; where it is already, nothing is written."""
    if missing_or_changed([sha256]):
        storages["attachments"].save(_path(sha256), File(file))


def read(sha256: str) -> "File[Any]":
    """The kept file, open; FileNotFoundError where it is gone."""
    return storages["attachments"].open(_path(sha256))


def missing_or_changed(sha256s: Iterable[str]) -> list[str]:
    """Which of these files are no longer kept as they were, in the order given; reads every byte."""
    return [sha256 for sha256 in sha256s if _hash_now(sha256) != sha256]


def _hash_now(sha256: str) -> str | None:
    try:
        with read(sha256) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
