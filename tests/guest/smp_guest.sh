# SPDX-License-Identifier: MIT
# What smp_test.py has a guest do: smp_guest.sh CASE [ARGUMENT...]. Each result is a line "smp: NAME VALUE"; then the guest powers off.

cpus=/sys/devices/system/cpu

say() { echo "smp: $*"; }

topology() {
    cd $cpus || return
    for n in core_id physical_package_id thread_siblings_list cluster_cpus_list package_cpus_list die_id; do
        for file in cpu*/topology/$n; do [ -e "$file" ] && say "${file%%/*}.$n" "$(cat "$file")"; done
    done
    for file in cpu*/cache/index[23]/shared_cpu_list; do say "${file%%/*}.$(cat "${file%/*}/level")" "$(cat "$file")"; done
}

# Work for every CPU but the one that comes and goes: computing, system calls, forks and pipes, page faults.
load() {
    i=0
    while [ $i -lt "$1" ]; do
        (while :; do :; done) &
        (while :; do echo "$i" | cat >/dev/null; done) &
        i=$((i + 1))
    done
}

# hotplug ROUNDS: each CPU but the first goes off and on in turn, under load, and works when it is back.
hotplug() {
    load 2
    n=$(grep -c ^processor /proc/cpuinfo)
    round=0
    while [ $round -lt "$1" ]; do
        c=$((round % (n - 1) + 1))
        echo 0 > $cpus/cpu$c/online || { say failed "cpu$c stays on in round $round"; return; }
        [ "$(cat $cpus/cpu$c/online)" = 0 ] && [ "$(grep -c ^processor /proc/cpuinfo)" = $((n - 1)) ] || say failed "cpu$c is not off"
        echo 1 > $cpus/cpu$c/online || { say failed "cpu$c stays off in round $round"; return; }
        where=$(taskset $((1 << c)) sh -c 'set -- $(cat /proc/self/stat); echo ${39}')
        [ "$where" = $c ] || say failed "a program for cpu$c ran on $where"
        round=$((round + 1))
    done
    say rounds $round
    kill $(jobs -p)
}

# All at once, each on its CPU; then a look at what the kernel thinks of it.
everywhere() {
    n=$(grep -c ^processor /proc/cpuinfo)
    i=0
    while [ $i -lt "$n" ]; do
        (taskset -p $(printf %x $((1 << i))) $$ >/dev/null 2>&1; dd if=/dev/zero bs=64k count=16 2>/dev/null | sha256sum > /tmp/sum$i) &
        i=$((i + 1))
    done
    wait
    say cpus "$n"
    say same $(cat /tmp/sum* | sort -u | grep -c .)
}

idle() {
    sleep 3 # the last of the boot's own work
    say idle begins
    sleep 12
    say idle ends
}

case_name=$1
shift
"$case_name" "$@"
say complaints "$(dmesg | grep -c -i -e 'soft lockup' -e 'hard lockup' -e 'rcu.*stall' -e 'blocked for more than' -e 'unstable' -e 'BUG:' -e 'Oops:' -e 'failed to come' -e 'may not have shut down')"
dmesg | grep -i -e lockup -e stall -e 'blocked for' -e unstable -e BUG: -e Oops: -e 'failed to come' -e 'may not have'
say ends
poweroff -f
