# Sourced by scripts/run and scripts/test: makes .venv from the lock, fetches the front-end files and the font.
# setup LOCK: everything is skipped that is there already.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here" || exit 1
# Matrices are small: several threads for one product only take time from each other.
export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"
say() { printf '· %s\n' "$*"; }
fail() { printf 'exam-engine: %s\n' "$*" >&2; exit 1; }
am_root() { [ "$(id -u)" = 0 ]; }

apt_updated=
apt_install() { # root gets packages; others learn the command. Never fatal by itself.
  if am_root && command -v apt-get >/dev/null; then
    if [ -z "$apt_updated" ]; then apt-get update -qq >/dev/null 2>&1 || true; apt_updated=1; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
  else
    printf 'To have it, an administrator runs: apt-get install %s\n' "$*" >&2
    return 1
  fi
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer is needed (set PYTHON to its path)"
}

make_venv() {
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null && return
  local python
  python=$(find_python) || exit 1
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "Python lacks venv: installing it from the system's packages"
    apt_install python3-venv || fail "Python's venv is missing. Run: sudo apt-get install python3-venv"
  fi
  say "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv || fail "the virtual environment could not be made"
}

install_lock() {
  local lock=$1 stamp
  stamp=$(cat "$lock" pyproject.toml | sha256sum | cut -d' ' -f1)
  if [ "$(cat .venv/.installed 2>/dev/null)" = "$stamp" ]; then return; fi
  say "installing $lock"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location --no-compile \
    --require-hashes -r "$lock" || fail "the packages of $lock could not be installed"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ||
    fail "the project could not be installed into .venv"
  .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null || true # on all cores; pip uses one
  printf '%s\n' "$stamp" >.venv/.installed
}

npm_run() {
  if command -v npm >/dev/null; then npm "$@"; else
    [ -x .venv/bin/npm ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check \
      --require-hashes -r requirements-npm.lock || return 1
    PATH="$here/.venv/bin:$PATH" .venv/bin/npm "$@"
  fi
}

install_frontend() { # $1: extra npm options
  local stamp
  stamp=$(cat package-lock.json; echo "$1")
  stamp=$(printf '%s' "$stamp" | sha256sum | cut -d' ' -f1)
  if [ "$(cat web/static/vendor/.installed 2>/dev/null)" = "$stamp" ]; then return; fi
  say "fetching front-end files with npm"
  # shellcheck disable=SC2086
  if ! npm_run ci --silent --no-progress $1 >/dev/null 2>&1; then
    say "npm packages could not be had: pages work without them, but plainer"
    return
  fi
  mkdir -p web/static/vendor fonts
  cp node_modules/htmx.org/dist/htmx.min.js web/static/vendor/
  cp node_modules/@expo-google-fonts/noto-serif-sc/{400Regular,700Bold}/*.ttf fonts/
  printf '%s\n' "$stamp" >web/static/vendor/.installed
}

install_rare_font() { # rare characters in names; documents name what they cannot draw
  .venv/bin/python - <<'PY' 2>/dev/null && return
from itembank.base.fonts import find_fonts
from pathlib import Path
raise SystemExit(not find_fonts((Path("fonts"),)).has_rare)
PY
  say "installing the font for rare characters"
  apt_install fonts-hanazono || say "without it, names with rare characters are refused by name when a document is made"
}

setup() {
  make_venv
  if command -v npm >/dev/null; then # at the same time: one waits for the network while the other unpacks
    local frontend
    install_frontend "${2:-}" &
    frontend=$!
    trap 'kill "$frontend" 2>/dev/null' EXIT
    install_lock "$1"
    trap - EXIT
    wait "$frontend"
  else # npm comes into .venv itself
    install_lock "$1"
    install_frontend "${2:-}"
  fi
  install_rare_font
}
