"""Any mail server for Wren: read and search by IMAP, send by SMTP."""

from wren_imap.integration import IMAP

__all__ = ["IMAP"]
