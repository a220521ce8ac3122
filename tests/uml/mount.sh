#!/bin/bash
# mount.sh -- mounts an image with Linux's own isofs and reports what the kernel shows.
#
#   mount.sh IMAGE OUT [MOUNTOPTIONS] [md5|sha256|'' [SCRIPT]]
#
# The kernel is User Mode Linux: an ordinary process, so no privilege is needed and the host's kernel needs no isofs.
# MOUNTOPTIONS is for instance ro,sbsector=12552 for the session that starts at sector 12552 of a file that holds the
# whole disc, or ro,norock.  Writes
#   OUT.log     the kernel's version, the result of the mount, the kernel's messages about it
#   OUT.find    a record for every path but the root: type, mode, uid, gid, size, mtime, links, inode with a tab behind
#               each, then path NUL link target NUL
#   OUT.devices for every device node: major and minor number in hexadecimal, "./PATH", with a blank between, NUL
#   OUT.md5 or OUT.sha256   on request: "DIGEST  ./PATH" NUL for every regular file
#   OUT.script  on request, and in place of OUT.find: what the shell script SCRIPT prints, run in the mounted tree
#   OUT.console what the guest's console showed
# Exit status 0 when it was mounted and read to the end, else 1 with the log on stderr.  A run takes some 3 s and is
# ended after $UML_SECONDS (120).
# Needs the Debian packages user-mode-linux, gcc, perl-base, findutils, coreutils, mount.
set -euo pipefail

fail() { echo "mount.sh: $1" >&2; exit 1; }
[ $# -ge 2 ] || fail "usage: mount.sh IMAGE OUT [MOUNTOPTIONS] [md5|sha256]"
for program in linux.uml cc perl find timeout; do
  command -v "$program" >/dev/null || fail "$program is missing (Debian packages: user-mode-linux gcc perl-base findutils coreutils)"
done
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -r "$1" ] || fail "$1 can't be read"
image=$(readlink -f "$1"); mkdir -p "$(dirname "$2")"; out=$(readlink -f "$2"); options=${3:-ro}; digest=${4:-} script=${5:-}
case $digest in ''|md5|sha256) ;; *) fail "no such digest: $digest";; esac

rm -f "$out".{log,find,devices,script,md5,sha256,console}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; mkdir "$work/mnt"
# All of these travel on the kernel's command line, which blanks would break, as a comma would ubd0r=.
case "$here$image$out$options$work$script" in *[[:space:]]*) fail "no path or option may contain a blank";; esac
case "$image" in *[,:]*) fail "the image's path may contain neither comma nor colon";; esac
cc -O1 -shared -fPIC -o "$work/xstate.so" "$here/xstate.c"

LD_PRELOAD="$work/xstate.so" timeout -k 10 "${UML_SECONDS:-120}" \
  linux.uml root=/dev/root rootfstype=hostfs rw mem=256M ubd0r="$image" con=null con0=fd:0,fd:1 \
  init="$here/init.sh" IMGOPTS="$options" OUT="$out" MNT="$work/mnt" DIGEST="$digest" SCRIPT="$script" \
  </dev/null >"$out.console" 2>&1 || { status=$?; [ $status -ne 124 ] || echo "ended after ${UML_SECONDS:-120} s" >>"$out.console"; }

if ! grep -qs '^MOUNTED' "$out.log" || ! grep -qs '^COMPLETE' "$out.log"; then
  echo "mount.sh: $image was not mounted with $options and read to the end" >&2
  if [ -s "$out.log" ]; then cat "$out.log" >&2; else tail -n 20 "$out.console" >&2; fi
  exit 1
fi
