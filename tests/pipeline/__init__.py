"""A Dagger session without its engine: it checks what the client sends and notes what would be run."""
