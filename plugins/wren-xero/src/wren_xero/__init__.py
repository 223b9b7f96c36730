"""Xero for Wren: invoices, contacts, payments, accounts."""

from wren_xero.integration import Xero
from wren_xero.records import Account, Contact, Invoice, LineItem, NewLine, Payment

__all__ = ["Account", "Contact", "Invoice", "LineItem", "NewLine", "Payment", "Xero"]
