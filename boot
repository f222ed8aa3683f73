#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boots an unmodified Debian kernel to a shell: installs what is missing, builds calque, fetches the guest, runs it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tools/deps.sh
. tools/guest.sh

usage() {
    cat <<'TEXT'
usage: ./boot [GUEST] [options] [-- EMULATOR OPTIONS]

  GUEST                arm64 (default) or amd64
  --generic            Debian's generic kernel instead of its cloud kernel
  --kernel FILE        a kernel of your own instead of Debian's
  --busybox FILE       a static busybox for the guest, with --kernel
  --initrd FILE        an initial file system of your own
  --smp N, --memory M  vCPUs (1) and memory (1G)
  --prepare            do everything but run it; prints the command

For example: ./boot amd64 --smp 4 -- -M pc
TEXT
}

guest=arm64 flavour=cloud kernel= busybox= initrd= smp=1 memory=1G prepare= extra=()
while [ $# -gt 0 ]; do
    case $1 in
    --kernel|--busybox|--initrd|--smp|--memory) [ $# -gt 1 ] || die "$1 needs a value; ./boot --help tells more";;
    esac
    case $1 in
    arm64|amd64) guest=$1;;
    --generic) flavour=generic;;
    --kernel) kernel=$2; shift;;
    --busybox) busybox=$2; shift;;
    --initrd) initrd=$2; shift;;
    --smp) smp=$2; shift;;
    --memory) memory=$2; shift;;
    --prepare) prepare=1;;
    --) shift; extra=("$@"); break;;
    -h|--help) usage; exit 0;;
    *) usage >&2; die "unknown argument '$1'";;
    esac
    shift
done

install_packages "${packages_build[@]}" "${packages_boot[@]}"
[ -e build/build.ninja ] || { say "configuring the build"; meson setup build >build.log 2>&1 || { cat build.log; die "meson setup failed"; }; rm -f build.log; }
if ! ninja -C build -n calque-system-x86_64 2>/dev/null | grep -q 'no work to do'; then
    say "building calque (a minute the first time)"
    ninja -C build --quiet calque-system-x86_64 >&2 || die "the build failed"
fi
for file in "$kernel" "$busybox" "$initrd"; do
    [ -z "$file" ] || [ -r "$file" ] || die "$file cannot be read"
done

if [ -z "$kernel" ]; then
    guest_fetch "$guest" "$flavour"
    kernel=$guest_kernel busybox=${busybox:-$guest_busybox}
fi
if [ -z "$initrd" ]; then
    [ -n "$busybox" ] || die "--kernel needs --busybox FILE or --initrd FILE as well"
    mkdir -p "$guest_cache"
    initrd=$guest_cache/$guest-initrd.gz
    guest_initrd "$busybox" "$initrd"
fi

case $guest in
arm64) program=calque-system-aarch64 machine=virt console=ttyAMA0;;
amd64) program=calque-system-x86_64 machine=q35 console=ttyS0;;
esac
command=("build/$program" -M "$machine" -cpu max -smp "$smp" -m "$memory" -nographic -kernel "$kernel" -initrd "$initrd"
    -append "console=$console" "${extra[@]}")
if [ -n "$prepare" ]; then
    printf '%q ' "${command[@]}"; echo
    exit 0
fi
say "booting; Ctrl-A h for help, Ctrl-A x to quit"
exec "${command[@]}"
