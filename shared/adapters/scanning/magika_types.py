"""Telling a file's type by its bytes with Magika, whose model comes with its package."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.scanning.ranged import Cached, RangeFile
from shared.domain.inspection import DetectedType, KnownType
from shared.ports.scanning import Readable

if TYPE_CHECKING:
    from magika import Magika

# What names and mail programs say where Magika's table lists another spelling.
_MORE_EXTENSIONS = {
    "jpg": "jpeg", "jpeg": "jpeg", "htm": "html", "html": "html", "xlsm": "xlsx", "docm": "docx", "pptm": "pptx",
    "msg": "outlook", "url": "internetshortcut", "evtx": "evtx", "log": "txt", "tgz": "gzip", "gz": "gzip",
}  # fmt: skip
_MORE_MIMES = {
    "application/x-zip-compressed": "zip", "application/x-gzip": "gzip", "image/jpg": "jpeg",
    "text/javascript": "javascript",
    "application/x-msdownload": "pebin", "application/vnd.microsoft.portable-executable": "pebin",
    "application/x-7z-compressed": "sevenzip", "application/x-rar-compressed": "rar", "application/vnd.rar": "rar",
}  # fmt: skip
_SAYS_NOTHING = frozenset({"application/octet-stream", "binary/octet-stream", "application/x-download"})


@cache
def _magika() -> Magika:
    from magika import Magika  # noqa: PLC0415  # onnxruntime costs 80 MB: only where a file is inspected

    return Magika()


@cache
def _promises() -> tuple[dict[str, tuple[KnownType, ...]], dict[str, tuple[KnownType, ...]]]:
    import magika  # noqa: PLC0415  # see above

    table = json.loads((Path(magika.__file__).parent / "config" / "content_types_kb.min.json").read_text("utf-8"))
    told = {str(label) for label in _magika().get_output_content_types()}
    types = {label: _known(label, facts) for label, facts in table.items() if label in told}
    extensions: dict[str, list[KnownType]] = defaultdict(list)
    mimes: dict[str, list[KnownType]] = defaultdict(list)
    for label, known in types.items():
        for extension in table[label]["extensions"] or ():
            extensions[extension].append(known)
        if table[label]["mime_type"]:
            mimes[table[label]["mime_type"]].append(known)
    for index, more in ((extensions, _MORE_EXTENSIONS), (mimes, _MORE_MIMES)):
        for name, label in more.items():
            if label in types and types[label] not in index[name]:
                index[name].append(types[label])
    return {name: tuple(some) for name, some in extensions.items()}, {name: tuple(some) for name, some in mimes.items()}


def _known(label: str, facts: dict[str, Any]) -> KnownType:
    return KnownType(label=label, group=facts["group"] or "unknown", text=bool(facts["is_text"]))


class MagikaTypes:
    """Reads the first and last few kilobytes only. The model is loaded at the first file, once per instance."""

    def detect(self, file: Readable) -> DetectedType:
        result = _magika().identify_stream(io.BufferedReader(RangeFile(Cached(file, block=64 * 1024))))
        found = result.prediction.output
        return DetectedType(
            label=str(found.label),
            mime=found.mime_type,
            group=found.group,
            description=found.description,
            score=min(1.0, max(0.0, float(result.prediction.score))),
            text=found.is_text,
        )

    def promised(self, name: str, content_type: str | None) -> tuple[KnownType, ...]:
        extensions, mimes = _promises()
        _, dot, extension = name.rstrip(". ").rpartition(".")
        if dot and (known := extensions.get(extension.strip().lower())):
            return known
        mime = (content_type or "").partition(";")[0].strip().lower()
        return () if mime in _SAYS_NOTHING else mimes.get(mime, ())
