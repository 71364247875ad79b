"""forklab: an integration-test lab for programs that fork."""
