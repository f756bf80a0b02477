#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All that a machine with a GPU can tell in some minutes, from a kit that `pack` made. Needs a driver, no compiler and no network:
#
#   build/gpu-kit/run.sh                          all stages
#   build/gpu-kit/run.sh smoke bench              some, in this order
#   build/gpu-kit/run.sh --results FOLDER …       where results go; results/ beside this file without it
#   build/gpu-kit/run.sh --seconds N …            in all, 360 without it: stages that no time is left for are skipped
#
# Each stage has a time limit of its own, and one that fails does not stop the next. log.txt is written as it goes; summary.txt, which
# is printed at the end, has PASS, FAIL, TIMEOUT or SKIP for each, and times. Exit code 1 where a stage failed or ran out of time.
set -uo pipefail
kit="$(cd "$(dirname "$0")" && pwd)"
results="$kit/results" total=360
all=(device smoke asynchrony tests large memcheck bench floor racecheck initcheck ncu demo)
stages=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --results | --seconds)
      [[ $# -ge 2 ]] || { echo "$1: expected a value" >&2; exit 2; }
      if [[ "$1" == --results ]]; then results="$2"; else total="$2"; fi
      shift
      ;;
    -h | --help) sed -n '3,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *)
      [[ " ${all[*]} " == *" $1 "* ]] || { echo "$1: no stage; expected some of: ${all[*]}" >&2; exit 2; }
      stages+=("$1")
      ;;
  esac
  shift
done
[[ "$total" =~ ^[1-9][0-9]*$ ]] || { echo "--seconds: got '$total', expected a whole number from 1 on" >&2; exit 2; }
[[ ${#stages[@]} -gt 0 ]] || stages=("${all[@]}")

mkdir -p "$results" && results="$(cd "$results" && pwd)" || exit 2
log="$results/log.txt" summary="$results/summary.txt"
: >"$log"
: >"$results/states.tsv"
begin=$SECONDS
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
files="$kit"  # or where programs and libraries are unpacked
if [[ -f "$kit/programs.tar.gz" ]]; then
  files="$scratch"
  tar -xzf "$kit/programs.tar.gz" -C "$files" || { echo "$kit/programs.tar.gz: cannot be unpacked to $files" >&2; exit 2; }
fi
site="$kit/peer/site"  # kept for the next run
[[ -w "$kit" ]] || site="$scratch/site"
export CUDA_MODULE_LOADING=EAGER OMP_PROC_BIND=false OMP_WAIT_POLICY=passive PYTHONUNBUFFERED=1

say() { echo "$*" | tee -a "$log"; }

# The kit's programs find its libraries, and cuFFT where it lies: in a CUDA toolkit, or in Python's package of it. Other programs of
# the machine keep theirs.
find_cufft() {
  {
    ldconfig -p 2>/dev/null | sed -n 's|.* => \(.*\)/libcufft.so.12$|\1|p'
    printf '%s\n' "${CUDA_HOME:-/usr/local/cuda}/lib64" /usr/local/cuda*/lib64 /usr/local/cuda*/targets/x86_64-linux/lib
    python3 -c 'import glob, os, sys
for p in sys.path:
    print(*map(os.path.dirname, glob.glob(p + "/nvidia/*/lib/libcufft.so.12")), sep="\n")' 2>/dev/null
  } | while read -r folder; do
    [[ -e "$folder/libcufft.so.12" ]] && echo "$folder" && break
  done
}
cufft="$(find_cufft)"
paths="$files/lib${cufft:+:$cufft}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[[ -d /usr/local/nvidia/lib64 ]] && paths+=":/usr/local/nvidia/lib64"  # where containers have the driver's
ours() { env LD_LIBRARY_PATH="$paths" "$@"; }

# state NAME PASS|FAIL|TIMEOUT|SKIP WHY
state() {
  say "==== $1: $2${3:+, $3}"
  printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$results/states.tsv"
}

# attempt NAME SECONDS COMMAND…: a stage of one command, no longer than what is left of all time. 77 is a program's word for what
# cannot be tried here; so is that the driver's library is missing.
attempt() {
  local name="$1" limit="$2" left=$((total - (SECONDS - begin))) start=$SECONDS code lines
  shift 2
  if [[ $left -le 2 ]]; then
    state "$name" SKIP "no time is left"
    return
  fi
  [[ $limit -gt $left ]] && limit=$left
  say "==== $name: $* (at most $limit s)"
  lines=$(wc -l <"$log")
  timeout -k 2 "$limit" "$@" 2>&1 | tee -a "$log" | tail -n "${shown:-12}"
  code=${PIPESTATUS[0]}
  local took="$((SECONDS - start)) s"
  case $code in
    0) state "$name" PASS "$took" ;;
    77) state "$name" SKIP "$(tail -n "+$((lines + 1))" "$log" | grep -m 1 . || echo 'it says so')" ;;
    124 | 137) state "$name" TIMEOUT "after $took" ;;
    127) if tail -n "+$((lines + 1))" "$log" | grep -q 'libcuda.so.1'; then
      state "$name" SKIP "no device: there is no driver"
    else
      state "$name" FAIL "a library or program is missing"
    fi ;;
    *) state "$name" FAIL "exit code $code, $took" ;;
  esac
}

