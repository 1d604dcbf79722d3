# Every target works from a fresh clone: what it needs is installed first, into .venv.
PYTHON ?= python3
BIN := .venv/bin
LITEFOOT := $(BIN)/litefoot

.PHONY: demo results test compat pi check lint types imports docs bench sweep recipes rescue compression lock clean

demo: .venv/installed
	rm -rf runs/digits dist/digits
	$(LITEFOOT) train digits --out runs/digits
	$(LITEFOOT) convert runs/digits --out dist/digits
	$(LITEFOOT) verify dist/digits
	$(LITEFOOT) bench dist/digits
	$(LITEFOOT) run dist/digits --input samples/digits/seven.png
	$(LITEFOOT) inspect dist/digits
	@echo "The report is dist/digits/report.html"

# Two at a time: each worker's children hold TensorFlow. A file's tests stay together, with what they share.
test: .venv/installed
	$(BIN)/pytest -n 2 --dist loadfile

check: lint types imports docs test

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	mkdir -p build/types && ln -sfn ../.. build/types/litefoot  # the folder X is the package litefoot.X
	MYPYPATH=build/types $(BIN)/mypy -p litefoot.runtime -p litefoot.train -p litefoot.convert -p litefoot.cli

imports: .venv/installed
	$(BIN)/lint-imports

docs: .venv/installed
	$(BIN)/python docs/write_cli.py --check
	$(BIN)/python docs/write_supported.py --check
	$(BIN)/python docs/write_verification.py --check
	$(BIN)/python docs/write_report_format.py --check

# The runtime's tests on every other Python that this machine has; engines are the newest that each can install.
# The tests write bundles with convert, which needs no converter for that.
compat:
	@for version in 3.10 3.12 3.13 3.14; do \
	  command -v python$$version >/dev/null && python$$version -c pass 2>/dev/null || { echo "no python$$version here"; continue; }; \
	  venv=build/python$$version; rm -rf build/lib convert/build; \
	  python$$version -m venv $$venv && $$venv/bin/pip install --quiet --disable-pip-version-check \
	    ".[tflite,onnx,images,inspect]" pytest pytest-timeout hypothesis && \
	  $$venv/bin/pip install --quiet --disable-pip-version-check --no-deps ./convert && \
	  echo "python$$version" && $$venv/bin/pytest --quiet tests/runtime || exit 1; \
	done

# The same on an emulated Raspberry Pi; needs qemu-user and mmdebstrap.
pi: .venv/installed
	tests/emulated_pi.sh

results: .venv/installed
	$(BIN)/python docs/write_results.py

bench: .venv/installed
	@failed=0; for part in benchmarks benchmarks.recipes benchmarks.compression; do \
	  $(BIN)/python -m $$part || failed=1; \
	done; exit $$failed

# Architectures by the dozen through convert; goes on where it was interrupted.
sweep: .venv/installed
	$(BIN)/python -m benchmarks.sweep

# Every recipe on the real data of LITEFOOT_DATA; goes on where it was interrupted.
recipes: .venv/installed
	$(BIN)/python -m benchmarks.recipes

# Models that 8 bits ruin: stock int8 beside litefoot's choice; needs LITEFOOT_DATA, goes on where it was interrupted.
rescue: .venv/installed
	$(BIN)/python -m benchmarks.rescue

# Compressions on the real data of LITEFOOT_DATA; goes on where it was interrupted.
compression: .venv/installed
	$(BIN)/python -m benchmarks.compression

lock: .venv/installed
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --upgrade --no-header --no-annotate \
	  --no-emit-package litefoot --no-emit-package litefoot-train --no-emit-package litefoot-convert --output-file constraints.txt

clean:
	rm -rf .venv build */build dist runs *.egg-info */*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# litefoot itself stands first: pip looks in an index for what it hears of before it is shown the folder.
.venv/installed: pyproject.toml train/pyproject.toml convert/pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --editable ".[dev]" --editable train --editable convert
	touch $@
