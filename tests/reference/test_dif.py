"""Differential item functioning against published tables and R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from exam_engine.psychometrics.dif.area import raju
from exam_engine.psychometrics.dif.comparisons import generalized_tables
from exam_engine.psychometrics.dif.concurrent import concurrent_wald
from exam_engine.psychometrics.dif.design import Design, Tables
from exam_engine.psychometrics.dif.estimates import Estimates
from exam_engine.psychometrics.dif.likelihood_ratio import likelihood_ratio
from exam_engine.psychometrics.dif.logistic import logistic
from exam_engine.psychometrics.dif.lord import lord
from exam_engine.psychometrics.dif.mantel_haenszel import (
    breslow_day,
    breslow_day_tables,
    mantel_haenszel,
    mantel_haenszel_tables,
)
from exam_engine.psychometrics.dif.sibtest import sibtest
from exam_engine.psychometrics.dif.standardization import standardization
from tests.reference.dif_estimates import (
    ANCHORS,
    FOCAL,
    FREED,
    LORD,
    RAJU,
    REFERENCE,
    RESCALED,
    TOGETHER,
    WITH_ANCHORS,
)
from tests.reference.dif_figures import FIGURES, FLAGGED_BY_MH

Data = tuple[NDArray[np.float64], NDArray[np.float64]]

TEN_DIGITS = {"rtol": 1e-6, "atol": 1e-8}
"""The figures have ten digits; R's regressions stop at a relative change of the deviance of 1e-8."""


@pytest.fixture(params=["simdif", "verbagg"])
def named(request: pytest.FixtureRequest, reference_data: Path) -> tuple[str, Data]:
    file = {"simdif": "simdif.csv", "verbagg": "verbagg3.csv"}[request.param]
    table = np.genfromtxt(reference_data / "psychometrics" / file, delimiter=",", skip_header=1)
    return request.param, (np.minimum(table[:, :-1], 1.0), table[:, -1])


@pytest.mark.parametrize("purify", [False, True])
def test_mantel_haenszel_is_difr_s(named: tuple[str, Data], purify: bool) -> None:
    name, (responses, group) = named
    figures, suffix = FIGURES[name], "_purified" if purify else ""

    found = mantel_haenszel(responses, group, design=Design(purify=purify))
    plain = mantel_haenszel(responses, group, design=Design(purify=purify), continuity=False)

    np.testing.assert_allclose(found.odds_ratio, figures["mh_alpha" + suffix], **TEN_DIGITS)
    np.testing.assert_allclose(found.log_variance, figures["mh_variance" + suffix], **TEN_DIGITS)
    np.testing.assert_allclose(plain.statistic, figures["mh_plain" + suffix], **TEN_DIGITS)
    # difR squares |difference| - 1/2 also where that is negative; here a difference below 1/2 counts as none.
    kept = found.statistic > 0
    np.testing.assert_allclose(found.statistic[kept], np.array(figures["mh" + suffix])[kept], **TEN_DIGITS)
    assert kept.sum() >= kept.size - 1
    assert (np.flatnonzero(found.flagged) + 1).tolist() == FLAGGED_BY_MH[name][purify]


def test_purification_takes_as_many_rounds_as_difr(named: tuple[str, Data]) -> None:
    name, (responses, group) = named

    assert (
        mantel_haenszel(responses, group, design=Design(purify=True)).rounds
        == {
            "simdif": 2,
            "verbagg": 6,
        }[name]
    )


@pytest.mark.parametrize("purify", [False, True])
def test_standardization_is_difr_s(named: tuple[str, Data], purify: bool) -> None:
    name, (responses, group) = named

    found = standardization(responses, group, design=Design(purify=purify))

    expected = FIGURES[name]["std_purified" if purify else "std"]
    np.testing.assert_allclose(found.effect, expected, **TEN_DIGITS)