# have NAME FILE: whether the kit has it.
have() {
  [[ -x "$files/bin/$2" ]] && return
  state "$1" SKIP "the kit has no $2"
  return 1
}
# with_device NAME: whether there is one.
with_device() {
  [[ -n "$device" ]] && return
  state "$1" SKIP "no device"
  return 1
}

# Installed in the background, while stages run that are not timed.
peer_begin() {
  local source
  source="$(ls "$kit"/peer/torch_projectors-*.tar.gz 2>/dev/null | head -n 1)"
  peer_why=""
  if [[ -z "$device" ]]; then peer_why="no device"
  elif [[ -z "$source" ]]; then peer_why="the kit has no source of it"
  elif ! python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then peer_why="no PyTorch that sees a device"
  elif ! command -v nvcc >/dev/null && [[ ! -x /usr/local/cuda/bin/nvcc ]]; then peer_why="no nvcc to compile it"
  fi
  [[ -z "$peer_why" ]] || return
  if PYTHONPATH="$site" python3 -c 'import torch, torch_projectors' 2>/dev/null; then return; fi
  (
    export TORCH_CUDA_ARCH_LIST=9.0 TORCH_PROJECTORS_BUILD_BACKEND=cuda MAX_JOBS=12 PATH="$PATH:/usr/local/cuda/bin"
    timeout 240 python3 -m pip install --no-build-isolation --no-deps --no-index --disable-pip-version-check --upgrade \
      --target "$site" "$source" >"$results/peer_install.txt" 2>&1
    echo $? >"$scratch/installed"
  ) &
  peer_job=$!
}
# Whether it is installed, after at most so many seconds.
peer_ready() {
  [[ -z "$peer_why" ]] || return
  if [[ -n "${peer_job:-}" ]]; then
    local until=$((SECONDS + $1))
    while [[ $SECONDS -lt $until && ! -f "$scratch/installed" ]]; do sleep 1; done
    [[ -f "$scratch/installed" ]] || { peer_why="not installed in time"; return 1; }
    [[ "$(cat "$scratch/installed")" == 0 ]] || { peer_why="its installation failed: $(tail -n 1 "$results/peer_install.txt")"; return 1; }
  fi
}

peer() { PYTHONPATH="$site${PYTHONPATH:+:$PYTHONPATH}" python3 "$kit/peer/peer.py" "$@"; }

# In turns: the library, the peer, and again, at the same works: kernel, box, B references, P poses of each.
works="linear/128/1/2048 linear/128/1/256 linear/128/1/8 linear/128/8/2048 linear/128/8/256 linear/128/8/8 linear/256/1/2048
  cubic/128/1/2048 cubic/256/1/2048"
turns() {
  (
    read -r -d '' -a options <<<"--seconds=0.03 $works"
    failed=0
    for _ in 1 2; do
      ours "$files/bin/beside" "${options[@]}" || failed=1
      [[ -n "$peer_why" ]] || peer "${options[@]}" || failed=1
    done
    exit $failed
  ) | tee "$results/beside.tsv"
  return "${PIPESTATUS[0]}"
}

