"""Every change to a review or a checkpoint: keyword-only, `by=`, atomic, one event, no request and no mail."""
