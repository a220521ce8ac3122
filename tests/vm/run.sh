#!/bin/bash
# run.sh -- boots a guest with Debian's kernel and an emulated optical drive, and runs a script in it.
#
#   run.sh [-m host|loop|ram|cd|iscsi] [-s SCRIPT] [-b BINARY] [-d SOURCE=GUESTPATH]... [-n COUNT] [-i ISO]
#          [-e LBA,...] [-p HOST:PORT/TARGET[/LUN]]... [-o DIRECTORY] [-t SECONDS] [-a NAME]... [-v]
#
#  -m host   (default) tgtd runs here, on loopback; QEMU's iSCSI initiator hands each of its drives to the guest, CDB by
#            CDB. A blank DVD+R in each.
#     loop   tgtd and an iSCSI initiator run in the guest: the script may call fresh_blank for another DVD+R
#     ram    tcmu-runner's optical handler behind tcm_loop in the guest: an overwritable DVD-RAM of RIG_RAM_MIB (64) MiB
#     cd     QEMU's own CD drive with the image ISO in it, read-only
#     iscsi  drives of an iSCSI target that somebody else runs: -p for each
#  -p        a drive of mode iscsi: 127.0.0.1:3260/iqn.2020-01.org.example:drive/0; the LUN is 0 when none is named
#  -s        what busybox sh runs in the guest; without one, a look at the drives
#  -b        a static program: becomes /t/bin/NAME and $BIN
#  -d        a file or directory for the guest
#  -n        how many blank drives there are in mode host (1)
#  -i        an image: in mode cd the disc, in modes host and loop that of one more drive, $ROM
#  -e        sectors that can't be read, in mode cd
#  -o        where the drives' backing files are copied to afterwards, in mode host
#  -t        time limit in seconds (150)
#  -a        more in the guest: cedar, which is Cedar Backup with the Python it runs in
#  -v        the kernel's messages and QEMU's go to stderr
#
# In the guest: $BLANK and $BLANK1 to $BLANKn (/dev/sr0 and so on), $SG and $SG1 to $SGn (their sg nodes), $ROM and $ROMSG,
# $BIN, $MODE, and `reload [DEVICE]`, which opens and closes the tray. Output of the script is stdout.
# Exit status: that of the script; 124 when the time was up; 125 when the rig itself failed, which it says on stderr.
# The guest is built by guest.sh when it is not there, in $RIG_CACHE or the project's target/vm. See README.md.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RIG_CACHE:-$here/../../target/vm}
fail() { echo "rig: $1" >&2; exit 125; }

mode=host script= bin= iso= bad= out= count=1 limit=150 verbose=; files=() portals=() more=()
while getopts m:s:b:d:n:i:e:p:o:t:a:v option; do case $option in
  m) mode=$OPTARG;; s) script=$OPTARG;; b) bin=$OPTARG;; d) files+=("$OPTARG");; n) count=$OPTARG;; i) iso=$OPTARG;;
  e) bad=$OPTARG;; p) portals+=("$OPTARG");; o) out=$OPTARG;; t) limit=$OPTARG;; a) more+=("$cache/$OPTARG.cpio");; v) verbose=yes;; *) exit 125;;
esac; done
missing=
for program in qemu-system-x86_64=qemu-system-x86 cpio=cpio python3=python3 apt-get=apt dpkg-deb=dpkg; do
  command -v "${program%%=*}" >/dev/null || missing="$missing ${program#*=}"
done
[ -z "$missing" ] || fail "missing Debian packages:$missing"
for file in ${script:+"$script"} ${bin:+"$bin"} ${iso:+"$iso"}; do [ -r "$file" ] || fail "$file can't be read"; done
bash "$here/guest.sh" "$cache" || fail "the guest can't be built"

work=$(mktemp -d); target=
finish() {
  [ -z "$target" ] || { kill -9 "$target"; wait "$target"; } 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

# What this run adds to the guest.
own=$work/own args=(); mkdir -p "$own/t/bin"
say() { echo "$1" >>"$own/t/env"; }
cp "$here/init" "$own/init" && chmod 755 "$own/init"
say "MODE=$mode"
if [ -n "$bin" ]; then
  cp "$bin" "$own/t/bin/" && chmod 755 "$own/t/bin/$(basename "$bin")" || fail "$bin can't be copied"
  say "BIN=/t/bin/$(basename "$bin")"
fi
[ -z "$script" ] || cp "$script" "$own/t/script"
for pair in ${files[@]+"${files[@]}"}; do
  mkdir -p "$own/$(dirname "${pair#*=}")" && cp -a "${pair%%=*}" "$own/${pair#*=}" || fail "${pair%%=*} can't be copied"
done

# attach NUMBER URL: the number becomes the SCSI id, by which init tells the drives apart.
attach() {
  args+=(-drive "file=$2,if=none,id=drive$1,format=raw,cache=none" -device "scsi-generic,drive=drive$1,scsi-id=$(($1 - 1))")
}

tgtadm() { LD_LIBRARY_PATH=$cache/host/lib "$cache/host/tgtadm" --lld iscsi "$@"; }

start_tgtd() {
  local attempt tick
  export TGT_IPC_SOCKET=$work/tgtd.socket
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    LD_LIBRARY_PATH=$cache/host/lib "$cache/host/tgtd" -f --iscsi portal=127.0.0.1:$port >"$work/tgtd.log" 2>&1 &
    target=$!
    for tick in $(seq 100); do
      tgtadm --op show --mode sys >/dev/null 2>&1 && return
      kill -0 "$target" 2>/dev/null || break
      sleep 0.1
    done
    { kill -9 "$target"; wait "$target"; } 2>/dev/null
    target=
  done
  cat "$work/tgtd.log" >&2
  fail "tgtd does not start"
}

# lun NUMBER FILE
lun() {
  tgtadm --op new --mode logicalunit --tid 1 --lun "$1" --device-type cd -b "$2" || fail "tgtd does not take $2"
  attach "$1" "iscsi://127.0.0.1:$port/$name/$1"
}

case $mode in
host)
  name=iqn.2020-01.rig:mmc; mkdir "$work/discs"; start_tgtd
  tgtadm --op new --mode target --tid 1 -T $name || fail "tgtd makes no target"
  args+=(-device virtio-scsi-pci)
  # An empty file is a blank DVD+R.
  for number in $(seq "$count"); do : >"$work/discs/blank$number.img"; lun "$number" "$work/discs/blank$number.img"; done
  [ -z "$iso" ] || { cp "$iso" "$work/discs/rom.iso"; lun $((count + 1)) "$work/discs/rom.iso"; }
  tgtadm --op bind --mode target --tid 1 -I ALL || fail "tgtd binds nobody"
  say "NBLANK=$count HASROM=${iso:+1}";;
iscsi)
  [ "${#portals[@]}" -gt 0 ] || fail "-m iscsi wants -p HOST:PORT/TARGET[/LUN]"
  args+=(-device virtio-scsi-pci); number=0
  for portal in "${portals[@]}"; do
    number=$((number + 1))
    case $portal in */*/*) ;; */*) portal=$portal/0;; *) fail "no HOST:PORT/TARGET[/LUN]: $portal";; esac
    attach "$number" "iscsi://$portal"
  done
  say "NBLANK=$number";;
