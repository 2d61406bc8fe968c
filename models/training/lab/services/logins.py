"""Where people and scripts log in on the node: SSH and FTP.

Owns: the configuration of sshd and vsftpd, the key that the owner's people have. Refuses: passwords that a list
of words would hold.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from netns import instead
from services.base import Making, Service

KEY = "admin_key"
SSHD = """
Port 22
ListenAddress {node}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/admin_key.pub
StrictModes no
PermitRootLogin prohibit-password
PidFile none
UsePAM no
UseDNS no
PasswordAuthentication yes
MaxStartups 50:30:100
MaxAuthTries 3
PrintMotd no
PrintLastLog no
PermitUserRC no
SetEnv HISTFILE=/dev/null
Subsystem sftp internal-sftp
"""
VSFTPD = """
listen=YES
listen_address={node}
background=NO
isolate=NO
isolate_network=NO
local_enable=YES
anonymous_enable=YES
anon_root={folder}/ftp
no_anon_password=NO
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_umask=022
write_enable=YES
seccomp_sandbox=NO
max_login_fails=6
xferlog_enable=YES
log_ftp_protocol=YES
xferlog_std_format=NO
vsftpd_log_file={folder}/ftp.log
"""


def ssh(making: Making) -> list[Service]:
    """sshd; the owner's people log in with the key in the run's folder."""
    folder = making.folder
    for key in ("host_key", KEY):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    (folder / "sshd.conf").write_text(SSHD.format(node=making.plan.node, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    # What it notes of who came, and of who failed to, is no log-in to this machine.
    (folder / "logins").mkdir()
    apart = instead(folder / "logins", "/var/log")
    # It starts itself again for each connection, which takes its whole path.
    program = shutil.which("sshd") or "sshd"
    argv = (*apart, program, "-D", "-f", folder / "sshd.conf", "-E", folder / "ssh.log")
    return [Service("node", argv, frozenset({22}))]


def ftp(making: Making) -> list[Service]:
    """vsftpd; `ftp` may leave files in `incoming`."""
    folder = making.folder
    incoming = folder / "ftp/incoming"
    incoming.mkdir(parents=True)
    shutil.chown(incoming, "ftp")
    (folder / "vsftpd.conf").write_text(VSFTPD.format(node=making.plan.node, folder=folder).lstrip())
    Path("/var/run/vsftpd/empty").mkdir(parents=True, exist_ok=True)
    return [Service("node", ("vsftpd", folder / "vsftpd.conf"), frozenset({21}))]
