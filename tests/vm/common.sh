# What the scripts of tests/vm.rs share; sourced by them in the guest, under busybox sh.  After `! COMMAND` a script goes on whatever the
# command did, set -e or not: see expect and fails.
set -e

# cedarburn ARGUMENTS...: on the drive under test, with the configuration and a log that is no system's.
cedarburn() { "$BIN" --no-progress --config /tmp/cback3.conf --logfile /tmp/cback3.log --device "$BLANK" "$@"; }

# configure MEDIUM [STORE] [CEDARBURN]: more elements of the two sections.
configure() {
  cat >/tmp/cback3.conf <<XML
<?xml version="1.0"?>
<cb_config>
  <options>
    <starting_day>monday</starting_day><working_dir>/tmp</working_dir><backup_user>root</backup_user>
    <backup_group>root</backup_group><rcp_command>/bin/false</rcp_command>
  </options>
  <peers><peer><name>alpha</name><type>local</type><collect_dir>/nonexistent</collect_dir></peer></peers>
  <stage><staging_dir>/tmp/staging</staging_dir></stage>
  <store>
    <source_dir>/tmp/staging</source_dir><media_type>$1</media_type><target_device>$BLANK</target_device>
    <check_data>Y</check_data>$2
  </store>
  <cedarburn>$3</cedarburn>
</cb_config>
XML
}

# stage DAY: staging as it was when the archive of the day was made.
stage() {
  mkdir -p /tmp/staging
  tar -xpf "/t/2026-11-$1.tar" -C /tmp/staging
  remember "$1"
}

# remember DAY: this is how it has to be on the disc.
remember() { listing "/tmp/staging/2026/11/$1" "/tmp/staged.$1"; }

# listing DIRECTORY FILE: type, mode, owner, size, time in whole seconds, path and link target of everything in it, and every file's digest.
# Linux 6.1 shows names of 254 and 255 bytes cut after 253.
listing() {
  ( cd "$1"
    # With its path: busybox would take its own, which knows no -printf.
    /bin/find . -mindepth 1 -type d -printf '%y %m %U:%G %T@ %P\n' -o -printf '%y %m %U:%G %s %T@ %P -> %l\n'
    /bin/find . -type f -print0 | xargs -0 sha256sum ) | sed 's/x\{253\}xx/x253/; s/x\{253\}/x253/; s/\([0-9]\{9,10\}\)\.[0-9]\{10\} /\1 /' | sort >"$2"
}

# is_on DIRECTORY DAY...: fails unless these days are there as they were staged.
is_on() {
  top=$1; shift
  for day in "$@"; do
    listing "$top/2026/11/$day" /tmp/shown
    [ -s "/tmp/staged.$day" ] || { echo "nothing was staged for day $day"; exit 90; }
    diff "/tmp/staged.$day" /tmp/shown || { echo "day $day is not as it was staged"; exit 91; }
    echo "day $day: $(wc -l </tmp/shown) lines the same"
  done
}

# expect CODE COMMAND...: fails unless it ends with that exit code.
expect() {
  wanted=$1; shift; got=0
  "$@" || got=$?
  [ "$got" = "$wanted" ] || { echo "$* ended with $got, not $wanted"; exit 92; }
}

# fails COMMAND...: fails unless the command does, in whatever way.
fails() { if "$@"; then echo "$* did not fail"; exit 93; fi; }
