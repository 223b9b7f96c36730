"""Gmail for Wren: read, search, send and label mail."""

from wren_gmail.integration import Gmail
from wren_gmail.records import Address, Attachment, Draft, Email, Label, LabelChange, SentEmail

__all__ = ["Address", "Attachment", "Draft", "Email", "Gmail", "Label", "LabelChange", "SentEmail"]
