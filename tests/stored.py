"""What lies in the storage under the tests, a folder or a bucket: seen and tampered with from beside the program."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from records.storage import Storage, storage
from records.storage.bucket import BucketStorage
from records.storage.folder import FolderStorage


def names(door: Storage | None = None) -> set[str]:
    """The names of everything there, also of what is no key."""
    door = door or storage()
    if isinstance(door, BucketStorage):
        return set(etags(door))
    return {path.relative_to(_root(door)).as_posix() for path in _root(door).rglob("*") if path.is_file()}


def contents(door: Storage | None = None) -> dict[str, bytes]:
    """All bytes there, by name."""
    door = door or storage()
    return {name: content(name, door) for name in names(door)}


def content(name: str, door: Storage | None = None) -> bytes:
    door = door or storage()
    if isinstance(door, BucketStorage):
        found: bytes = _client(door).get_object(**_at(door, name))["Body"].read()
        return found
    return (_root(door) / name).read_bytes()


def tamper(name: str, with_: bytes, door: Storage | None = None) -> None:
    """Put other bytes there, or the first ones."""
    door = door or storage()
    if isinstance(door, BucketStorage):
        _client(door).put_object(**_at(door, name), Body=with_)
        return
    path = _root(door) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(with_)


def prints() -> dict[str, str]:
    """What changes with the bytes of anything there, by name."""
    door = storage()
    if isinstance(door, BucketStorage):
        return etags(door)
    return {name: hashlib.sha256(content(name, door)).hexdigest() for name in names(door)}


def etags(door: BucketStorage) -> dict[str, str]:
    """The same, as the store knows it."""
    pages = _client(door).get_paginator("list_objects_v2").paginate(Bucket=door.bucket, Prefix=door.prefix)
    return {each["Key"].removeprefix(door.prefix): each["ETag"] for page in pages for each in page.get("Contents", ())}


class KeptBytes:
    """How a bucket stood, by name; brought back by changing what is different."""

    def __init__(self, door: BucketStorage) -> None:
        self._door = door
        self._kept: dict[str, dict[str, tuple[str, bytes]]] = {}

    def keep(self, name: str) -> None:
        self._kept[name] = {key: (etag, content(key, self._door)) for key, etag in etags(self._door).items()}

    def bring_back(self, name: str) -> None:
        kept, there = self._kept[name], etags(self._door)
        if more := there.keys() - kept.keys():
            gone = [{"Key": self._door.prefix + key} for key in more]
            for at in range(0, len(gone), 1000):
                _client(self._door).delete_objects(
                    Bucket=self._door.bucket, Delete={"Objects": gone[at : at + 1000], "Quiet": True}
                )
        for key, (etag, bytes_) in kept.items():
            if there.get(key) != etag:
                tamper(key, bytes_, self._door)


def _root(door: Storage) -> Path:
    assert isinstance(door, FolderStorage)
    return door.root


def _client(door: BucketStorage) -> Any:
    return door._client


def _at(door: BucketStorage, name: str) -> dict[str, str]:
    return {"Bucket": door.bucket, "Key": door.prefix + name}
