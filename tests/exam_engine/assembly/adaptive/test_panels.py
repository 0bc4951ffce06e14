"""Panels keep the rules of modules, routes and the whole, share no item, and say why when there are none."""

from itertools import product

import numpy as np
import pytest

from exam_engine.assembly import (
    Count,
    CurveTarget,
    Earlier,
    Enemies,
    Exclude,
    Include,
    Infeasible,
    InformationTarget,
    Is,
    Maximin,
    Maximise,
    MeanTarget,
    Parallel,
    PerValue,
    Pool,
    Sets,
    Share,
    Sum,
    SumTarget,
)
from exam_engine.assembly.adaptive import (
    Module,
    PanelDesign,
    Panels,
    Route,
    assemble_panels,
    panels,
    verify_panels,
)
from exam_engine.assembly.specification import Rule


def make_pool(size: int, seed: int = 1) -> Pool:
    rng = np.random.default_rng(seed)
    case = np.full(size, "", dtype="<U4")
    for k in range(6):
        case[3 * k : 3 * k + 3] = f"c{k}"
    return Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={"seconds": rng.integers(30, 120, size)},
        categorical={
            "unit": [f"u{k}" for k in np.arange(size) % 4],
            "case": case.tolist(),
            "point": [f"p{k}" for k in rng.integers(size // 2, size=size)],
        },
        a=rng.lognormal(0, 0.2, size),
        b=rng.normal(0, 1, size),
    )


def module(name: str, length: int, theta: float, *more: Rule, goal: float | None = None) -> Module:
    rules = [Count(name="length", minimum=length, maximum=length, structural=True), *more]
    information = InformationTarget(name="information", theta=theta, goal=goal or 0.2 * length)
    return Module(name=name, rules=rules, targets=[information])


def one_three_three(length: int) -> list[list[Module]]:
    later = [("easy", -1.0), ("medium", 0.0), ("hard", 1.0)]
    cases = Sets(name="cases", attribute="case")
    return [
        [module("start", length, 0.0, cases)],
        *([module(f"{name} {k}", length, theta, cases) for name, theta in later] for k in (2, 3)),
    ]


BLUEPRINT: tuple[Rule, ...] = (
    *(Count(name=u, where=(Is("unit", u),), minimum=3, maximum=6) for u in ("u0", "u1", "u2", "u3")),
    PerValue(name="points", attribute="point"),
    Sum(name="time", attribute="seconds", maximum=1400),
    Share(name="share of u0", where=(Is("unit", "u0"),), maximum=0.35),
)


def test_routes_lead_to_neighbours() -> None:
    names = [[Module(name=f"{s}{k}") for k in range(n)] for s, n in enumerate((1, 3, 3))]
    design = PanelDesign(stages=names)

    assert len(design.routes) == 7
    assert design.routes[0].name == "00 → 10 → 20"
    assert all(abs(int(r.modules[1][1]) - int(r.modules[2][1])) <= 1 for r in design.routes)
    assert len(PanelDesign(stages=[names[0], names[1][:2], names[2][:2]]).routes) == 4
    assert len(PanelDesign(stages=[names[0], names[1][:2], names[2]]).routes) == 4


@pytest.mark.parametrize("at_once", [True, False])
def test_parallel_panels_keep_every_rule(at_once: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = make_pool(200)
    enemies = Enemies(name="enemies", groups=tuple((f"i{k}", f"i{k + 30}") for k in range(30, 60)))
    design = PanelDesign(stages=one_three_three(5), every_route=BLUEPRINT, rules=[enemies])
    monkeypatch.setattr(panels, "AT_ONCE", 10_000 if at_once else 0)
    found = assemble_panels(pool, design, panels=2, seed=3)

    assert isinstance(found, Panels)
    assert found.way == ("at once" if at_once else "divided")
    assert found.verification.ok
    assert len(found.verification.parts) == 2 * (7 + 7 + 1)
    assert found.bound <= found.deviation <= 0.02


def test_the_verifier_finds_what_is_wrong() -> None:
    pool = make_pool(60)
    stages = [[module("start", 4, 0.0)], [module("easy", 4, -1.0), module("hard", 4, 1.0)]]
    rule = Count(name="u0", where=(Is("unit", "u0"),), maximum=2)
    design = PanelDesign(stages=stages, every_route=[rule])
    found = assemble_panels(pool, design)
    assert isinstance(found, Panels)
    panel = dict(found.panels[0])
    shared = {**panel, "easy": (*panel["easy"][:3], panel["hard"][0])}
    short = {**panel, "hard": panel["hard"][:3]}

    assert not verify_panels(pool, design, [shared]).sharing.ok
    assert not verify_panels(pool, design, [panel, panel]).sharing.ok
    broken = [part for part in verify_panels(pool, design, [short]).parts if not part.verification.ok]
    assert [(part.part, [getattr(c, "rule", "") for c in part.verification.broken]) for part in broken] == [
        ("hard", ["length"])
    ]
    with pytest.raises(ValueError, match="no module 'easy'"):
        verify_panels(pool, design, [{"start": (), "hard": ()}])


def test_panels_exist_exactly_when_trying_all_finds_some() -> None:
    rng = np.random.default_rng(5)
    verdicts = set()
    for _ in range(8):
        pool = Pool(
            ids=[f"i{k}" for k in range(5)],
            numeric={"w": rng.integers(1, 6, 5)},
            categorical={"t": rng.choice(["x", "y"], 5).tolist()},
        )
        low = float(rng.integers(3, 10))
        most = int(rng.integers(0, 2))
        one = Count(name="length", minimum=1, maximum=1)
        design = PanelDesign(
            stages=[[Module(name="s", rules=[one])], [Module(name=m, rules=[one]) for m in ("e", "h")]],
            every_route=[
                Sum(name="w", attribute="w", minimum=low),
                Count(name="x", where=(Is("t", "x"),), maximum=most),
            ]
            if "x" in pool.texts("t")
            else [Sum(name="w", attribute="w", minimum=low)],
        )
        exists = any(
            verify_panels(pool, design, [{"s": (s,), "e": (e,), "h": (h,)}]).ok
            for s, e, h in product(pool.ids, repeat=3)
            if len({s, e, h}) == 3
        )
        answer = assemble_panels(pool, design)
        verdicts.add(exists)

        assert isinstance(answer, Panels) == exists
        assert exists or isinstance(answer, Infeasible)
    assert verdicts == {True, False}


@pytest.mark.parametrize("count", [1, 2])
def test_what_cannot_be_names_module_and_rule(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "AT_ONCE", 0)
    pool = make_pool(48)  # 12 items of each unit
    many = Count(name="u1 in it", where=(Is("unit", "u1"),), minimum=4)
    stages = [[module("start", 6, 0.0)], [module("easy", 6, -1.0), module("hard", 6, 1.0, many)]]
    few = Count(name="u1 on it", where=(Is("unit", "u1"),), maximum=3)
    answer = assemble_panels(pool, PanelDesign(stages=stages, every_route=[few]), panels=count)

    assert isinstance(answer, Infeasible)
    assert set(answer.clash) == {"hard: u1 in it", "start → hard: u1 on it"}
    assert answer.irreducible


def test_panels_that_need_more_than_the_pool_clash_with_sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "AT_ONCE", 0)
    pool = make_pool(40)
    stages = [[module("start", 7, 0.0)], [module("easy", 7, -1.0), module("hard", 7, 1.0)]]
    answer = assemble_panels(pool, PanelDesign(stages=stages), panels=2)

    assert isinstance(answer, Infeasible)
    assert set(answer.clash) == {"start: length", "easy: length", "hard: length", "no item twice"}


def test_every_kind_of_rule_and_target_reaches_its_part() -> None:
    pool = make_pool(80)
    more = (
        Include(name="anchor", ids=("i70",)),
        Exclude(name="not these", ids=("i71", "i72")),
        Earlier(name="earlier", papers=(("spring", tuple(f"i{k}" for k in range(60, 80))),), maximum=1),
    )
    targets = [
        CurveTarget(name="score", theta=0.0, goal=3.0),
        SumTarget(name="seconds", attribute="seconds", goal=450.0),
        MeanTarget(name="mean time", attribute="seconds", goal=75.0, length=6),
        Maximise(name="most", theta=(0.0,), priority=2),
    ]
    length = Count(name="length", minimum=6, maximum=6)
    stages = [
        [Module(name="start", rules=[length, *more], targets=targets)],
        [Module(name=name, rules=[length]) for name in ("easy", "hard")],
    ]
    found = assemble_panels(pool, PanelDesign(stages=stages))

    assert isinstance(found, Panels)
    start = set(found.panels[0]["start"])
    assert "i70" in start
    assert not start & ({"i71", "i72"} | {f"i{k}" for k in range(60, 80) if k != 70})
    assert found.deviation <= 0.05


def test_senseless_designs_are_refused() -> None:
    one, two = Module(name="one"), Module(name="two")
    with pytest.raises(ValueError, match="name is taken"):
        PanelDesign(stages=[[one], [one]])
    with pytest.raises(ValueError, match="two stages or more"):
        PanelDesign(stages=[[one], []])
    with pytest.raises(ValueError, match="one module of each stage"):
        PanelDesign(stages=[[one], [two]], routes=[Route(modules=("one", "three"))])
    with pytest.raises(ValueError, match="several forms"):
        PanelDesign(stages=[[one], [two]], rules=[Parallel(name="parallel", by=("unit",))])
    with pytest.raises(ValueError, match="sets belong to modules"):
        PanelDesign(stages=[[one], [two]], every_route=[Sets(name="sets", attribute="case")])
    with pytest.raises(ValueError, match="name their goals"):
        PanelDesign(stages=[[one], [Module(name="m", targets=[Maximin(name="all", theta=(0.0,))])]])
    with pytest.raises(ValueError, match="minimum 2 is above maximum 1"):
        PanelDesign(stages=[[one], [two]], every_route=[Count(name="c", minimum=2, maximum=1)])
    with pytest.raises(ValueError, match="0 panels"):
        assemble_panels(make_pool(20), PanelDesign(stages=[[one], [two]]), panels=0)
