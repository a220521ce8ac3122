#!/bin/bash
# guest.sh -- builds the guest that run.sh boots, from Debian packages only.
#
#   guest.sh DIRECTORY
#
# Writes DIRECTORY/vmlinux     the kernel, not compressed
#        DIRECTORY/base.cpio   busybox, the drivers of one optical drive, and the other people's burning programs
#        DIRECTORY/cedar.cpio  Cedar Backup, and the Python it runs in, for the guests that want it
#        DIRECTORY/host/       what runs on this side: tgtd, tgtadm, QEMU's iSCSI block module, their libraries
#        DIRECTORY/stamp       what it was built from; nothing is built when that is what it would be built from now
#
# Packages are fetched with apt-get and unpacked, none is installed.  Takes 30 to 60 s.  Several runs may ask at once:
# one builds, the others wait.
set -euo pipefail
fail() { echo "guest.sh: $1" >&2; exit 1; }
[ $# -eq 1 ] || fail "usage: guest.sh DIRECTORY"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"; out=$(readlink -f "$1")

packages=(
  # the emulated drives, and the way to them
  tgt open-iscsi libopeniscsiusr libisns0 libaio1 libibverbs1 librdmacm1 libnl-route-3-200 libnl-3-200 libsystemd0 libssl3
  libkmod2 libmount1 libblkid1 libselinux1 libpcre2-8-0 libcap2 libgcrypt20 libgpg-error0 liblzma5 libzstd1 liblz4-1
  tcmu-runner libtcmu2 libglib2.0-0 libffi8 libnl-genl-3-200 dbus-daemon libdbus-1-3 libexpat1 libapparmor1 libaudit1
  libcap-ng0 qemu-block-extra libiscsi7
  # other people's burners and tools
  xorriso libisoburn1 libburn4 libisofs6 libjte2 cdrskin growisofs dvd+rw-tools wodim genisoimage libmagic1 sg3-utils
  libsgutils2-1.46-2 libacl1 libbz2-1.0 libtinfo6 libreadline8 findutils util-linux
  # Cedar Backup
  cedar-backup3 python3-chardet python3-importlib-metadata python3-more-itertools python3-zipp
  python3.11-minimal libpython3.11-minimal libpython3.11-stdlib eject
  # the ground they stand on
  libc6 libgcc-s1 libstdc++6 zlib1g busybox-static kmod
)
programs=(
  usr/sbin/tgtd usr/sbin/tgtadm usr/sbin/tgtimg sbin/iscsistart usr/bin/tcmu-runner usr/bin/dbus-daemon
  usr/bin/sg_raw usr/bin/sg_inq usr/bin/sg_get_config usr/bin/sg_start usr/bin/sg_prevent usr/bin/sg_modes
  usr/bin/sg_readcap usr/bin/sg_turs usr/bin/xorriso usr/bin/cdrskin usr/bin/growisofs usr/bin/wodim
  usr/bin/genisoimage usr/bin/isoinfo usr/bin/dvd+rw-mediainfo usr/bin/dvd+rw-format
  # busybox has no flock, and its find no -printf
  usr/bin/find usr/bin/flock
)
programs_cedar=(usr/bin/python3.11 usr/bin/eject usr/bin/cback3)
# Kernel modules of every mode, and those of one each.
modules="sr_mod sg isofs udf nls_utf8 nls_iso8859-1 nls_cp437 nls_ascii crc32c_generic"
modules_loop="iscsi_tcp"
modules_host="virtio_pci virtio_scsi"
modules_iscsi="virtio_pci virtio_scsi"
modules_cd="virtio_pci virtio_scsi"
modules_ram="target_core_user tcm_loop"

# The block module has to be of the same build as the QEMU that loads it.
qemu=$(dpkg-query -W -f='${Version}' qemu-system-x86) || fail "qemu-system-x86 is not installed"
kernel=${RIG_KERNEL_PKG:-$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)}
[ -n "$kernel" ] || fail "apt knows no linux-image-amd64: run apt-get update"
stamp="$(sha256sum <"${BASH_SOURCE[0]}") $qemu $kernel"

