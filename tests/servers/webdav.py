"""Real WebDAV servers, each in a temporary folder with one share: nginx, Apache, lighttpd and rclone.

They differ in what the integration must not depend on: whether a folder's address needs its slash, whether a
precondition is kept, whether there are locks.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.availability import find_program, unavailable
from servers.process import clean_variables, free_port, serve

# As root, Apache runs under an unprivileged account that every system has.
UNPRIVILEGED = 65534
USER, PASSWORD = "ann", "s3cret-word"
# The password above, as `openssl passwd -apr1` writes it.
ENCRYPTED = "$apr1$wren$qA29s2rVOaHkfRK1d.ozb1"
MODULES = Path("/usr/lib/apache2/modules")
NGINX_MODULES = Path("/usr/lib/nginx/modules")

NGINX = """
{module}
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 50m;
  {zone}
  server {{
    listen 127.0.0.1:{port};
    location /dav/ {{
      alias {share}/;
      autoindex on;
      auth_basic share;
      auth_basic_user_file {folder}/users;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      {methods}
    }}
  }}
}}
"""
APACHE = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
ErrorLog /dev/stderr
{user}
{modules}
DavLockDB {folder}/locks
<Directory {share}>
  Require valid-user
</Directory>
Alias /dav {share}
<Location /dav>
  Dav On
  AuthType Basic
  AuthName share
  AuthUserFile {folder}/users
</Location>
"""
LIGHTTPD = """
server.document-root = "{folder}/empty"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "/dev/stderr"
server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_webdav", "mod_dirlisting")
{user}
alias.url = ("/dav/" => "{share}/")
dir-listing.activate = "enable"
auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "{folder}/users"
$HTTP["url"] =~ "^/dav($|/)" {{
  webdav.activate = "enable"
  auth.require = ("" => ("method" => "basic", "realm" => "share", "require" => "valid-user"))
}}
"""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A served folder."""

    url: str
    folder: Path

    @property
    def credentials(self) -> dict[str, str]:
        return {"username": USER, "password": PASSWORD}


@contextmanager
def nginx(*, lists: bool = True) -> Iterator[Share]:
    """nginx with its WebDAV module, which keeps no precondition; with `lists`, also that for PROPFIND and locks."""
    program = find_program("nginx", package="nginx libnginx-mod-http-dav-ext")
    if lists and not (NGINX_MODULES / "ngx_http_dav_ext_module.so").exists():
        unavailable("nginx has no module for PROPFIND; Debian and Ubuntu: apt-get install libnginx-mod-http-dav-ext")
    more = {
        "module": f"load_module {NGINX_MODULES}/ngx_http_dav_ext_module.so;" if lists else "",
        "zone": "dav_ext_lock_zone zone=share:1m;" if lists else "",
        "methods": "dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK; dav_ext_lock zone=share;" if lists else "",
        "user": "user root;" if os.geteuid() == 0 else "",
    }
    with _run(lambda folder: [program, "-e", "stderr", "-p", folder, "-c", folder / "conf"], NGINX, more) as share:
        yield share


@contextmanager
def apache() -> Iterator[Share]:
    """Apache 2.4, which redirects the address of a folder without its slash."""
    program = find_program("apache2", package="apache2-bin")
    names = "mpm_event authn_core authn_file authz_core authz_user auth_basic alias dir autoindex dav dav_fs mime"
    loads = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names.split()]
    more = {
        "modules": "\n".join([*loads, "TypesConfig /dev/null"]),
        "user": f"User #{UNPRIVILEGED}\nGroup #{UNPRIVILEGED}" if os.geteuid() == 0 else "",
    }
    with _run(
        lambda folder: [program, "-DFOREGROUND", "-f", folder / "conf"], APACHE, more, owner=UNPRIVILEGED
    ) as share:
        yield share


@contextmanager
def lighttpd() -> Iterator[Share]:
    """lighttpd with its WebDAV module."""
    program = find_program("lighttpd", package="lighttpd lighttpd-mod-webdav")
    with _run(lambda folder: [program, "-D", "-f", folder / "conf"], LIGHTTPD, {"user": ""}) as share:
        yield share


@contextmanager
def rclone() -> Iterator[Share]:
    """`rclone serve webdav`, which keeps no precondition of a PUT."""
    program = find_program("rclone", package="rclone")

    def command(folder: Path) -> list[str | Path]:
        where = ("--addr", f"127.0.0.1:{(folder / 'port').read_text()}", "--baseurl", "/dav")
        login = ("--user", USER, "--pass", PASSWORD, "--config", "/dev/null", "--dir-cache-time", "0s")
        return [program, "serve", "webdav", folder / "share", *where, *login]

    with _run(command, "", {}) as share:
        yield share


@contextmanager
def _run(
    command: Callable[[Path], list[str | Path]], configuration: str, values: dict[str, str], *, owner: int | None = None
) -> Iterator[Share]:
    folder = Path(tempfile.mkdtemp(prefix="wren-webdav-"))
    share, port = folder / "share", free_port()
    try:
        for path in (folder, share, folder / "empty"):
            path.mkdir(exist_ok=True)
            path.chmod(0o777)
            if owner and os.geteuid() == 0:
                shutil.chown(path, owner)
        (folder / "users").write_text(f"{USER}:{ENCRYPTED}\n")
        (folder / "port").write_text(str(port))
        (folder / "conf").write_text(configuration.format(folder=folder, share=share, port=port, **values))
        program = command(folder)
        with serve(program, ports=[port], log=folder / "log", variables=clean_variables(folder)):
            yield Share(url=f"http://127.0.0.1:{port}/dav", folder=share)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


SERVERS = {"nginx": nginx, "apache": apache, "lighttpd": lighttpd, "rclone": rclone}
