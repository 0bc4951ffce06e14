"""Adaptive assembly: shadow tests that pick the next item under all rules, and multistage panels."""

from exam_engine.assembly.adaptive.panel import Module, PanelDesign, Route
from exam_engine.assembly.adaptive.panels import Panels, assemble_panels, verify_panels
from exam_engine.assembly.adaptive.routing import (
    Fork,
    forks_by_information,
    forks_by_population,
    route_shares,
)
from exam_engine.assembly.adaptive.shadow import Pick, Posterior, Shadow, ShadowTest, prepare

__all__ = [
    "Fork",
    "Module",
    "PanelDesign",
    "Panels",
    "Pick",
    "Posterior",
    "Route",
    "Shadow",
    "ShadowTest",
    "assemble_panels",
    "forks_by_information",
    "forks_by_population",
    "prepare",
    "route_shares",
    "verify_panels",
]
