#!/bin/bash
# Runs as init of the User Mode Linux that mount.sh boots: IMGOPTS, OUT, MNT, DIGEST and SCRIPT come with the kernel's command
# line, the root file system is the host's.
mount -t proc proc /proc
for word in $(cat /proc/cmdline); do
  case $word in IMGOPTS=*|OUT=*|MNT=*|DIGEST=*|SCRIPT=*) export "${word?}";; esac
done
exec >"$OUT.log" 2>&1
kernel=$(uname -r)
echo "kernel $kernel, options $IMGOPTS"

# UML's modules lie where no insmod looks, and not every host has one: finit_module(2) is system call 313 on x86-64.
for name in cdrom isofs; do
  module=$(find "/usr/lib/uml/modules/$kernel" -name "$name.ko*" | head -n 1)
  perl -e 'open my $f, "<", $ARGV[0] or die "$ARGV[0]: $!\n"; my $none = "";
    syscall(313, fileno $f, $none, 0) == 0 or $!{EEXIST} or die "$ARGV[0]: $!\n"' "$module"
done

if mount -t iso9660 -o "$IMGOPTS" /dev/ubda "$MNT"; then
  echo MOUNTED
  grep iso9660 /proc/mounts
  if [ -n "$SCRIPT" ]; then
    cd "$MNT" && bash "$SCRIPT" >"$OUT.script" && echo COMPLETE
  else
    cd "$MNT" &&
      # What can't be looked at is missing in the list, which its reader will notice; find's status says no more.
      { find . -mindepth 1 -printf '%y\t%m\t%U\t%G\t%s\t%T@\t%n\t%i\t%P\0%l\0' >"$OUT.find"; true; } &&
      { find . \( -type b -o -type c \) -exec stat --printf '%t %T %n\0' -- {} + >"$OUT.devices"; true; } &&
      { [ -z "$DIGEST" ] || find . -type f -print0 | xargs -0r "${DIGEST}sum" -z -- >"$OUT.$DIGEST"; } &&
      echo COMPLETE
  fi
  cd /
  umount "$MNT"
fi
dmesg | grep -iE 'isofs|iso9660|rock|ISO 9660' | tail -n 20
sync
echo o >/proc/sysrq-trigger
sleep 10 # power-off comes from another thread; an init that ends before it is a panic
