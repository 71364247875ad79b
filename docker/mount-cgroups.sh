#!/bin/sh
# Mount the control groups, which dockerd cannot do without, where nobody has: a bare chroot, a machine without an
# init system. In the version that the kernel already uses elsewhere, since a controller is in one version only.
set -eu
grep -q '^[^ ]* [^ ]* cgroup' /proc/mounts && exit 0
[ -d /sys/fs/cgroup ] || mount -t sysfs sysfs /sys

# Controllers of version 1, those of one hierarchy joined by commas.
hierarchies=$(awk '!/^#/ && $2 > 0 { of[$2] = of[$2] (of[$2] ? "," : "") $1 } END { for (i in of) print of[i] }' /proc/cgroups)
if [ -z "$hierarchies" ]; then
    exec mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
mount -t tmpfs -o mode=755,nosuid,nodev,noexec cgroup /sys/fs/cgroup
for controllers in $hierarchies; do
    mkdir "/sys/fs/cgroup/$controllers"
    mount -t cgroup -o "$controllers" cgroup "/sys/fs/cgroup/$controllers"
done
