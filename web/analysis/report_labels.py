"""Words of statistics reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exam_engine.calibration.reports.flags import SERIOUS, Sign
from exam_engine.calibration.reports.rules import (
    FEW_PERSONS_BELOW,
    SOME_PERSONS_BELOW,
    Attribute,
    Caution,
    ReportKind,
    Treatment,
)
from exam_engine.calibration.reports.watch import Concern
from web.i18n import N_

Translate = Callable[..., str]

KINDS: dict[ReportKind, str] = {
    ReportKind.SITTING: N_("Sitting report"),
    ReportKind.DIF: N_("Differential functioning"),
    ReportKind.LINKING: N_("Linking and drift"),
    ReportKind.FORENSICS: N_("Examination security"),
    ReportKind.FIT: N_("Fit to the model"),
}

STAGES = (N_("scoring"), N_("reliability"), N_("options"), N_("comparing groups"), N_("linking"))
FIT_STAGES = (N_("fit of items"), N_("fit of pairs"), N_("fit of the test"))
SECURITY_STAGES = (
    N_("comparing pairs"),
    N_("simulating honest rooms"),
    N_("response times"),
    N_("simulating honest times"),
    N_("changed answers"),
    N_("simulating honest changes"),
    N_("pre-knowledge"),
    N_("simulating honest sittings"),
    N_("score jumps"),
    N_("simulating honest gains"),
)
"""Stages that a report's job tells, besides those of a calibration."""

CAUTIONS: dict[Caution, tuple[str, str, str]] = {
    Caution.FEW_PERSONS: (
        "danger",
        N_("Very few candidates"),
        N_(
            "Fewer than {few} candidates: the figures describe these people only. Read each remark as a reason to look "
            "at the item's text and key, never as proof; do not drop an item for its figures alone."
        ),
    ),
    Caution.SOME_PERSONS: (
        "warn",
        N_("Small sample"),
        N_(
            "Fewer than {some} candidates: gross faults such as a wrong key show, small differences between items "
            "mean nothing. Remarks that chance may explain say so."
        ),
    ),
    Caution.SEVERAL_FORMS: (
        "info",
        N_("Several forms"),
        N_("Reliability and standard error are given form by form; item figures pool all who had the item."),
    ),
    Caution.SMALL_FORM: (
        "warn",
        N_("A form with few candidates"),
        N_("Some form was taken by fewer than {few} candidates: its reliability is only a hint."),
    ),
    Caution.MARKS_NOT_WEIGHTED: (
        "info",
        N_("Items count alike in the coefficients"),
        N_(
            "The marks cannot be written as whole points up to 100: reliability and correlations count "
            "every item right or wrong. Scores and passes use the marks."
        ),
    ),
    Caution.NO_OPTIONS: (
        "info",
        N_("No options known"),
        N_("The file holds scores only, so there are no distractor tables and no key can be tried."),
    ),
    Caution.LEFT_OUT: (
        "info",
        N_("Attempts left out"),
        N_("Attempts ended by an invigilator or void for cheating do not count here."),
    ),
    Caution.ITEMS_WITHOUT_VARIATION: (
        "info",
        N_("Items everybody answered alike"),
        N_("These items tell nobody apart: their correlations cannot be computed."),
    ),
}
"""Caution → tone, what it is, what to do."""

SIGNS: dict[Sign, tuple[str, str]] = {
    Sign.KEY_SUSPECT: (
        N_("key may be wrong"),
        N_(
            "The key may be wrong: of the strongest candidates {high} chose {option} and {key_high} the key {key}."
        ),
    ),
    Sign.NEGATIVE: (
        N_("discriminates the wrong way"),
        N_(
            "Stronger candidates fail it more often than weaker ones (r = {r}). Check the key and the wording."
        ),
    ),
    Sign.WEAK: (
        N_("weak discrimination"),
        N_("It hardly tells strong from weak candidates (r = {r})."),
    ),
    Sign.TOO_EASY: (N_("too easy"), N_("Nearly everybody gets it right (p = {p}).")),
    Sign.TOO_HARD: (N_("too hard"), N_("Hardly anybody gets it right (p = {p}).")),
    Sign.CONSTANT: (N_("all alike"), N_("Everybody answered it alike: it tells nobody apart.")),
    Sign.DRAWS_STRONG: (
        N_("a wrong option draws the stronger"),
        N_("Option {option} draws the stronger candidates (r = {r}): it may be partly right."),
    ),
    Sign.DEAD_OPTIONS: (
        N_("idle options"),
        N_("Hardly anybody chooses {options}: these options do no work."),
    ),
    Sign.LEFT_OPEN: (N_("often left open"), N_("{share} left it open though they went on.")),
    Sign.NOT_REACHED: (N_("often not reached"), N_("{share} did not reach it: the time may be too short.")),
}
"""Sign → badge, sentence."""

