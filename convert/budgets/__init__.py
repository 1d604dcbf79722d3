"""The file that fits: limits of bytes, latency and quality, and the choice among many files.

The search itself is in `searching`, which needs `convert`, whose report holds a choice.
"""

from .choosing import Attempt, Candidate, Choice, choose, pareto_front
from .limits import TARGETS, Budgets

__all__ = ["TARGETS", "Attempt", "Budgets", "Candidate", "Choice", "choose", "pareto_front"]
