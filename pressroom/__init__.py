"""The domain of Pressroom: reports, jobs, files. No web framework and no task queue in here."""
