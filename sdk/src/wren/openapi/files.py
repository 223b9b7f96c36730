"""The files of a document: the main one, and those in its folder that it refers to. Nothing is ever fetched."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from wren.openapi.errors import DocumentInvalid
from wren.openapi.node import DocumentMissing
from wren.openapi.text import MAX_BYTES, MAX_NODES, read_value

_MOST_FILES = 5000


class Folder:
    """The folder of a main document; other files are read once, and only from inside it."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._found: dict[str, FileSource] = {}
        self._bytes, self._nodes = MAX_BYTES, MAX_NODES

    def main(self, name: str, text: str) -> "FileSource":
        """Return the main document, whose text is given.

        Raises:
            DocumentInvalid: it is neither JSON nor YAML, or too large.
        """
        document = FileSource(name="", folder=self, file=PurePosixPath(name), content=self._parse(text))
        self._found[str(document.file)] = document
        return document

    def open(self, file: PurePosixPath, reference: str) -> "FileSource":
        """Return the document that a reference of `file` names.

        Raises:
            DocumentMissing: it is not in the folder, or cannot be read.
        """
        if "://" in reference or reference.startswith("//"):
            raise DocumentMissing("nothing is fetched")
        path = (self._path / file.parent / unquote(reference)).resolve()
        if not path.is_relative_to(self._path):
            raise DocumentMissing(f"it is outside the folder {self._path}")
        name = path.relative_to(self._path).as_posix()
        if name not in self._found:
            content = self._read(path)
            self._found[name] = FileSource(name=name, folder=self, file=PurePosixPath(name), content=content)
        return self._found[name]

    def _read(self, path: Path) -> Any:
        if len(self._found) > _MOST_FILES:
            raise DocumentMissing(f"the document has more than {_MOST_FILES} files")
        try:
            if path.stat().st_size > self._bytes:
                raise DocumentMissing(f"the files have more than {MAX_BYTES // 2**20} MiB together")
            return self._parse(path.read_text(encoding="utf-8-sig"))
        except OSError as exc:
            raise DocumentMissing(f"{path}: {exc.strerror}") from exc
        except UnicodeDecodeError as exc:
            raise DocumentMissing(f"{path} is not UTF-8 text") from exc
        except DocumentInvalid as exc:
            raise DocumentMissing(f"{path}: {exc.message}") from exc

    def _parse(self, text: str) -> Any:
        content, nodes = read_value(text, max_nodes=self._nodes)
        self._bytes -= len(text)
        self._nodes -= nodes
        return content


@dataclass(frozen=True)
class FileSource:
    """A document in a file."""

    name: str
    folder: Folder = field(repr=False, compare=False)
    file: PurePosixPath
    """Its path in the folder."""
    content: Any = field(repr=False, compare=False)

    def open(self, reference: str) -> "FileSource":
        """Return the document that a reference of this file names; raises DocumentMissing where it cannot be read."""
        return self.folder.open(self.file, reference)
