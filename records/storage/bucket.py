"""Scans in a bucket of an S3 store.

Bytes that arrive wait in a file without a name on the local disk while they are hashed, and are then put under their
final key in one request, whose signature covers their hash: the bucket has them whole or not at all, and lets them
outlive a crash from its answer on. A process that is killed leaves nothing behind.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any, BinaryIO
from urllib.parse import urlparse

from records.errors import Refusal, StorageFull, StorageOutOfReach, StorageUnavailable
from records.storage import Received, copied, disk_errors, is_key
from records.storage.ranges import Ranges

log = logging.getLogger(__name__)

# How long anybody waits, in seconds, for a connection and for the next bytes in either direction; what fails so is
# tried once more. Whoever asks has an answer within 20 seconds.
_WAITS = {"connect_timeout": 3, "read_timeout": 6, "retries": {"mode": "standard", "total_max_attempts": 2}}
_CONNECTIONS = 32
# Bytes that arrive and are held in memory; what is more waits on the disk.
_IN_MEMORY = 1024 * 1024
_BUFFER = 256 * 1024
# How long a signed address opens, in seconds.
LINK_SECONDS = 60

_FULL = {"QuotaExceeded", "StorageFull", "InsufficientStorage", "XMinioStorageFull"}
_MISSING = {"404", "NoSuchKey"}
_HINTS = {
    "NoSuchBucket": "SCANS_URL names a bucket that is not there",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known there",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY is another one there",
    "AuthorizationHeaderMalformed": "AWS_REGION is another one there",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
}


class BucketStorage:
    """`prefix` is what all keys begin with, empty or with a slash at its end; `spool` the folder of what arrives;
    `asking` how the store is asked: `endpoint_url` (None: Amazon's), `region_name` and the two keys."""

    def __init__(self, bucket: str, prefix: str, *, spool: Path, asking: Mapping[str, Any]) -> None:
        self.bucket, self.prefix = bucket, prefix
        self._spool, self._asking = spool, asking
        self._made: tuple[int, Any] = (0, None)
        self._filled = False

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BucketStorage:
        """The one that the settings name."""
        url = urlparse(config["SCANS_URL"])
        prefix = url.path.strip("/")
        return cls(
            url.netloc,
            f"{prefix}/" if prefix else "",
            spool=config["DATA_DIR"],
            asking={
                "endpoint_url": config["S3_ENDPOINT"] or None,
                "region_name": config["AWS_REGION"],
                "aws_access_key_id": config["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": config["AWS_SECRET_ACCESS_KEY"],
            },
        )

    def is_empty(self) -> bool:
        """Asked until something was there once: unlike a disk, a bucket is not taken away and put back."""
        if not self._filled:
            with _answers():
                listed = self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
            self._filled = bool(listed["KeyCount"])
        return not self._filled

    def receive(self, stream: IO[bytes], *, name: str, limit: int) -> Received:
        with disk_errors():
            held = SpooledTemporaryFile(_IN_MEMORY, dir=str(self._spool))  # noqa: SIM115  # because: it is open until `discard`
            try:
                sha256, size, head = copied(stream, held, name=name, limit=limit)
            except BaseException:
                held.close()
                raise
        return Received(sha256, size, head, held=held)

    def keep(self, received: Received, key: str) -> None:
        """What is not asked for by a signed address of ours is a download of no kind."""
        received.held.seek(0)
        with _answers():
            self._client.put_object(
                **self._at(key),
                Body=received.held,
                ContentLength=received.size,
                ContentType="application/octet-stream",
                ContentDisposition="attachment",
            )

    def discard(self, received: Received) -> None:
        received.held.close()

    def open(self, key: str) -> BinaryIO:
        at = self._at(key)
        with _answers():
            facts = self._client.head_object(**at)
        return io.BufferedReader(Ranges(partial(self._piece, key, facts["ETag"]), facts["ContentLength"]), _BUFFER)

    def delete(self, key: str) -> None:
        at = self._at(key)
        with _answers():
            self._client.delete_object(**at)

    def keys_before(self, instant: float) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        with _answers():
            for page in pages:
                for each in page.get("Contents", ()):
                    key = each["Key"].removeprefix(self.prefix)
                    if is_key(key) and each["LastModified"].timestamp() < instant:
                        yield key

    def link(self, key: str, *, disposition: str) -> str:
        """An address at which the store itself gives these bytes away for a minute, to whoever has it, as a download
        of no kind. All of it is signed: nothing in it can be changed."""
        said = {
            "ResponseContentType": "application/octet-stream",
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": "private, no-store",
        }
        address: str = self._client.generate_presigned_url(
            "get_object", Params=self._at(key) | said, ExpiresIn=LINK_SECONDS
        )
        return address

    @property
    def _client(self) -> Any:
        """One for all threads of a process: one that was forked must not share connections."""
        made_by, client = self._made
        if made_by != os.getpid():
            client = _new_client(self._asking)
            self._made = (os.getpid(), client)
        return client

    def _at(self, key: str) -> dict[str, Any]:
        if not is_key(key):
            raise ValueError("not a storage key")
        return {"Bucket": self.bucket, "Key": self.prefix + key}

    def _piece(self, key: str, etag: str, begin: int, end: int) -> Callable[[int], bytes]:
        """Reads at most so many bytes of this piece at a time; b"" where the answer breaks off."""
        with _answers():
            answer = self._client.get_object(**self._at(key), Range=f"bytes={begin}-{end - 1}", IfMatch=etag)

        def read(size: int) -> bytes:
            try:
                with _answers():
                    piece: bytes = answer["Body"].read(size)
            except StorageUnavailable:
                return b""
            return piece

        return read


_making = Lock()


@cache
def _session() -> Any:
    """Nothing but our settings says how the store is asked: neither files nor profiles in somebody's home."""
    from botocore.session import Session  # because: only an installation with a bucket needs it

    nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return Session(session_vars={"profile": (None, None, None, None), **nowhere})


def _new_client(asking: Mapping[str, Any]) -> Any:
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        # Addresses of other stores than Amazon's seldom have a name for each bucket.
        s3={"addressing_style": "path" if asking["endpoint_url"] else "auto", "payload_signing_enabled": True},
        # What not every store knows; the signature covers the hash of what is sent anyway.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
        **_WAITS,
    )
    with _making:  # a session makes one client at a time
        return _session().create_client("s3", config=config, **asking)


@contextmanager
def _answers() -> Iterator[None]:
    """What the store answers, as a refusal. The log says why, and neither keys nor addresses."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise _refusal(error) from None
    except (BotoCoreError, HTTPError) as error:
        log.warning("the bucket cannot be reached: %s", type(error).__name__)
        raise StorageOutOfReach() from None


def _refusal(error: Any) -> Refusal:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _FULL or error.response["ResponseMetadata"].get("HTTPStatusCode") == 507:
        return StorageFull()
    if code in _MISSING:
        return StorageUnavailable()
    log.warning("the bucket refuses %s: %s", error.operation_name, _HINTS.get(code, code))
    return StorageOutOfReach()
