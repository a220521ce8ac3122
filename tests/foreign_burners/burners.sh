# What the scripts of tests/foreign_burners.rs share; sourced by them in the guest after common.sh, under busybox sh.
ln -sf /bin/genisoimage /bin/mkisofs
mkdir -p /mnt /tmp/kept

# drive NUMBER MEDIUM: what follows is done with that drive.
drive() {
  eval "BLANK=\$BLANK$1 SG=\$SG$1"; medium=$2; first=yes
  echo "== $medium"
}

# quietly COMMAND...: what it says is shown when it fails. Time passes fifty times as fast in the drives.
quietly() { "$@" >/tmp/said 2>&1 || { echo "$*: $?"; tail -n 30 /tmp/said; exit 80; }; }

# tree NUMBER: a tree for a session.
tree() {
  [ ! -d "/tmp/tree/s$1" ] || return 0
  mkdir -p "/tmp/tree/s$1/deeper"
  head -c 700001 /dev/urandom >"/tmp/tree/s$1/data"; echo "$1" >"/tmp/tree/s$1/deeper/a name that ISO 9660 does not have"
}

# The burners: a session with tree NUMBER, begun or appended by whether something was burned since drive.
xorriso_burns() { tree "$1"; quietly xorriso -dev "$BLANK" -volid "V$1" -map "/tmp/tree/s$1" "/s$1" -commit; first=; }

# A BD-R is not formatted, which would be for pseudo overwrite.
growisofs_burns() {
  tree "$1"; how=-M; [ -z "$first" ] || how="-use-the-force-luke=spare:none -Z"
  # shellcheck disable=SC2086
  quietly growisofs $how "$BLANK" -R -V "V$1" -graft-points "/s$1=/tmp/tree/s$1"; first=
}

# cd_burns PROGRAM NUMBER OPTION...: wodim or cdrskin, with an image by genisoimage. Virtual CDs have mode 1: -data.
cd_burns() {
  program=$1; tree "$2"; old=
  if [ -z "$first" ]; then
    quietly "$program" "dev=$BLANK" -msinfo
    old="-C $(grep -o '^[0-9]*,[0-9]*' /tmp/said | tail -n 1) -M $BLANK"
  fi
  # shellcheck disable=SC2086
  quietly genisoimage -R -V "V$2" -o /tmp/image $old -graft-points "/s$2=/tmp/tree/s$2"
  number=$2; shift 2
  quietly "$program" "dev=$BLANK" -data "$@" /tmp/image; first=
  rm /tmp/image
}

# The kernel reads what it knew of the disc unless the tray was opened; genisoimage and growisofs read through it.
seen_anew() { quietly reload "$BLANK"; }

# day DAY: staged alone, and kept as it was. None is a Monday, on which a new disc would be due.
day() {
  at=/tmp/staging/2026/11/$1; rm -rf /tmp/staging; mkdir -p "$at/alpha"
  head -c 300001 /dev/urandom >"$at/alpha/data"; : >"$at/cback.stage"
  mkdir -p /tmp/kept/2026/11; rm -rf "/tmp/kept/2026/11/$1"; cp -a "$at" /tmp/kept/2026/11/
}

# cedarburn_burns DAY
cedarburn_burns() { configure "$medium"; day "$1"; quietly cedarburn --today "2026-11-$1" store; first=; }

# same ROOT WHAT...: trees by number and days by number.
same() {
  root=$1; shift
  for what in "$@"; do case $what in
    1?) diff -r "/tmp/kept/2026/11/$what" "$root/2026/11/$what" || { echo "day $what is not the same"; exit 81; };;
    *) diff -r "/tmp/tree/s$what" "$root/s$what" || { echo "tree $what is not the same"; exit 82; };;
  esac; done
}

# everybody_shows WHAT...: the kernel, xorriso and isoinfo, from the last session.
everybody_shows() {
  seen_anew
  quietly mount -t iso9660 -o ro "$BLANK" /mnt
  same /mnt "$@"
  ( cd /mnt && find . -type f | sed 's/^\.//' ) >/tmp/by-kernel
  # xorriso has a drive for itself.
  umount /mnt
  start=0
  quietly xorriso -indev "$BLANK" -toc
  sed -n 's/^ISO session  : *\([0-9]*\) , *\([0-9]*\) ,.*/\1 \2/p' /tmp/said >/tmp/sessions
  case $medium in cd*|dvd-r|dvd+r|bd-r|dvd-rw) start=$(tail -n 1 /tmp/sessions | cut -d' ' -f2);; esac
  xorriso -indev "$BLANK" -find / -type f >/tmp/by-xorriso 2>/dev/null
  isoinfo -R -f -T "$start" -i "$BLANK" >/tmp/by-isoinfo 2>/dev/null
  [ -s /tmp/by-kernel ] || { echo "nothing is there"; exit 83; }
  while read -r path; do
    grep -qxF "'$path'" /tmp/by-xorriso || { echo "xorriso does not show $path"; exit 84; }
    grep -qxF "$path" /tmp/by-isoinfo || { echo "isoinfo does not show $path"; exit 85; }
  done </tmp/by-kernel
  echo "everybody shows $*"
}

# sessions_show WHAT,WHAT... ...: by the sectors that xorriso -toc told, one argument a session.
sessions_show() {
  [ "$(wc -l </tmp/sessions)" = $# ] || { echo "not $# sessions"; cat /tmp/sessions; exit 86; }
  while read -r _ at; do
    quietly mount -t iso9660 -o "ro,sbsector=$at" "$BLANK" /mnt
    # shellcheck disable=SC2046
    same /mnt $(echo "$1" | tr , ' ')
    umount /mnt; shift
  done </tmp/sessions
  echo "each session shows its own"
}
