"""Schedules: what is due is decided once, however many schedulers live, and each decision is kept with its reason.

Theory of operation. The planner's `ticks` says when a schedule is due and `catching_up` what of it is started; both
are pure. A scheduler keeps in memory when each schedule acts next (a heap) and after which tick it goes on (from the
ledger: the tick that was decided last). Decisions are written in batches; the transaction that writes them looks
whether each schedule still stands where the decision was made from. Where another scheduler was faster, or somebody
paused it, the decision is dropped and made anew from what stands now. So a tick is decided once, and killing a
scheduler anywhere loses none: what was not committed was not decided.
"""
