"""The processes of a server: hosts that load the code of locations, runners that drive runs, and their supervisor.

    supervisor ──socket──▶ host (one for each code location, the location's own interpreter)
                             ├──socket──▶ runner 1 … n     forked; each drives one run after another
                             └──────────▶ evaluations      forked; one for each look of a sensor

A host has one thread, so that it may be forked. It finds what is to run in the ledger and hands it to its runners; the
claim of a run is the runner's. So hosts know nothing of each other, and any number of them may serve a location.
"""
