#!/bin/sh
# Give the root folder $1 its last shape: mount points of a lab made, what no lab needs removed.
set -eu
root=${1%/}
# The container's root is read-only, so what is mounted needs a folder: /lab for work, /small for the full disk.
mkdir -p "$root/lab" "$root/small"
chown root:root "$root/lab" "$root/small"
chmod 755 "$root/lab" "$root/small"

rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/cache/debconf/* "$root"/var/log/* \
    "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/auth.conf.d "$root"/etc/apt/apt.conf.d/99mmdebstrap \
    "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/* \
    "$root"/usr/bin/*-lto-dump*
find "$root/usr/share/doc" -type f ! -name copyright -delete