# Two rounds' median, which of two is the mean, of each, and the peer's by the library's.
table() {
  awk -F '\t' '
    $1 == "bracewell" || $1 == "torch-projectors" {
      key = $2 "\t" $3 "\t" $4 "\t" $5 "\t" $6
      if (!(key in seen)) { seen[key] = 1; order[++n] = key }
      ms[$1, key] += $7; ps[$1, key] += $8; count[$1, key]++
    }
    END {
      if (n == 0) exit
      printf "%-16s %-7s %4s %3s %5s %12s %9s %12s %6s\n", "operation", "kernel", "box", "B", "P", "ms", "ps/sample", "peer, ms", "ratio"
      for (i = 1; i <= n; ++i) {
        key = order[i]; split(key, part, "\t")
        a = count["bracewell", key]; b = count["torch-projectors", key]
        ours = a ? sprintf("%.4f", ms["bracewell", key] / a) : "-"
        each = a ? sprintf("%.1f", ps["bracewell", key] / a) : "-"
        theirs = b ? sprintf("%.4f", ms["torch-projectors", key] / b) : "-"
        ratio = a && b ? sprintf("%.2f", (ms["torch-projectors", key] / b) / (ms["bracewell", key] / a)) : "-"
        printf "%-16s %-7s %4s %3s %5s %12s %9s %12s %6s\n", part[1], part[2], part[3], part[4], part[5], ours, each, theirs, ratio
      }
    }' "$results/beside.tsv" 2>/dev/null
}

google_benchmark() {
  ours "$files/bin/bracewell_bench" --boxes=128,256 --poses=2048 --benchmark_min_time=0.02 --benchmark_out="$results/bench.json" \
    --benchmark_filter='^(backproject_deterministic/3to2/float/(linear|cubic)|project_vjp_reference/3to2/float/(linear|cubic)|gauss_newton/3to2/float/linear|raster.*)/' || return
  for order in "" --by-view; do  # what slices of neighbouring views share of the second-level cache
    echo "== box 256, ${order:-poses as they come}"
    ours "$files/bin/bracewell_bench" --boxes=256 --poses=2048 $order --benchmark_min_time=0.02 \
      --benchmark_filter='^(project|backproject)/3to2/float/(linear|cubic)/.*shifts:1' || return
  done
}
export -f ours google_benchmark turns peer 2>/dev/null
export kit files results site paths works peer_why=""

