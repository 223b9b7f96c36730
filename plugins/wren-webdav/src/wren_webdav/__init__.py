"""Documents on a WebDAV server for Wren."""

from wren_webdav.integration import WebDAV

__all__ = ["WebDAV"]
