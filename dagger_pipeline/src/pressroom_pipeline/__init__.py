"""A change of Pressroom on its way to a registry: each step is a function, `release` is all of them."""

from pressroom_pipeline.pipeline import PressroomPipeline

__all__ = ["PressroomPipeline"]