@pytest.mark.parametrize("purify", [False, True])
@pytest.mark.parametrize("question", ["both", "uniform", "non_uniform"])
def test_logistic_regression_is_difr_s(named: tuple[str, Data], question: str, purify: bool) -> None:
    name, (responses, group) = named
    suffix = "_purified" if purify else ""
    expected = FIGURES[name].get(f"{question}_lr{suffix}")

    found = logistic(responses, group, design=Design(purify=purify), question=question)

    if expected is None:  # difR 5.1 stopped with an error here
        assert np.all(np.isfinite(found.statistic))
    else:
        np.testing.assert_allclose(found.statistic, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("question", ["both", "uniform", "non_uniform"])
def test_wald_statistics_are_difr_s_but_for_its_last_weights(named: tuple[str, Data], question: str) -> None:
    name, (responses, group) = named

    found = logistic(responses, group, question=question, test="wald")

    # R's glm leaves the weights of the iteration before the last in its covariance: 5e-4 apart at most.
    np.testing.assert_allclose(found.statistic, FIGURES[name][f"{question}_wald"], rtol=5e-4)


@pytest.mark.parametrize("question", ["both", "uniform", "non_uniform"])
def test_change_of_r_squared_is_nagelkerke_s(named: tuple[str, Data], question: str) -> None:
    name, (responses, group) = named
    right = responses.mean(axis=0)
    deviance = -2 * len(group) * (right * np.log(right) + (1 - right) * np.log(1 - right))

    found = logistic(responses, group, question=question)
    change = found.r2_change
    # difR's null likelihood underflows to 0 from a deviance of 1,490: it then prints the change of Cox & Snell's R².
    underflow = deviance / 2 > 745.2
    change = np.where(underflow, change * -np.expm1(-deviance / len(group)), change)
    figures = np.array(FIGURES[name][f"{question}_r2"])

    assert underflow.any() == (name == "simdif")
    kept = ~underflow | (figures > 0)
    np.testing.assert_allclose(change[kept], figures[kept], rtol=1e-6, atol=1e-9)


def test_sibtest_is_mirt_s(named: tuple[str, Data]) -> None:
    name, (responses, group) = named

    found = sibtest(responses, group)

    # mirt takes a score that does not occur in a group as a mean of 0; item 4 has one beside a score that is used.
    kept = np.arange(responses.shape[1]) != (3 if name == "verbagg" else -1)
    np.testing.assert_allclose(found.effect[kept], np.array(FIGURES[name]["sib_beta"])[kept], **TEN_DIGITS)
    np.testing.assert_allclose(found.effect_error, FIGURES[name]["sib_se"], **TEN_DIGITS)


def test_breslow_day_is_difr_s(named: tuple[str, Data]) -> None:
    name, (responses, group) = named

    found = breslow_day(responses, group)

    np.testing.assert_allclose(found.statistic, FIGURES[name]["breslow_day"], atol=5.1e-5)  # printed digits
    np.testing.assert_array_equal(found.df, FIGURES[name]["breslow_day_df"])


def test_smoking_and_lung_cancer_in_eight_cities() -> None:
    """Agresti (2002, Categorical Data Analysis, 2nd ed., section 6.3): estimate 2.17, interval 1.98 to 2.38, CMH
    280.1, Breslow–Day 5.2 with 7 degrees of freedom."""
    cities = [
        (126, 100, 35, 61),
        (908, 688, 497, 807),
        (913, 747, 336, 598),
        (235, 172, 58, 121),
        (402, 308, 121, 215),
        (182, 156, 72, 98),
        (60, 99, 11, 43),
        (104, 89, 21, 36),
    ]
    tables = Tables.of(
        [[[[case_no, case_yes], [rest_no, rest_yes]] for case_yes, rest_yes, case_no, rest_no in cities]]
    )

    found = mantel_haenszel_tables(tables, continuity=False)
    homogeneous = breslow_day_tables(tables)

    assert found.odds_ratio[0] == pytest.approx(2.17, abs=0.005)
    reach = 1.96 * found.log_variance[0] ** 0.5
    bounds = found.odds_ratio[0] * np.exp([-reach, reach])
    np.testing.assert_allclose(bounds, [1.98, 2.38], atol=0.005)
    assert found.statistic[0] == pytest.approx(280.1, abs=0.05)
    assert homogeneous.statistic[0] == pytest.approx(5.2, abs=0.05)
    assert homogeneous.df[0] == 7


def test_admissions_at_berkeley() -> None:
    """Bickel, Hammel & O'Connell (1975, Science 187, 398–404); mantelhaen.test in R's own reference output
    (stats-Ex.Rout.save): 1.4269 with correction, p 0.2323, common odds ratio 0.9046968."""
    departments = [
        (512, 313, 89, 19),
        (353, 207, 17, 8),
        (120, 205, 202, 391),
        (138, 279, 131, 244),
        (53, 138, 94, 299),
        (22, 351, 24, 317),
    ]
    tables = Tables.of([[[[men_no, men], [women_no, women]] for men, men_no, women, women_no in departments]])

    found = mantel_haenszel_tables(tables)

    assert found.odds_ratio[0] == pytest.approx(0.9046968, abs=5e-8)
    assert found.statistic[0] == pytest.approx(1.4269, abs=5e-5)
    assert found.p_value[0] == pytest.approx(0.2323, abs=5e-5)


def test_job_satisfaction_by_income() -> None:
    """Agresti (2002, table 7.8, p. 288), four incomes and four degrees of satisfaction within two genders;
    mantelhaen.test in R's own reference output: 10.2001 with 9 degrees of freedom, p 0.3345."""
    women = [[1, 2, 0, 0], [3, 3, 1, 2], [11, 17, 8, 4], [2, 3, 5, 2]]
    men = [[1, 0, 0, 0], [1, 3, 0, 1], [2, 5, 7, 9], [1, 1, 3, 6]]
    tables = Tables.of([[np.transpose(women), np.transpose(men)]])

    found = generalized_tables(tables)

    assert found.statistic[0] == pytest.approx(10.2001, abs=5e-5)
    assert found.df[0] == 9
    assert found.p_value[0] == pytest.approx(0.3345, abs=5e-5)


def estimates_of(group: dict[str, list[float]]) -> Estimates:
    covariance = np.empty((len(group["a"]), 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = np.square(group["se.a"]), np.square(group["se.b"])
    covariance[:, 0, 1] = covariance[:, 1, 0] = group["cov.ab"]
    return Estimates.of(("a", "b"), np.transpose([group["a"], group["b"]]), covariance)


def by_mean_and_sigma(reference: Estimates, focal: Estimates) -> tuple[float, float]:
    b_r, b_f = reference.location, focal.location
    scale = b_r.std() / b_f.std()
    return scale, b_r.mean() - scale * b_f.mean()


def test_lord_s_and_raju_s_statistics_are_difr_s() -> None:
    reference, focal = estimates_of(REFERENCE), estimates_of(FOCAL)
    link = by_mean_and_sigma(reference, focal)

    by_lord, by_raju = lord(reference, focal, link=link), raju(reference, focal, link=link)

    moved = focal.rescaled(*link)
    np.testing.assert_allclose(moved.values.T, [RESCALED["new.a"], RESCALED["new.b"]], **TEN_DIGITS)
    np.testing.assert_allclose(by_lord.statistic, LORD["LordChi"], **TEN_DIGITS)
    np.testing.assert_allclose(by_lord.p_value, LORD["p.value"], **TEN_DIGITS)
    # difR's p-values of negative deviates are above 1, so the deviates alone are compared.
    np.testing.assert_allclose(by_raju.z, RAJU["RajuZ"], **TEN_DIGITS)


@pytest.mark.parametrize("name", ["simdif", "verbagg2", "mathexam"])
def test_lord_s_and_raju_s_statistics_are_difr_s_for_every_set(name: str, reference_data: Path) -> None:
    folder = reference_data / "psychometrics"
    if not folder.is_dir():
        pytest.skip(f"no psychometric references in {folder}")
    figures = json.loads((folder / "refs" / "dif.json").read_text("utf-8"))[name]
    reference, focal = estimates_of(figures["itempar_ref"]), estimates_of(figures["itempar_foc"])
    link = by_mean_and_sigma(reference, focal)

    by_lord, by_raju = lord(reference, focal, link=link), raju(reference, focal, link=link)

    np.testing.assert_allclose(by_lord.statistic, figures["Lord_2PL_meansigma"]["LordChi"], **TEN_DIGITS)
    np.testing.assert_allclose(by_raju.z, figures["Raju_2PL_meansigma"]["RajuZ"], **TEN_DIGITS)


def test_likelihood_ratios_are_mirt_s(named: tuple[str, Data]) -> None:
    name, (responses, group) = named

    found = likelihood_ratio(responses, group)

    assert found.log_likelihood == pytest.approx(TOGETHER[name], abs=1e-6)
    # mirt stopped at parameter changes of 1e-8 after EM: its gains are up to 2e-4 below the maximum.
    np.testing.assert_allclose(found.statistic, FREED[name], atol=5e-4)
    assert set(found.df.tolist()) == {2}


def test_a_calibration_with_anchors_is_mirt_s(named: tuple[str, Data]) -> None:
    name, (responses, group) = named
    anchor = np.isin(np.arange(responses.shape[1]), ANCHORS[name])

    found = concurrent_wald(responses, group, design=Design(anchor=anchor))

    _, mean, variance = WITH_ANCHORS[name]
    assert found.mean == pytest.approx(mean, abs=1e-4)
    assert found.variance == pytest.approx(variance, abs=1e-4)
