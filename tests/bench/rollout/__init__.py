"""`make bench-rollout`: how soon a bad version is taken back, and what an ill Prometheus makes of a good one, beside Flagger.

One lab, one Prometheus, both controllers at once. ``scenes`` is what happens, ``andon`` and ``flagger`` are the two who judge,
``weather`` is what stands between them and Prometheus, ``exporter`` what Flagger's pods run, ``report`` the tables and the musts.
"""
