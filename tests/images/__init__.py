"""The container engine that the smoke test needs, and stand-ins for images where no registry answers."""
