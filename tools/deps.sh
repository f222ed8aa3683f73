# SPDX-License-Identifier: MIT
# Every Debian package that calque needs, by purpose, and how they are installed. Sourced by ../boot and ../check.

packages_build=(gcc libc6-dev meson ninja-build pkg-config python3 libglib2.0-dev libcapstone-dev libffi-dev liburcu-dev libfdt-dev zlib1g-dev)
packages_boot=(dpkg seabios ovmf)
packages_test=(binutils gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user device-tree-compiler acpica-tools grub-common grub-pc-bin xorriso mtools memtest86+ grub-efi-amd64-bin)
packages_long=(clang)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else die "this needs root: run it as root, or install sudo"; fi
}

# install_packages NAME... : installs those that are missing.
install_packages() {
    local missing=() p
    for p in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
    done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null || die "apt-get is not here; install by hand: ${missing[*]}"
    say "installing ${missing[*]}"
    as_root apt-get -qq update || die "apt-get update failed (no network?). Install by hand: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install: ${missing[*]}"
}
