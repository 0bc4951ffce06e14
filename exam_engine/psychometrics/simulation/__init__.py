"""Simulated abilities, items, responses and response times, with the truth beside them.

The same generator in the same state gives the same data:

>>> import numpy as np
>>> from exam_engine.psychometrics.simulation.abilities import draw_groups
>>> from exam_engine.psychometrics.simulation.designs import assign_at_random, linked_booklets
>>> from exam_engine.psychometrics.simulation.disturbances import leave_unreached
>>> from exam_engine.psychometrics.simulation.parameters import draw_items
>>> from exam_engine.psychometrics.simulation.responses import simulate
>>> rng = np.random.default_rng(1)
>>> persons = draw_groups([300, 200], means=[0.0, 0.5], variances=[1.0, 1.2], rng=rng)
>>> design = assign_at_random(500, linked_booklets(60, n_booklets=4, size=20), rng=rng)
>>> test = simulate(draw_items(60, model="3pl", rng=rng), persons, rng=rng, presented=design)
>>> late = leave_unreached(test.responses, share=0.1, mean_left=3.0, rng=rng)
>>> test.responses.shape, int((test.responses >= 0).sum()), bool(late.cells.any())
((500, 60), 10000, True)
"""