KEY_SUSPECT_WITHOUT_KEY = N_("The key may be wrong: the strongest candidates prefer another option.")
CHANCE = N_("With so few answers this may be chance.")

LIMITS: dict[str, str] = {
    "individual_forms": N_("Every candidate had a form of their own: coefficients of one form do not apply."),
    "too_few": N_("Too few candidates or items for any coefficient."),
    "small_sample": N_("Fewer than 30 candidates: look at the interval, not at α."),
    "factor_unstable": N_("Fewer than 100 candidates: ω is rough."),
    "no_variance": N_("The scores do not vary: no coefficient can be given."),
    "unseen_pairs": N_("Some items were never answered by the same candidates: no coefficient can be given."),
    "singular": N_("No more candidates than items: no ω."),
    "no_factor": N_("Too few items vary: no ω."),
    "not_converged": N_("The one-factor solution did not converge: ω is rough."),
    "heywood": N_("The one-factor solution is improper: ω is too high."),
    "no_decisions": N_("The scores vary no more than errors do: decisions cannot be judged."),
    "decisions_too_few": N_("Fewer than 30 candidates: how often decisions are right is not estimated."),
    "decisions_small_sample": N_("Fewer than 500 candidates: the figures on decisions are rough."),
    "decisions_two_moments_small_sample": N_(
        "Fewer than 100 candidates: decisions from mean and variance only."
    ),
    "decisions_fewer_moments": N_("Decisions from fewer moments: the four-parameter curve does not fit."),
    "decisions_low_reliability": N_("Reliability below 0.5: errors outweigh true differences."),
}
"""What limits the coefficients of a form; what is not named here limits none that is shown."""

TREATMENTS: dict[Treatment, str] = {
    Treatment.KEEP: N_("keep"),
    Treatment.DROP_RESCALE: N_("drop, score out of the remaining marks"),
    Treatment.DROP_CREDIT: N_("drop, give everybody its marks"),
    Treatment.REKEY: N_("another key"),
    Treatment.ALSO: N_("another answer counts too"),
}

CONCERNS: dict[Concern, tuple[str, str, str]] = {
    Concern.THIN: (
        N_("thin assessment points"),
        N_("Points with fewer than {least} active items: papers keep drawing the same ones."),
        N_("Active items"),
    ),
    Concern.UNUSED: (N_("never used"), N_("Active items that stand in no sealed paper."), ""),
    Concern.OVERUSED: (
        N_("over-exposed"),
        N_("Items in more than {share} of the sealed papers; told from {papers} papers on."),
        N_("Share of the papers"),
    ),
    Concern.DRIFTING: (
        N_("drifting"),
        N_(
            "Difficulty changed beyond errors (99 %) and by more than 0.3 logits between the two latest scales "
            "with at least {common} items in common."
        ),
        N_("Change of b ± SE (logits)"),
    ),
    Concern.MISFITTING: (
        N_("misfitting"),
        N_("By the latest fit report their answers do not follow the model of the scale."),
        N_("RMSD"),
    ),
    Concern.NEGATIVE: (
        N_("discriminating the wrong way"),
        N_("Stronger candidates fail them more often than weaker ones: check the key first."),
        N_("r (discrimination)"),
    ),
    Concern.SUSPECT: (
        N_("key in doubt"),
        N_("In the latest sitting report the strongest candidates prefer another option than the key."),
        N_("Answers"),
    ),
    Concern.UNKNOWN: (N_("without statistics"), N_("Active items of which no statistics are kept."), ""),
}
"""Concern → name, meaning, head of its figure."""

ATTRIBUTES: dict[Attribute, str] = {
    Attribute.ROOM: N_("Room"),
    Attribute.SITTING: N_("Sitting"),
    Attribute.SOURCE: N_("Source of candidates"),
    Attribute.EDUCATION: N_("Education"),
    Attribute.GROUP: N_("Column of the file"),
}
"""What candidates can be compared by, as their registration and seat state it."""

DIF_WARNINGS: dict[str, str] = {
    "small_group": N_("The smaller group has fewer than 200 candidates: only large effects show."),
    "small_total": N_("Both groups together have fewer than 500 candidates: the results are rough."),
    "unmatched": N_("More than a tenth of a group has no match of equal score in the other."),
    "rest_score": N_(
        "The groups differ in ability and were matched without the item itself: too many items are flagged."
    ),
    "several_booklets": N_("Candidates had different forms; they are compared within a form only."),
    "few_anchors": N_("The matching score rests on few items after purification."),
    "purification_cycle": N_("Purification went in a circle; every item flagged in it is out of the score."),
    "purification_limit": N_("Purification was stopped before it settled."),
    "not_computable": N_("Some items have no result; the table says why."),
}
"""What a reader of a comparison must know."""

