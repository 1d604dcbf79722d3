#!/usr/bin/env bash
# The runtime's tests on an emulated Raspberry Pi: aarch64 wheels under qemu's user mode. Usage: tests/emulated_pi.sh [CPU]
# CPU is cortex-a53, cortex-a72 (the default) or cortex-a76. The system and the wheels stay in build/pi.
set -euo pipefail
cd "$(dirname "$0")/.."
cpu=${1:-cortex-a72}
for tool in qemu-aarch64 mmdebstrap; do
  command -v $tool >/dev/null || { echo "$tool is missing: apt-get install qemu-user mmdebstrap" >&2; exit 3; }
done
pi=$PWD/build/pi root=$PWD/build/pi/root
mkdir -p "$pi"
if [ ! -x "$root/usr/bin/python3.11" ]; then
  packages=python3-minimal,python3,libstdc++6,libgomp1,libatomic1,ca-certificates
  mmdebstrap --quiet --variant=extract --architectures=arm64 --include=$packages bookworm "$root"
  rm -rf "$root/tmp" "$root/dev"  # qemu's -L would show these instead of the host's
  # The host's own /proc/cpuinfo ends the engines' cpuinfo library; this is a Raspberry Pi 4's.
  mkdir -p "$root/proc" "$root/sys/devices/system/cpu"
  for core in 0 1 2 3; do
    printf 'processor\t: %d\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n' $core
    printf 'CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n'
  done > "$root/proc/cpuinfo"
  printf 'Model\t\t: Raspberry Pi 4 Model B Rev 1.4\n' >> "$root/proc/cpuinfo"
  for list in possible present online; do echo 0-3 > "$root/sys/devices/system/cpu/$list"; done
  echo 3 > "$root/sys/devices/system/cpu/kernel_max"
fi
if [ ! -d "$pi/site" ]; then
  platforms=(--platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64
    --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64)
  .venv/bin/pip install --quiet --target "$pi/site" --only-binary=:all: --python-version 3.11 --implementation cp \
    "${platforms[@]}" --constraint constraints.txt ai-edge-litert onnxruntime onnx pillow pytest pytest-timeout hypothesis
fi
rm -rf "$pi/litefoot" build/lib convert/build  # setuptools packs what it finds in build/lib, modules long gone included
.venv/bin/pip install --quiet --no-deps --target "$pi/litefoot" . ./convert  # the tests write bundles with convert
cat > "$pi/python" <<END
#!/usr/bin/env bash
# -0: children that Python starts by its own path come through here too.
exec env PYTHONHASHSEED=0 OPENBLAS_NUM_THREADS=1 qemu-aarch64 -cpu $cpu -0 "$pi/python" -L "$root" \\
  -E PYTHONPATH="$pi/litefoot:$pi/site" -E PYTHONHOME="$root/usr" "$root/usr/bin/python3.11" "\$@"
END
chmod +x "$pi/python"
"$pi/python" -m litefoot.cli.main doctor
# Without the 400,000 calls from 32 threads: they take an hour under emulation.
"$pi/python" -m pytest -q -p no:cacheprovider tests/runtime --deselect tests/runtime/test_calling.py::test_32_threads_get_their_own_answers_and_memory_does_not_grow
