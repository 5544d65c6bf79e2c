"""What happens to a change of Pressroom on its way to a registry: a function a step, `release` for all of them."""

from pressroom_pipeline.pipeline import PressroomPipeline

__all__ = ["PressroomPipeline"]