DIF_REASONS: dict[str, str] = {
    "no_match": N_("no candidates of equal score in both groups"),
    "alike": N_("all matched candidates answered alike"),
    "boundless": N_("the odds ratio is 0 or infinite"),
    "polytomous": N_("several scores: see the mean difference"),
    "not_converged": N_("no finite solution"),
    "not_identified": N_("cannot be computed"),
    "few_strata": N_("too few score groups"),
    "scores_lacking": N_("a score that nobody of one group got"),
    "anchor": N_("anchor: taken to function alike, not tested"),
}
"""Why an item has no result."""

LINK_METHODS: dict[str, str] = {
    "mean": N_("mean shift (Rasch)"),
    "mean_mean": N_("mean–mean"),
    "mean_sigma": N_("mean–sigma"),
    "haebara": N_("Haebara"),
    "stocking_lord": N_("Stocking–Lord"),
}

LINK_WARNINGS: dict[str, str] = {
    "anchors_disagree": N_(
        "The anchors differ in difficulty from scale to scale (correlation of b below 0.95, allowing for errors): they "
        "do not carry a link. Check that they are the same items in the same form before adopting anything."
    ),
    "few_anchors": N_("Fewer than 5 anchors: a drifting anchor cannot be told from a shift of the scale."),
    "not_converged": N_("The link did not converge: do not adopt it."),
    "asymptotes_differ": N_("Asymptotes differ by more than 0.1: no line between the scales can mend that."),
}
"""What a reader of a link must know."""

ANCHOR_REASONS: dict[str, str] = {
    "stable": N_("within the limits"),
    "drifted": N_("beyond the limits"),
    "needed_for_number": N_("beyond the limits, but too few anchors would be left"),
    "needed_for_content": N_("beyond the limits, but its content would be missing"),
    "cannot_be_judged": N_("cannot be judged"),
}
"""Why an anchor was kept or dropped."""

INDICES: dict[str, str] = {"omega": "ω", "gbt": "GBT", "m4": "M4"}
"""Indices of similarity by the names that the literature gives them."""

FORENSIC_CAUTIONS: dict[str, str] = {
    "few_items": N_("Fewer than 40 items: the indices were studied on longer tests only."),
    "few_persons": N_("Few candidates: the indices are rough."),
    "thin_groups": N_("Some groups of equal score are thin."),
    "not_computed": N_("Some pairs answered too few items in common and were not tested."),
}
"""What makes a result rough."""

FIT_LIMITS: dict[str, str] = {
    "few_persons": N_("Few persons: the tests of fit are rough."),
    "persons_left_out": N_("Persons with rare sets of items are left out of S-X²."),
    "not_testable": N_("Some items cannot be tested."),
    "with_priors": N_(
        "The items were estimated with a prior on c. The tests take them as maximum-likelihood estimates: "
        "read p values as approximate."
    ),
}
"""What limits the figures of fit."""

LEFT_OUT: dict[str, str] = {
    "empty": N_("rows without any answer"),
    "terminated": N_("ended by an invigilator"),
    "void": N_("void for cheating"),
}


def caution_texts(codes: list[str], _: Translate) -> list[tuple[str, str, str]]:
    """Return tone, title and text of each caution."""
    found = []
    for code in codes:
        tone, title, text = CAUTIONS[Caution(code)]
        found.append((tone, _(title), _(text).format(few=FEW_PERSONS_BELOW, some=SOME_PERSONS_BELOW)))
    return found


def sign_texts(sign: Mapping[str, Any], _: Translate) -> tuple[str, str, str]:
    """Return badge, tone and sentence of a sign."""
    kind = Sign(sign["sign"])
    badge, sentence = SIGNS[kind]
    facts = {name: _shown(name, value) for name, value in sign.items() if name not in ("sign", "firm")}
    if kind is Sign.KEY_SUSPECT and "key" not in sign:
        text = _(KEY_SUSPECT_WITHOUT_KEY)
    else:
        text = _(sentence, **facts) if facts else _(sentence)
    if not sign["firm"]:
        text = text + " " + _(CHANCE)
    firm, serious = bool(sign["firm"]), kind in SERIOUS
    tone = "bad" if firm and serious else "warn" if firm or serious else "neutral"
    return _(badge), tone, text


def _shown(name: str, value: object) -> str:
    if not isinstance(value, float):
        return "—" if value is None else str(value)
    return f"{value:.0%}" if name in ("share", "high", "key_high") else f"{value:.2f}"
