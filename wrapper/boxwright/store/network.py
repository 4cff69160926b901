"""Tells whether a folder lies on a network file system."""

from __future__ import annotations

import os
from pathlib import Path

_NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "lustre",
    "gpfs",
    "beegfs",
    "fuse.sshfs",
    "ceph",
    "glusterfs",
    "9p",
}
_NETWORK |= {"afs", "panfs", "pvfs2", "orangefs", "wekafs", "fuse.glusterfs", "fuse.ceph", "fhgfs"}


def on_network_file_system(folder: Path) -> bool:
    """Return whether the folder lies on a network file system, as far as ``/proc`` tells."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    target = os.path.realpath(folder)
    best, kind = "", ""
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").rstrip("/")
        if (target == point or target.startswith(point + "/")) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in _NETWORK
