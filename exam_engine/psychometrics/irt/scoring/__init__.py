"""Ability from responses and known item parameters: EAP, MAP, ML, WLE, sum scores, plausible values."""

from exam_engine.psychometrics.irt.scoring.likelihood import log_likelihood
from exam_engine.psychometrics.irt.scoring.modes import Weight, score_map, score_ml, score_wle
from exam_engine.psychometrics.irt.scoring.posterior import plausible_values, score_eap
from exam_engine.psychometrics.irt.scoring.reliability import empirical_reliability, marginal_reliability
from exam_engine.psychometrics.irt.scoring.result import Outcome, Scores
from exam_engine.psychometrics.irt.scoring.sum_scores import SumScores, score_distribution, sum_score_eap

__all__ = [
    "Outcome",
    "Scores",
    "SumScores",
    "Weight",
    "empirical_reliability",
    "log_likelihood",
    "marginal_reliability",
    "plausible_values",
    "score_distribution",
    "score_eap",
    "score_map",
    "score_ml",
    "score_wle",
    "sum_score_eap",
]
