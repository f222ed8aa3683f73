#!/bin/busybox sh
# The first program of the guest: mounts what a shell needs and gives one, again and again.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ PS1='\u@calque:\w\$ ' USER=root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
hostname calque
for word in $(cat /proc/cmdline); do
    case $word in calque.run=*) eval "$(echo "${word#calque.run=}" | tr '+' ' ')";; esac
done
echo
echo "This is Linux $(uname -r) on $(uname -m). 'poweroff -f' ends it, and so does Ctrl-A x."
while :; do
    setsid cttyhack sh -l
done
