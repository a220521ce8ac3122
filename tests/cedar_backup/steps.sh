# What the scripts of tests/cedar_backup.rs share; sourced by them in the guest after common.sh, under busybox sh.
mkdir -p /mnt /tmp/kept
days=

# both_have MEDIUM DEVICE [STORE]: the configuration, with more elements of its section store.
both_have() { configure "$1" "<device_type>$2</device_type><check_media>Y</check_media>${3:-}"; }

# today DAY: of November 2026, in the evening.
today() { day=$1; date -s "2026-11-$1 22:00:00" >/dev/null; }

# staged DAY: the day has come, and what its archive holds was staged. A copy is kept as it was, without the marks of programs.
staged() {
  today "$1"
  stage "$1"
  mkdir -p /tmp/kept/2026/11
  rm -rf "/tmp/kept/2026/11/$1"
  cp -a "/tmp/staging/2026/11/$1" /tmp/kept/2026/11/
}

# by_cback3 ACTION and by_cedarburn ACTION: as cron has them, which say nothing if all is well.
by_cback3() {
  cback3 --config /tmp/cback3.conf --logfile /tmp/cback3.log "$1" >/tmp/said 2>&1 || {
    echo "cback3 $1 ended with $?"; cat /tmp/said; tail -n 60 /tmp/cback3.log; exit 80
  }
  [ ! -s /tmp/said ] || { echo "cback3 $1 is not silent"; cat /tmp/said; exit 81; }
}
by_cedarburn() {
  cedarburn "$1" >/tmp/said 2>&1 || { echo "cedarburn $1 ended with $?"; cat /tmp/said; tail -n 60 /tmp/cback3.log; exit 82; }
  [ ! -s /tmp/said ] || { echo "cedarburn $1 is not silent"; cat /tmp/said; exit 83; }
}

# both_turn_away: a rewritable disc without a label, which check_media demands.
both_turn_away() {
  expect 6 cback3 --config /tmp/cback3.conf --logfile /tmp/cback3.log store
  expect 8 cedarburn store
}

# stored_by PROGRAM DAY: today, and every check of both passes afterwards on all days that the disc has to have ($days).
stored_by() {
  staged "$2"
  "by_$1" store
  [ -e "/tmp/staging/2026/11/$2/cback.store" ] || { echo "$1 left no mark in day $2"; exit 84; }
  days="$days $2"
  [ "$1" = cback3 ] || : >/tmp/listed
  all_is_well "$1"
}

# new_disc_by PROGRAM DAY: the disc has nothing but this day afterwards.
new_disc_by() { days=; rm -f /tmp/listed; stored_by "$@"; }

# all_is_well LAST: what each of both says of a disc that the other, or itself, wrote on last.
all_is_well() {
  # shellcheck disable=SC2086
  /usr/bin/python3 /t/check.py $days || { echo "cback3 is not content after $1"; exit 85; }
  verified "$1"
  cedarburn info >/tmp/info
  grep -qx "days:     $(for each in $days; do printf ' 2026-11-%s' "$each"; done)" /tmp/info || {
    echo "cedarburn info does not tell of$days after $1"; cat /tmp/info; exit 87
  }
  mount -t iso9660 -o ro "$BLANK" /mnt
  [ "$(ls /mnt/2026/11 | tr '\n' ' ')" = "${days# } " ] || { echo "not$days but $(ls /mnt/2026/11)"; exit 88; }
  for each in $days; do
    content "/tmp/kept/2026/11/$each" /tmp/was
    content "/mnt/2026/11/$each" /tmp/is
    diff /tmp/was /tmp/is || { echo "the kernel shows day $each otherwise after $1"; exit 89; }
  done
  umount /mnt
  cat /tmp/said
  echo "$1 stored day $day: the disc holds$days"
}

# verified LAST: cback3 makes no lists of digests. A disc of its days only is read without an error, and that is what is said.
verified() {
  got=0
  cedarburn verify >/tmp/said 2>&1 || got=$?
  case $got in
    0) return 0;;
    6) [ -e /tmp/listed ] || ! grep -q 'nothing says what should be in what was read without an error' /tmp/said || return 0;;
  esac
  echo "cedarburn verify ended with $got after $1"; cat /tmp/said; exit 86
}

# content DIRECTORY FILE: everything in it but modes and owners, which mkisofs -r makes all the same, and times of directories and
# links, which busybox does not copy.
content() {
  ( cd "$1"
    /bin/find . -mindepth 1 -type d -printf '%y %P\n' -o -type l -printf '%y %P -> %l\n' -o -printf '%y %s %Ts %P\n'
    /bin/find . -type f -print0 | xargs -0 sha256sum ) | sort >"$2"
}