loop) [ -z "$iso" ] || cp "$iso" "$own/t/rom.iso";;
ram) say "RAM_MIB=${RIG_RAM_MIB:-64}";;
cd)
  [ -n "$iso" ] || fail "-m cd wants -i ISO"
  say 'NBLANK=0 HASROM=1'; errors=
  # Each of the four 512 byte sectors of an unreadable one.
  for lba in ${bad//,/ }; do for quarter in 0 1 2 3; do
    errors+="${errors:+,}{\"event\":\"none\",\"iotype\":\"read\",\"errno\":5,\"sector\":$((lba * 4 + quarter))}"
  done; done
  file="{\"driver\":\"file\",\"filename\":\"$(realpath "$iso")\",\"read-only\":true}"
  file="{\"driver\":\"blkdebug\",\"image\":$file,\"inject-error\":[$errors]}"
  args=(-blockdev "{\"driver\":\"raw\",\"node-name\":\"disc\",\"read-only\":true,\"file\":$file}"
        -device virtio-scsi-pci -device scsi-cd,drive=disc,rerror=report);;
*) fail "-m takes host, loop, ram, cd or iscsi";;
esac

(cd "$own" && find . | cpio -o -H newc -R +0:+0 --quiet) >"$work/own.cpio" || fail "the guest's files can't be packed"
cat "$cache/base.cpio" ${more[@]+"${more[@]}"} "$work/own.cpio" >"$work/initrd"

# ttyS0 carries the kernel's messages, ttyS1 the script's output.  No self-tests of the kernel's ciphers: they take long.
boot() {
  : >"$work/output"
  QEMU_MODULE_DIR=$cache/host/qemu LD_LIBRARY_PATH=$cache/host/lib timeout -k 5 "$limit" qemu-system-x86_64 -M q35 \
    -accel "${RIG_ACCEL:-tcg,thread=multi}" -cpu max -m "${RIG_MEM:-768}" -smp 2 -nodefaults -display none -no-reboot \
    -kernel "$cache/vmlinux" -initrd "$work/initrd" -pidfile "$work/pid" \
    -append "console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off nokaslr no_timer_check tsc=reliable random.trust_cpu=on cryptomgr.notests" \
    -chardev file,id=k,path="$work/kernel" -serial chardev:k -chardev stdio,id=s,signal=off -serial chardev:s \
    ${args[@]+"${args[@]}"} </dev/null 2>"$work/qemu" | sed -u 's/\r//g' | tee "$work/output" | grep --line-buffered -av '^RIG-EXIT:'
  ended=${PIPESTATUS[0]}
}
# A kernel that says nothing for a minute and a half is stuck, which happens to emulated processors: it is booted once more.
# No harm is done by that, for init speaks before it touches a drive.
watch() {
  local tick
  for tick in $(seq 90); do
    [ ! -s "$work/output" ] || return
    sleep 1
  done
  kill "$(cat "$work/pid")"
}
for attempt in 1 2 3; do
  watch >/dev/null 2>&1 &
  boot
  [ ! -s "$work/output" ] || break
  echo "rig: the guest did not come up, attempt $attempt" >&2
done
[ -z "$verbose" ] || cat "$work/kernel" "$work/qemu" "$work/tgtd.log" >&2 2>/dev/null
if [ -n "$out" ] && [ "$mode" = host ]; then mkdir -p "$out" && cp "$work/discs"/* "$out/"; fi
status=$(sed -n 's/^RIG-EXIT:\([0-9]*\)$/\1/p' "$work/output" | tail -n 1)
[ -z "$status" ] || exit "$status"
tail -n 20 "$work/kernel" "$work/qemu" >&2
if [ "$ended" = 124 ]; then echo "rig: the time limit of $limit s is up" >&2; exit 124; fi
fail "the guest ended without a status (QEMU's is $ended)"
