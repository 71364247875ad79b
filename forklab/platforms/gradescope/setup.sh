#!/bin/sh
# What the grader needs. Gradescope runs this as root, once, when it builds the image of the
# assignment; its folder is then /autograder/source.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
venv=$(dirname "$source")/venv
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
sed 's/#.*//' "$source/docker/packages.txt" | xargs apt-get install -qq -y --no-install-recommends

# Ubuntu 22.04, the default there, has Python 3.10 and 3.11 beside it; forklab needs 3.11.
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=python3
new_enough "$python" || python=python3.11
apt-get install -qq -y --no-install-recommends "$python" "$python-venv"
new_enough "$python" || { echo "this image has no Python 3.11 or newer" >&2; exit 1; }

"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$source/requirements.txt"

# Programs of students run under other user ids and are not to read the checks; forklab itself may
# have to run as the user 19999 (run_autograder says when).
chgrp -R 19999 "$source" "$venv"
chmod -R g+rX,g-w,o-rwx "$source" "$venv"
