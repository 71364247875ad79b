"""Make executables with strange names."""

import os

for number in range(3000):
    os.close(os.open(b"%d-" % number + b"\xff\x1b[2J" * 30, os.O_CREAT, 0o755))
for name in ("a\nserver", "-rf", "$(reboot)", "; echo", "\x1b]0;PASS\a", " "):
    os.close(os.open(name, os.O_CREAT, 0o755))
