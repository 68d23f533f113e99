# Sourced by harness/quickstart and tests/run: installs from the machine's own package sources what is
# missing, and nothing that starts a service.
set -euo pipefail

holdfast_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
holdfast_cache=${HOLDFAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast}

build_packages=(g++ cmake ninja-build pkg-config make
  libcurl4-openssl-dev libssl-dev zlib1g-dev nlohmann-json3-dev libyaml-cpp-dev libpqxx-dev libmysqlcppconn-dev libpugixml-dev
  libcli11-dev libfmt-dev libexpected-dev libboost-dev libsimdjson-dev libarchive-dev)
# What the sandbox runs with: pods, their network, and the maker of images.
sandbox_packages=(bubblewrap iproute2 mmdebstrap uidmap util-linux)
# The sanitized builds are made by clang++, in half the time of g++.
test_packages=(clang libclang-rt-14-dev libgtest-dev libgmock-dev libxml2-utils busybox-static openssl procps)

fail() {
  echo "error: $*" >&2
  exit 3
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "packages are missing and neither root nor sudo is at hand; run this as root: apt-get install $*"
  fi
}

# install PACKAGE...: installs those that are not there; asks apt for nothing when all are.
install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing: ${missing[*]}"
  as_root apt-get -o Acquire::Retries=3 -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
}

# kubectl_is_new PROGRAM: true for 1.27 or newer.
kubectl_is_new() {
  local minor
  minor=$("$1" version --client 2>/dev/null | sed -n 's/^Client Version: v1\.\([0-9]*\).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge 27 ]
}

# Puts a kubectl of 1.27 or newer on PATH: the machine's, or one unpacked from a newer suite than this one.
ensure_kubectl() {
  if command -v kubectl >/dev/null 2>&1 && kubectl_is_new kubectl; then return 0; fi
  local folder=$holdfast_cache/kubectl suite mirror work
  if ! [ -x "$folder/usr/bin/kubectl" ]; then
    # The mirror that apt uses already for this machine's own suite.
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -v security | head -n 1)
    [ -n "$mirror" ] || fail "kubectl 1.27 or newer is needed for the tests and apt names no Debian mirror to take it from"
    for suite in trixie sid; do
      work=$(mktemp -d)
      mkdir -p "$work/lists/partial" "$work/archives/partial"
      # No package counts as installed: one that the machine has would hide the suite's of the same name.
      : >"$work/status"
      echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
      local options=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists"
        -o "Dir::State::status=$work/status" -o "Dir::Cache=$work" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o APT::Sandbox::User=root
        -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::Retries=3)
      if apt-get "${options[@]}" -qq update && (cd "$work" && apt-get "${options[@]}" -qq download kubectl); then
        # kubernetes-client of these suites only depends on it.
        mkdir -p "$work/root" && dpkg-deb -x "$work"/kubectl_*.deb "$work/root"
        if kubectl_is_new "$work/root/usr/bin/kubectl"; then
          mkdir -p "$holdfast_cache" && rm -rf "$folder" && mv -T "$work/root" "$folder"
        fi
      fi
      rm -rf "$work"
      [ -x "$folder/usr/bin/kubectl" ] && break
    done
    [ -x "$folder/usr/bin/kubectl" ] || fail "kubectl 1.27 or newer is needed for the tests; put one on PATH"
  fi
  PATH=$folder/usr/bin:$PATH
  export PATH
}

# build PRESET TARGET...: configures and builds; on a terminal with ninja's own progress, else only errors and the end.
build() {
  local preset=$1
  shift
  # CMake looks for presets only at the top level, which holds nothing but the sources: an ignored file points to ours.
  echo '{"version": 6, "include": ["harness/presets.json"]}' >"$holdfast_root/CMakeUserPresets.json"
  (cd "$holdfast_root" && cmake --preset "$preset" >/dev/null)
  local log=$holdfast_root/build/$preset/build.log
  echo "building ($preset), log in build/$preset/build.log"
  if [ -t 1 ]; then
    ninja -C "$holdfast_root/build/$preset" "$@"
  elif ! ninja -C "$holdfast_root/build/$preset" "$@" >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    fail "the build failed; the whole log is $log"
  fi
}
