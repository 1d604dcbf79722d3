"""What a finished model file holds: zeros, distinct values and bits of each weight, read from the file itself."""

from __future__ import annotations

from .kept import Kept
from .sparse_kernels import SparseKernels
from .summary import Audit, audit_files, told
from .weights import FileAudit, WeightAudit, audit_file

__all__ = ["Audit", "FileAudit", "Kept", "SparseKernels", "WeightAudit", "audit_file", "audit_files", "told"]
