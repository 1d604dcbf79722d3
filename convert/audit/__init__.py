"""What a finished model file holds: zeros, distinct values and bits of each weight, read from the file itself."""

from __future__ import annotations

from .weights import FileAudit, WeightAudit, audit_file

__all__ = ["FileAudit", "WeightAudit", "audit_file"]
