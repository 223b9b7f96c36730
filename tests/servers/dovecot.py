"""Dovecot in a temporary folder: a real IMAP server with one empty account, whose abilities a test can limit."""

import getpass
import grp
import imaplib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.availability import find_program
from servers.process import clean_variables, free_port, serve

# As root, the account's mail belongs to an unprivileged user that every system has.
UNPRIVILEGED = 65534
ACCOUNT, PASSWORD = "ann@example.com", "s3cret-word"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
mail_location = maildir:{folder}/mail/%u
mail_privileged_group =
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
{capability}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={user_group} home={folder}/mail
}}
namespace inbox {{
  inbox = yes
  mailbox Archive {{
    auto = create
  }}
  mailbox Public {{
    auto = create
  }}
}}
mail_plugins = acl
plugin {{
  acl = vfile:{folder}/rights
}}
"""
# The account may only read one of its folders.
RIGHTS = "Public owner lr\n"


@dataclass(frozen=True, kw_only=True)
class Dovecot:
    """A running server."""

    port: int
    password: str

    def box(self) -> imaplib.IMAP4:
        """Log in directly, without the integration."""
        box = imaplib.IMAP4("127.0.0.1", self.port)
        box.authenticate("PLAIN", lambda _: f"\0{ACCOUNT}\0{self.password}".encode())
        return box


@contextmanager
def dovecot(*, capability: str = "", password: str = PASSWORD, mechanisms: str = "plain login") -> Iterator[Dovecot]:
    """Run a server with the folders INBOX, Archive and, with one e-mail that cannot be changed, Public."""
    program = find_program("dovecot", package="dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="wren-dovecot-"))
    try:
        port, is_root = free_port(), os.geteuid() == 0
        user = UNPRIVILEGED if is_root else os.getuid()
        public = folder / "mail" / ACCOUNT / ".Public"
        for name in ("cur", "new", "tmp"):
            (public / name).mkdir(parents=True)
        (public / "cur" / "1:2,").write_text("Subject: Public\n\nFor all to read.\n")
        folder.chmod(0o755)
        for path in [folder / "mail", *(folder / "mail").rglob("*")] if is_root else []:
            shutil.chown(path, user)
        account = getpass.getuser()
        own = {"internal": account, "login": account, "group": grp.getgrgid(os.getegid()).gr_name}
        values = {
            **({"internal": "dovecot", "login": "dovenull", "group": "dovecot"} if is_root else own),
            "folder": folder,
            "port": port,
            "password": password,
            "mechanisms": mechanisms,
            "user": user,
            "user_group": UNPRIVILEGED if is_root else os.getegid(),
            "capability": f"imap_capability = {capability}" if capability else "",
        }
        configuration = folder / "dovecot.conf"
        (folder / "rights").write_text(RIGHTS)
        configuration.write_text(CONFIGURATION.format(**values))
        log = folder / "log"
        with serve([program, "-F", "-c", configuration], ports=[port], log=log, variables=clean_variables(folder)):
            yield Dovecot(port=port, password=password)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
