"""What ``make bench`` measures: litefoot beside the peer's plain code, in one run, as medians and ratios."""
