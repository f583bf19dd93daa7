# shellcheck shell=bash
# Sourced by tests/demo, by tests/run and in a shell of yours: puts the pinned tools on PATH and the collections on ANSIBLE_COLLECTIONS_PATH. After it,
# "molecule test --scenario-name default" works; a scenario that has an environment.sh beside it wants that sourced, too.
# Everything lives in one cache, keyed by what it was built from, so that a second run starts at once:
#   TLSFRONT_CACHE   default ${XDG_CACHE_HOME:-~/.cache}/tlsfront
#   TLSFRONT_PYTHON  a Python, or "newest"; what is taken by default: see present_python
# and in the git-ignored .ansible/ of the checkout.

# a person's own shell does not end by the first command that fails
[[ $- == *i* ]] || set -euo pipefail
tlsfront_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tlsfront_cache=${TLSFRONT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tlsfront}
mkdir -p "$tlsfront_cache"

say() { printf '%s  %s\n' "$(date +%T)" "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    say "this needs root, or sudo: $*"
    return 1
  fi
}

# apt_install WHAT=PACKAGE ... : installs the packages of which WHAT, a command or a path, is missing
apt_install() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || [ -x "/usr/sbin/${pair%%=*}" ] || [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing Debian packages: ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    say "there is no apt-get here: install them as this system does, and run this again"
    return 1
  fi
  # a repository of somebody else's that cannot be had must not keep Debian's packages away
  as_root apt-get update -qq >&2 || say "some package lists could not be had; going on with those that are there"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# pip_locked PYTHON COMMAND LOCK ARGUMENT... : pip's install or download of what a lock lists, bit for bit, and of nothing else. No code of a
# package runs before its hash is checked: wheels only, for a source distribution is built by running it.
pip_locked() {
  "$1" -m pip "$2" --quiet --disable-pip-version-check --require-hashes --only-binary=:all: --requirement "$3" "${@:4}"
}

# A Python from 3.11 to 3.14 that really starts (a pyenv shim may not): TLSFRONT_PYTHON where it is set to one. Else the system's newest, for it is
# built with optimizations that pyenv leaves out, which makes Ansible a quarter faster; else, or with TLSFRONT_PYTHON=newest, the newest of all.
present_python() {
  local minor candidate candidates=()
  case ${TLSFRONT_PYTHON:-} in
    "") for minor in 14 13 12 11; do candidates+=("/usr/bin/python3.$minor"); done ;;
    newest) ;;
    *) usable_python "$TLSFRONT_PYTHON"; return ;;
  esac
  for minor in 14 13 12 11; do
    candidates+=("python3.$minor" "$HOME"/.pyenv/versions/3."$minor".*/bin/python3)
  done
  for candidate in "${candidates[@]}" python3; do
    if usable_python "$candidate"; then return 0; fi
  done
  return 1
}

# usable_python COMMAND : prints its path if it is one
usable_python() {
  "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1 && command -v "$1"
}

# The same; where there is none, Debian's is installed (3.11 in Debian 12, 3.13 in Debian 13).
find_python() {
  if present_python; then return 0; fi
  if [[ ${TLSFRONT_PYTHON:-newest} != newest ]]; then
    say "TLSFRONT_PYTHON is no Python from 3.11 to 3.14 with its module venv: $TLSFRONT_PYTHON"
    return 1
  fi
  if apt_install python3=python3 _venv=python3-venv && hash -r && present_python; then return 0; fi
  say "no Python from 3.11 to 3.14 was found, nor could it be installed: install one, with its module venv, and run this again"
  return 1
}

# once KEY STEP... : runs STEP (with the directory as last argument) unless an earlier run finished it
once() {
  local target=$tlsfront_cache/$1
  shift
  (
    set -euo pipefail
    flock 9
    if [ -e "$target/.done" ]; then exit 0; fi
    rm -rf "$target"
    "$@" "$target"
    touch "$target/.done"
  ) 9>"$target.lock"
  once_dir=$target
}

make_venv() {
  say "making the Python environment with $($tlsfront_python --version) (about a minute)"
  "$tlsfront_python" -m venv "$1"
  pip_locked "$1/bin/python" install "$tlsfront_top/tests/requirements.lock"
}

make_collections() {
  say "fetching the collections"
  local wheels
  wheels=$(mktemp -d)
  # the wheel asks for a newer Python than its collections do
  pip_locked "$tlsfront_venv/bin/python" download "$tlsfront_top/tests/collections.lock" --no-deps --python-version 3.12 -d "$wheels"
  "$tlsfront_venv/bin/python" - "$wheels" "$1" <<'PY'
import pathlib, sys, zipfile
wanted = ("amazon/aws", "ansible/posix", "community/crypto", "google/cloud")
wheel, = pathlib.Path(sys.argv[1]).glob("ansible-*.whl")
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(sys.argv[2], [n for n in archive.namelist() if n.startswith(tuple(f"ansible_collections/{c}/" for c in wanted))])
PY
  rm -rf "$wheels"
}

tlsfront_python=$(find_python) || return 1
once "venv-$({ "$tlsfront_python" -VV; cat "$tlsfront_top/tests/requirements.lock"; } | sha256sum | cut -c1-12)" make_venv
[ -e "$once_dir/.done" ] || return 1
tlsfront_venv=$once_dir
once "collections-$(cat "$tlsfront_top"/tests/{collections.lock,environment.sh} | sha256sum | cut -c1-12)" make_collections
[ -e "$once_dir/.done" ] || return 1
tlsfront_collections=$once_dir

# the checkout, where Ansible looks for collections
mkdir -p "$tlsfront_top/.ansible/collections/ansible_collections/tlsfront"
ln -sfn ../../../.. "$tlsfront_top/.ansible/collections/ansible_collections/tlsfront/elasticsearch"

export PATH=$tlsfront_venv/bin:$PATH
export ANSIBLE_COLLECTIONS_PATH=$tlsfront_top/.ansible/collections:$tlsfront_collections
export ANSIBLE_HOME=$tlsfront_top/.ansible
# what Molecule remembers of one lab, so that runs side by side differ
export MOLECULE_EPHEMERAL_DIRECTORY=$ANSIBLE_HOME/tmp/molecule-${LAB_NET:-40}
export TLSFRONT_CACHE=$tlsfront_cache
# What is compiled once is not compiled again in each of the thousands of processes that follow: files, and what modules bring in zip files.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPATH=$tlsfront_top/tests/support/bytecode${PYTHONPATH:+:$PYTHONPATH}
# What Ansible packs for a module is kept as well.
export ANSIBLE_CALLBACK_PLUGINS=$tlsfront_top/tests/support/callback_plugins
export ANSIBLE_CALLBACKS_ENABLED=kept_payloads
