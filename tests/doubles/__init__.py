"""Stand-ins for what a test must be able to steer: they are started by tests only."""
