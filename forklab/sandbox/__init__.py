"""Where a program runs: the engine, the lab image, the container."""
