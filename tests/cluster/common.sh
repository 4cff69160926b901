# Shared by the scripts beside it; read by bash, not run.

# Two clusters that come up at once must not choose the same ports.
one_at_a_time() { exec 9>>"${TMPDIR:-/tmp}/boxwright-cluster.lock"; flock -w 120 9; }

# free_ports N: prints the first of N neighbouring ports that nobody listens on, below those the kernel deals out.
free_ports() {
  local base port try
  for try in $(seq 200); do
    base=$((20000 + RANDOM % 12000))
    for port in $(seq "$base" $((base + $1 - 1))); do
      (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
    done
    echo "$base"; return
  done
  echo "no free ports" >&2; return 1
}

# is_up FILE PROGRAM: whether the process whose pid the file holds is alive and runs that program.
is_up() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && grep -qa "$2" "/proc/$pid/cmdline" 2>/dev/null &&
    ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1)); shift
  until timeout 10 "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "$(basename "$0"): timed out waiting for: $*" >&2; return 1; }
    sleep 0.05
  done
}

# kill_process FILE PROGRAM: for daemons whose state is thrown away; asked politely they take seconds.
kill_process() {
  is_up "$1" "$2" && kill -KILL "$(cat "$1")" 2>/dev/null
  rm -f "$1"
}

# pids_of NAME: of all processes of that name.
pids_of() { grep -lx "$1" /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }

# tree PID: the process and all below it.
tree() { local child; for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do tree "$child"; done; echo "$1"; }

need() {
  local program missing=()
  for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ ${#missing[@]} = 0 ] || { echo "$(basename "$0"): not installed: ${missing[*]}" >&2; exit 2; }
  [ "$(id -u)" = 0 ] || { echo "$(basename "$0"): needs root" >&2; exit 2; }
}
