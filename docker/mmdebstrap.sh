#!/bin/sh
# Write the lab image's files as a tar, from the host's own apt sources: mmdebstrap.sh CODENAME SOURCES TAR [APT_OPTION ...]
#
# SOURCES is a file of apt sources. An APT_OPTION is a line of apt.conf (a proxy, say).
# The other route to the same content is lab.Dockerfile.
set -eu
here=$(dirname "$0")
codename=$1 sources=$2 tar=$3
shift 3
packages=$(sed 's/#.*//' "$here/packages.txt" | xargs | tr ' ' ,)

for option; do
    set -- "$@" "--aptopt=$option"
    shift
done
# Without this hook bookworm merges /usr by a package that brings all of Perl (57 MB).
hooks=/usr/share/mmdebstrap/hooks/maybe-merged-usr
[ -d "$hooks" ] && set -- "$@" "--hook-dir=$hooks"
# Passwords of private mirrors; trim.sh takes them out again.
[ -d /etc/apt/auth.conf.d ] &&
    set -- "$@" "--setup-hook=mkdir -p \"\$1\"/etc/apt && cp -a /etc/apt/auth.conf.d \"\$1\"/etc/apt/"

exec mmdebstrap --quiet --variant=apt --include="$packages" --dpkgopt=force-unsafe-io "$@" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="sh '$here/trim.sh' \"\$1\"" \
    "$codename" "$tar" "$sources"