tool() { command -v "$1" 2>/dev/null || ls /usr/local/cuda/bin/"$1" /opt/nvidia/nsight-compute/*/"$1" 2>/dev/null | head -n 1; }

sanitized() {  # STAGE SECONDS TOOL OPTION…
  local name="$1" limit="$2" checker
  shift 2
  with_device "$name" && have "$name" smoke || return
  checker="$(tool compute-sanitizer)"
  if [[ -z "$checker" ]]; then
    state "$name" SKIP "no compute-sanitizer here"
  else
    attempt "$name" "$limit" env LD_LIBRARY_PATH="$paths" "$checker" --error-exitcode 9 \
      --print-limit 5 "$@" "$files/bin/smoke" --quick
  fi
}

# Six kernels, each once: what bounds it.
profile() {
  local ncu="$1" name failed=0
  for name in project/3to2/float/linear project/3to2/float/cubic backproject/3to2/float/linear backproject/3to2/float/cubic \
    project_vjp_all/3to2/float/linear raster/3to2; do
    echo "== $name"
    ours "$ncu" --clock-control none --kernel-name-base demangled --kernel-name 'regex:bracewell' --launch-count 2 --section SpeedOfLight \
      --section Occupancy --section LaunchStats --section MemoryWorkloadAnalysis --section WarpStateStats --section ComputeWorkloadAnalysis \
      --metrics smsp__inst_executed.sum,l1tex__data_pipe_lsu_wavefronts.avg.pct_of_peak_sustained_elapsed,lts__t_sectors_op_red.sum \
      "$files/bin/bracewell_bench" \
      --boxes=128 --poses=512 --benchmark_min_time=0.001 --benchmark_filter="^$name.*" 2>&1 |
      grep -E 'bracewell|ParallelFor|Throughput|Duration|Registers|Occupancy|Hit Rate|Issue|Ipc|Bound|==ERROR|Stall|No Eligible|inst_executed|wavefronts|op_red' || failed=1
  done
  return $failed
}

device=""
device_stage() {
  have device floor || return
  shown=3 attempt device 20 env LD_LIBRARY_PATH="$paths" "$files/bin/floor" --device
  device="$(grep -m 1 '^device' "$log" | cut -f 2)"
  command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,memory.total --format=csv 2>&1 | tee -a "$log"
  [[ -f "$kit/kit.txt" ]] && tee -a "$log" <"$kit/kit.txt"
}

stage() {
  local name
  case "$1" in
    device) ;;
    smoke) have smoke smoke && attempt smoke 60 env LD_LIBRARY_PATH="$paths" "$files/bin/smoke" ;;
    asynchrony) have asynchrony asynchrony && shown=30 attempt asynchrony 30 env LD_LIBRARY_PATH="$paths" "$files/bin/asynchrony" ;;
    large) have large large && shown=20 attempt large 40 env LD_LIBRARY_PATH="$paths" "$files/bin/large" ;;
    floor) have floor floor && shown=40 attempt floor 20 env LD_LIBRARY_PATH="$paths" "$files/bin/floor" ;;
    tests)
      for name in device_tests gpu_tests; do
        with_device "tests, $name" && have "tests, $name" "$name" || continue
        while read -r tags; do
          attempt "tests, $name $tags" 40 env LD_LIBRARY_PATH="$paths" "$files/bin/$name" "$tags"
        done < <(sed -n "s/^$name //p" "$kit/tags.txt")
      done
      ;;
    memcheck) sanitized memcheck 45 --tool memcheck ;;
    racecheck) sanitized racecheck 40 --tool racecheck ;;
    initcheck) sanitized initcheck 30 --tool initcheck ;;
    bench)
      with_device bench && have bench beside || return
      local left=$((total - (SECONDS - begin) - 120))
      peer_ready $((left < 120 ? left : 120)) || say "no peer: $peer_why"
      export peer_why
      shown=100 attempt "bench, in turns" 110 bash -c turns
      [[ -z "$peer_why" ]] || state "bench, the peer" SKIP "$peer_why"
      have "bench, Google Benchmark" bracewell_bench && shown=60 attempt "bench, Google Benchmark" 60 bash -c google_benchmark
      ;;
    ncu)
      with_device ncu && have ncu bracewell_bench || return
      name="$(tool ncu)"
      if [[ -z "$name" ]]; then
        state ncu SKIP "no ncu here"
      else
        export -f profile
        shown=200 attempt ncu 60 bash -c "profile '$name'"
      fi
      ;;
    demo)
      for name in reconstruct_map refine_poses; do
        with_device "demo, $name" && have "demo, $name" "$name" || continue
        if [[ -z "$cufft" ]]; then
          state "demo, $name" SKIP "no libcufft.so.12 here"
          continue
        fi
        local options=(--map "$kit/data/beta_galactosidase.mrc.gz" --output "$scratch/$name")
        [[ "$name" == reconstruct_map ]] && options+=(--poses 20000)
        attempt "demo, $name" 40 env LD_LIBRARY_PATH="$paths" "$files/bin/$name" "${options[@]}"
      done
      ;;
  esac
}

device_stage
[[ " ${stages[*]} " == *" bench "* ]] && peer_begin
for one in "${stages[@]}"; do stage "$one"; done
wait_for="${peer_job:-}"
[[ -n "$wait_for" && ! -f "$scratch/installed" ]] && kill "$wait_for" 2>/dev/null

{
  echo "device: ${device:-none}"
  [[ -f "$kit/kit.txt" ]] && cat "$kit/kit.txt"
  echo
  awk -F '\t' '{ printf "%-8s %s%s\n", $2, $1, $3 == "" ? "" : ": " $3 }' "$results/states.tsv"
  if [[ -s "$results/beside.tsv" ]]; then
    echo
    table
  fi
  if grep -q '^floor' "$log"; then
    echo
    grep '^floor' "$log" | tr '\t' ' '
  fi
} >"$summary"
echo
cat "$summary"
echo "$((SECONDS - begin)) s in all; $results has log.txt, summary.txt"
! grep -qE $'\t(FAIL|TIMEOUT)\t' "$results/states.tsv"
