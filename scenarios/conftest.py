"""Fixtures of the scenarios that other plugins have under the same name."""

from forklab.plugin import lab_host

# pytest-testinfra has a `host`, too; a conftest is nearer than any plugin
host = lab_host
