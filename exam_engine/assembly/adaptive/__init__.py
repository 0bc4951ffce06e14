"""Adaptive assembly: shadow tests that pick the next item under all rules, and multistage panels."""

from exam_engine.assembly.adaptive.shadow import Pick, Posterior, Shadow, ShadowTest, prepare

__all__ = ["Pick", "Posterior", "Shadow", "ShadowTest", "prepare"]