exec 9>"$out/lock"
flock 9
[ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
echo "guest.sh: building the guest with $kernel" >&2
new=$out/new
rm -rf "$new" "$out/stamp"; mkdir -p "$new"/{debs,stage,root,host/qemu,host/lib}

fetch() {
  cd "$new/debs"
  apt-get download -q "${packages[@]/%qemu-block-extra/qemu-block-extra=$qemu}" "$kernel" >"$new/fetched" 2>&1 ||
    { cat "$new/fetched" >&2; fail "apt-get download failed; its lists may be old: run apt-get update"; }
  for package in *.deb; do dpkg-deb -x "$package" "$new/stage"; done
}

# An uncompressed kernel boots over PVH. Unpacking it in the guest takes long without hardware virtualisation.
unpack_kernel() {
  python3 - "$1" "$2" <<'PY'
import lzma, struct, sys
image = open(sys.argv[1], "rb").read()
payload, length = struct.unpack_from("<II", image, 0x248)
start = ((image[0x1F1] or 4) + 1) * 512 + payload
open(sys.argv[2], "wb").write(lzma.LZMADecompressor().decompress(image[start:start + length]))
PY
}

# libraries DIRECTORIES PROGRAM...: what ldd names of them, found among the unpacked packages before the host's own.
libraries() {
  local program directories=$1
  shift
  for program; do LD_LIBRARY_PATH=$directories ldd "$stage/$program" 2>/dev/null || true; done |
    sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p;s/^\t\(\/lib64[^ ]*\) .*/\1/p' | sort -u
}

# lay_out_programs ROOT PROGRAM...: they and their libraries.
lay_out_programs() {
  local root=$1 program library
  shift
  mkdir -p "$root"/{bin,lib64,lib/x86_64-linux-gnu}
  for program; do cp --remove-destination "$stage/$program" "$root/bin/"; done
  for library in $(libraries "$search" "$@"); do
    case $library in
      /lib64/*) cp -L "$library" "$root/lib64/";;
      *) cp -L "$library" "$root/lib/x86_64-linux-gnu/";;
    esac
  done
}

lay_out_root() {
  local name
  mkdir -p "$root"/{bin,sbin,lib64,lib/x86_64-linux-gnu,lib/modules,usr/bin,proc,sys,dev,tmp,run,mnt,t/bin,etc/iscsi,root,var}
  ln -s /run "$root/var/run"
  cp "$stage/bin/busybox" "$root/bin/"
  for name in $("$stage/bin/busybox" --list | grep -vx busybox); do ln -s busybox "$root/bin/$name"; done
  lay_out_programs "$root" "${programs[@]}"
  # The user of the backup: no root, and a member of the group that udev gives the drives to.
  printf 'root:x:0:0:root:/root:/bin/sh\nbackup:x:34:34:backup:/tmp:/bin/sh\nguest:x:405:405:guest:/tmp:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\ndisk:x:6:\ncdrom:x:24:backup\nbackup:x:34:\nguest:x:405:\n' >"$root/etc/group"
}

lay_out_modules() {
  local version=$1 mode list module
  ln -s "$stage/bin/kmod" "$new/depmod"; ln -s "$stage/bin/kmod" "$new/modprobe"
  export LD_LIBRARY_PATH=$search
  "$new/depmod" -b "$stage" "$version"
  for mode in '' _loop _host _iscsi _cd _ram; do
    list=modules$mode
    for module in ${!list}; do "$new/modprobe" -d "$stage" -S "$version" --show-depends "$module"; done |
      awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
        cp "$module" "$root/lib/modules/"
        basename "$module" >>"$root/lib/modules/order$mode"
      done
  done
  # tcmu-runner looks for target_core_user with libkmod, and insists on a D-Bus.
  mkdir -p "$root/lib/modules/$version/kernel" "$root/usr/lib/x86_64-linux-gnu/tcmu-runner" "$root/etc/tcmu"
  : >"$root/etc/tcmu/tcmu.conf"
  while read -r module; do ln "$root/lib/modules/$module" "$root/lib/modules/$version/kernel/"; done <"$root/lib/modules/order_ram"
  cp "$stage/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$version/"
  "$new/depmod" -b "$root" "$version"
  unset LD_LIBRARY_PATH
  cp "$stage/usr/lib/x86_64-linux-gnu/tcmu-runner/handler_file_optical.so" "$root/usr/lib/x86_64-linux-gnu/tcmu-runner/"
  cat >"$root/etc/dbus.conf" <<'XML'
<busconfig><type>session</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow own="*"/></policy></busconfig>
XML
}

# Python gets everything compiled: it would take the guest longer than all that it is there for.
lay_out_cedar() {
  local lib=$cedar/usr/lib
  lay_out_programs "$cedar" "${programs_cedar[@]}"
  mkdir -p "$lib" "$cedar/usr/bin" "$cedar/etc"
  cp -r "$stage/usr/lib/python3.11" "$stage/usr/lib/python3" "$lib/"
  (cd "$lib/python3.11" && rm -rf test unittest pydoc_data asyncio lib-dynload/{_codecs_,_test,_ssl,_sqlite,nis,_dbm}*)
  PYTHONHOME=$stage/usr LD_LIBRARY_PATH=$search "$stage/usr/bin/python3.11" -m compileall -q -b -s "$cedar" \
    --invalidation-mode unchecked-hash "$lib" >&2 || fail "Python can't be compiled"
  find "$lib" '(' -name '*.py' -o -name __pycache__ ')' -prune -exec rm -rf '{}' +
  ln -s /bin/python3.11 "$cedar/usr/bin/python3"
  ln -s /proc/mounts "$cedar/etc/mtab"
  # By these names and in these places Cedar Backup and growisofs look for them.
  ln -s /bin/wodim /bin/genisoimage "$cedar/usr/bin/"
  ln -s genisoimage "$cedar/bin/mkisofs"
  # Once part of the package eject, and no more in Debian 12's. It shows the volume identifier in sector 16.
  printf '#!/bin/sh\ndd "if=$1" bs=2048 skip=16 count=1 2>/dev/null | dd bs=1 skip=40 count=32 2>/dev/null\n' >"$cedar/bin/volname"
  chmod 755 "$cedar/bin/volname"
}

lay_out_host() {
  local name library
  cp "$stage/usr/sbin/tgtd" "$stage/usr/sbin/tgtadm" "$new/host/"
  cp "$stage/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so" "$new/host/qemu/"
  for name in libaio libibverbs librdmacm libnl-3 libnl-route-3 libiscsi; do
    for library in "$stage/usr/lib/x86_64-linux-gnu/$name".so* "$stage/lib/x86_64-linux-gnu/$name".so*; do
      [ ! -e "$library" ] || cp -L "$library" "$new/host/lib/"
    done
  done
}

stage=$new/stage root=$new/root cedar=$new/cedar
search=$stage/usr/lib/x86_64-linux-gnu:$stage/lib/x86_64-linux-gnu
fetch
version=$(basename "$(echo "$stage"/lib/modules/*)")
unpack_kernel "$stage/boot/vmlinuz-$version" "$new/vmlinux"
lay_out_root
lay_out_modules "$version"
lay_out_cedar
lay_out_host
pack() { (cd "$1" && find . | cpio -o -H newc -R +0:+0 --quiet); }
pack "$root" >"$new/base.cpio"
pack "$cedar" >"$new/cedar.cpio"

rm -rf "$out/host"
mv "$new"/{vmlinux,base.cpio,cedar.cpio,host} "$out/"
rm -rf "$new"
echo "$stamp" >"$out/stamp"
