"""Psychometric kernels: pure arrays in, pure arrays out, on their own in a notebook or a script.

``import exam_engine.psychometrics as psy`` gives the names below; each is loaded when it is first used, and nothing
else of the product with it. What a function takes and returns stands in its docstring: ``help(psy.calibrate)``.

>>> import numpy as np
>>> import exam_engine.psychometrics as psy
>>> items = psy.draw_items(20, model="2pl", rng=np.random.default_rng(1))
>>> people = psy.draw_normal(1000, rng=np.random.default_rng(2))
>>> test = psy.simulate(items, people, rng=np.random.default_rng(3))
>>> found = psy.calibrate(test.responses, model="2pl")
>>> bool(found.converged), psy.score_eap(test.responses, found.items).theta.shape
(True, (1000,))

Whatever is not here is reached by its module, such as ``exam_engine.psychometrics.linking.chain``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exam_engine.psychometrics.adaptive.design import AdaptiveDesign as AdaptiveDesign
    from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive as simulate_adaptive
    from exam_engine.psychometrics.ctt import analyse_items as analyse_items
    from exam_engine.psychometrics.ctt import analyse_reliability as analyse_reliability
    from exam_engine.psychometrics.ctt import lee as lee
    from exam_engine.psychometrics.ctt import livingston_lewis as livingston_lewis
    from exam_engine.psychometrics.ctt import option_flags as option_flags
    from exam_engine.psychometrics.ctt import option_table as option_table
    from exam_engine.psychometrics.ctt import summarise_scores as summarise_scores
    from exam_engine.psychometrics.dif.concurrent import concurrent_wald as concurrent_wald
    from exam_engine.psychometrics.dif.concurrent import estimates_of as estimates_of
    from exam_engine.psychometrics.dif.design import Design as Design
    from exam_engine.psychometrics.dif.likelihood_ratio import likelihood_ratio as likelihood_ratio
    from exam_engine.psychometrics.dif.logistic import logistic as logistic
    from exam_engine.psychometrics.dif.lord import lord as lord
    from exam_engine.psychometrics.dif.mantel_haenszel import mantel_haenszel as mantel_haenszel
    from exam_engine.psychometrics.dif.polytomous import mantel as mantel
    from exam_engine.psychometrics.dif.sibtest import sibtest as sibtest
    from exam_engine.psychometrics.dif.standardization import standardization as standardization
    from exam_engine.psychometrics.fit import item_fit_by_score as item_fit_by_score
    from exam_engine.psychometrics.fit import item_mean_squares as item_mean_squares
    from exam_engine.psychometrics.fit import (
        item_mean_squares_over_posterior as item_mean_squares_over_posterior,
    )
    from exam_engine.psychometrics.fit import m2_fit as m2_fit
    from exam_engine.psychometrics.fit import person_fit as person_fit
    from exam_engine.psychometrics.fit import residual_correlations as residual_correlations
    from exam_engine.psychometrics.forensics.answers import Room as Room
    from exam_engine.psychometrics.forensics.change import erasure_index as erasure_index
    from exam_engine.psychometrics.forensics.errors.rooms import similarity_errors as similarity_errors
    from exam_engine.psychometrics.forensics.indices import analyse_similarity as analyse_similarity
    from exam_engine.psychometrics.forensics.option_model import (
        estimated_probabilities as estimated_probabilities,
    )
    from exam_engine.psychometrics.forensics.pairs import Scope as Scope
    from exam_engine.psychometrics.forensics.preknowledge import preknowledge as preknowledge
    from exam_engine.psychometrics.forensics.response_time import calibrate_times as calibrate_times
    from exam_engine.psychometrics.irt.calibrate import Calibration as Calibration
    from exam_engine.psychometrics.irt.calibrate import ErrorMethod as ErrorMethod
    from exam_engine.psychometrics.irt.calibrate import Normal as Normal
    from exam_engine.psychometrics.irt.calibrate import Priors as Priors
    from exam_engine.psychometrics.irt.calibrate import UnlinkedItems as UnlinkedItems
    from exam_engine.psychometrics.irt.calibrate import calibrate as calibrate
    from exam_engine.psychometrics.irt.items import Items as Items
    from exam_engine.psychometrics.irt.models import Model as Model
    from exam_engine.psychometrics.irt.scoring import Scores as Scores
    from exam_engine.psychometrics.irt.scoring import plausible_values as plausible_values
    from exam_engine.psychometrics.irt.scoring import score_eap as score_eap
    from exam_engine.psychometrics.irt.scoring import score_map as score_map
    from exam_engine.psychometrics.irt.scoring import score_ml as score_ml
    from exam_engine.psychometrics.irt.scoring import score_wle as score_wle
    from exam_engine.psychometrics.irt.scoring import sum_score_eap as sum_score_eap
    from exam_engine.psychometrics.linking.calibrated import anchors_of as anchors_of
    from exam_engine.psychometrics.linking.circle_arc import circle_arc as circle_arc
    from exam_engine.psychometrics.linking.drift import anchor_drift as anchor_drift
    from exam_engine.psychometrics.linking.equipercentile import equipercentile as equipercentile
    from exam_engine.psychometrics.linking.equipercentile import frequency_estimation as frequency_estimation
    from exam_engine.psychometrics.linking.irt_equating import irt_observed_score as irt_observed_score
    from exam_engine.psychometrics.linking.irt_equating import irt_true_score as irt_true_score
    from exam_engine.psychometrics.linking.linear import linear_equating as linear_equating
    from exam_engine.psychometrics.linking.linear import mean_equating as mean_equating
    from exam_engine.psychometrics.linking.link import Linker as Linker
    from exam_engine.psychometrics.linking.link import link as link
    from exam_engine.psychometrics.linking.purification import purify as purify
    from exam_engine.psychometrics.linking.transformation import Transformation as Transformation
    from exam_engine.psychometrics.sample_size import Advice as Advice
    from exam_engine.psychometrics.sample_size import advise as advise
    from exam_engine.psychometrics.simulation.abilities import draw_normal as draw_normal
    from exam_engine.psychometrics.simulation.parameters import draw_items as draw_items
    from exam_engine.psychometrics.simulation.responses import draw_responses as draw_responses
    from exam_engine.psychometrics.simulation.responses import simulate as simulate
    from exam_engine.psychometrics.standard_setting.angoff import angoff as angoff
    from exam_engine.psychometrics.standard_setting.body_of_work import body_of_work as body_of_work
    from exam_engine.psychometrics.standard_setting.bookmark import bookmark as bookmark
    from exam_engine.psychometrics.standard_setting.compromise import beuk as beuk
    from exam_engine.psychometrics.standard_setting.compromise import hofstee as hofstee
    from exam_engine.psychometrics.standard_setting.examinees import borderline_group as borderline_group
    from exam_engine.psychometrics.standard_setting.examinees import contrasting_groups as contrasting_groups

_MODULES = {
    "irt.items": ("Items",),
    "irt.models": ("Model",),
    "irt.calibrate": (
        "Calibration",
        "ErrorMethod",
        "Normal",
        "Priors",
        "UnlinkedItems",
        "calibrate",
    ),
    "irt.scoring": (
        "Scores",
        "plausible_values",
        "score_eap",
        "score_map",
        "score_ml",
        "score_wle",
        "sum_score_eap",
    ),
    "sample_size": (
        "Advice",
        "advise",
    ),
    "ctt": (
        "analyse_items",
        "analyse_reliability",
        "lee",
        "livingston_lewis",
        "option_flags",
        "option_table",
        "summarise_scores",
    ),
    "fit": (
        "item_fit_by_score",
        "item_mean_squares",
        "item_mean_squares_over_posterior",
        "m2_fit",
        "person_fit",
        "residual_correlations",
    ),
    "dif.design": ("Design",),
    "dif.mantel_haenszel": ("mantel_haenszel",),
    "dif.polytomous": ("mantel",),
    "dif.standardization": ("standardization",),
    "dif.logistic": ("logistic",),
    "dif.sibtest": ("sibtest",),
    "dif.lord": ("lord",),
    "dif.likelihood_ratio": ("likelihood_ratio",),
    "dif.concurrent": (
        "concurrent_wald",
        "estimates_of",
    ),
    "linking.link": (
        "Linker",
        "link",
    ),
    "linking.calibrated": ("anchors_of",),
    "linking.drift": ("anchor_drift",),
    "linking.purification": ("purify",),
    "linking.transformation": ("Transformation",),
    "linking.linear": (
        "linear_equating",
        "mean_equating",
    ),
    "linking.equipercentile": (
        "equipercentile",
        "frequency_estimation",
    ),
    "linking.circle_arc": ("circle_arc",),
    "linking.irt_equating": (
        "irt_observed_score",
        "irt_true_score",
    ),
    "standard_setting.angoff": ("angoff",),
    "standard_setting.bookmark": ("bookmark",),
    "standard_setting.examinees": (
        "borderline_group",
        "contrasting_groups",
    ),
    "standard_setting.compromise": (
        "beuk",
        "hofstee",
    ),
    "standard_setting.body_of_work": ("body_of_work",),
    "forensics.answers": ("Room",),
    "forensics.option_model": ("estimated_probabilities",),
    "forensics.pairs": ("Scope",),
    "forensics.indices": ("analyse_similarity",),
    "forensics.errors.rooms": ("similarity_errors",),
    "forensics.response_time": ("calibrate_times",),
    "forensics.change": ("erasure_index",),
    "forensics.preknowledge": ("preknowledge",),
    "adaptive.design": ("AdaptiveDesign",),
    "adaptive.simulate": ("simulate_adaptive",),
    "simulation.abilities": ("draw_normal",),
    "simulation.parameters": ("draw_items",),
    "simulation.responses": (
        "draw_responses",
        "simulate",
    ),
}
"""Module → names that are public here."""

_PLACES = {name: module for module, names in _MODULES.items() for name in names}

_PARTS = frozenset(
    {
        "adaptive",
        "ctt",
        "dif",
        "fit",
        "forensics",
        "irt",
        "linking",
        "sample_size",
        "simulation",
        "standard_setting",
    }
)

__all__ = [
    "AdaptiveDesign",
    "Advice",
    "Calibration",
    "Design",
    "ErrorMethod",
    "Items",
    "Linker",
    "Model",
    "Normal",
    "Priors",
    "Room",
    "Scope",
    "Scores",
    "Transformation",
    "UnlinkedItems",
    "advise",
    "analyse_items",
    "analyse_reliability",
    "analyse_similarity",
    "anchor_drift",
    "anchors_of",
    "angoff",
    "beuk",
    "body_of_work",
    "bookmark",
    "borderline_group",
    "calibrate",
    "calibrate_times",
    "circle_arc",
    "concurrent_wald",
    "contrasting_groups",
    "draw_items",
    "draw_normal",
    "draw_responses",
    "equipercentile",
    "erasure_index",
    "estimated_probabilities",
    "estimates_of",
    "frequency_estimation",
    "hofstee",
    "irt_observed_score",
    "irt_true_score",
    "item_fit_by_score",
    "item_mean_squares",
    "item_mean_squares_over_posterior",
    "lee",
    "likelihood_ratio",
    "linear_equating",
    "link",
    "livingston_lewis",
    "logistic",
    "lord",
    "m2_fit",
    "mantel",
    "mantel_haenszel",
    "mean_equating",
    "option_flags",
    "option_table",
    "person_fit",
    "plausible_values",
    "preknowledge",
    "purify",
    "residual_correlations",
    "score_eap",
    "score_map",
    "score_ml",
    "score_wle",
    "sibtest",
    "similarity_errors",
    "simulate",
    "simulate_adaptive",
    "standardization",
    "sum_score_eap",
    "summarise_scores",
]


def __getattr__(name: str) -> Any:
    """Load a public name, or one of the packages below, when it is first asked for."""
    if name in _PLACES:
        value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
        globals()[name] = value
        return value
    if name in _PARTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return what there is, loaded or not."""
    return sorted({*globals(), *__all__, *_PARTS})
