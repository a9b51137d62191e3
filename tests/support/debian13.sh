#!/bin/sh
# The README's two commands on a bare Debian 13: sh tests/support/debian13.sh [--short] [DIRECTORY]
# As root, on a Debian of any version. Makes a chroot in DIRECTORY (build-ci/debian13), or uses the one that is there;
# copies the tree into it, and runs `sh examples/quickstart.sh` and `sh tests/run.sh` there. The packages come from the
# mirror that this machine's apt uses. Nothing stays mounted, and what the tests started ends with them.
#   --short   leaves out the tests with other implementations, which take longest to install and to build
set -eu
cd "$(dirname "$0")/../.."
. tests/support/packages.sh

release=trixie
short=no
if [ "${1:-}" = --short ]; then short=yes; shift; fi
root=${1:-build-ci/debian13}

give_up() { say "$*"; exit 1; }
[ "$(id -u)" = 0 ] || give_up "this needs root: it makes a chroot and mounts /proc and /dev in it"

# inside COMMAND...: runs it in the chroot, in name spaces of its own for mounts and processes. Those end with the first
# process in them, which only SIGKILL ends: in the background, so that this script can send it.
first=""
# shellcheck disable=SC2317  # by the trap
stop() {
  [ -z "$first" ] || kill -KILL "$first" 2>/dev/null || true
  allow_services
}
trap stop EXIT
inside() {
  # shellcheck disable=SC2016  # the inner shell's variables
  unshare --mount --pid --fork --kill-child --propagation private sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/dev/shm"
    for f in /etc/resolv.conf /etc/hosts; do
      if [ -e "$f" ]; then rm -f "$root$f"; cat "$f" >"$root$f"; fi
    done
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
      chroot "$root" "$@"' sh "$root" "$@" </dev/null &
  first=$!
  ended=0
  wait $first || ended=$?
  first=""
  return $ended
}

# The archive that this machine's apt has Debian's packages from.
mirror() {
  # shellcheck disable=SC2016  # apt's variables
  apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | head -n 1
}

now() { date +%s; }
began=$(now)

if [ ! -e "$root/.kerb-bare" ]; then
  KERB_NO_INSTALL='' install_packages "debootstrap debian-archive-keyring" "mount" "" ""
  [ -n "$(mirror)" ] || as_root apt-get update -q </dev/null
  from=$(mirror)
  [ -n "$from" ] || give_up "apt has no archive of Debian"
  say "making a chroot of Debian 13 in $root, from $from"
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  with=""
  case $from in https:*) with=--include=ca-certificates ;; esac
  scripts=/usr/share/debootstrap/scripts  # that of every release of Debian is the same
  script=$scripts/$release
  [ -e "$script" ] || script=$scripts/sid
  debootstrap --variant=minbase $with "$release" "$root" "$from" "$script" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; give_up "debootstrap failed; its log is $root.log"; }
  # What this machine's apt must know about its way to the archive, that one must too.
  apt-config dump | grep -i '^Acquire::.*\(Proxy\|Check-Valid-Until\|Check-Date\)' >"$root/etc/apt/apt.conf.d/90host" ||
    true
  # Containers that run tests as root have no services to start.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  touch "$root/.kerb-bare"
fi
made=$(now)

say "copying the tree into $root/kerb"
rm -rf --one-file-system "$root/kerb"
mkdir "$root/kerb"
tar -cf - --exclude='./build*' --exclude=./.git --exclude=./.cache . | tar -xf - -C "$root/kerb"

status=0
# run COMMAND...: in the copy; remembers whether it failed, and goes on.
run() {
  say "on Debian 13: $*"
  since=$(now)
  inside sh -c 'cd /kerb && exec "$@"' sh "$@" || { status=1; say "on Debian 13 this failed: $*"; }
  times="${times:+$times, }$(($(now) - since)) s for $*"
}
times=""
options=""
if [ $short = yes ]; then options=-Dinterop=disabled; fi
run sh examples/quickstart.sh
run sh tests/run.sh $options

say "Debian $(cat "$root/etc/debian_version"), g++ and Botan:"
inside sh -c 'g++ --version | head -n 1; pkg-config --modversion botan-3'
say "$((made - began)) s for the chroot, $times"
if [ $short = yes ]; then say "left out: the tests with other implementations (suite interop)"; fi
exit $status
