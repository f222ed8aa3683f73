# SPDX-License-Identifier: MIT
# Fetching Debian's kernels, busybox and stress-ng for a foreign architecture, unpacked beside the system and never installed. Sourced.
#
#   guest_fetch ARCH FLAVOUR   sets guest_kernel and guest_busybox; FLAVOUR: cloud or generic

guest_cache=${CALQUE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/calque}

# apt with lists of its own for ARCH.
guest_apt() {
    local arch=$1 tool=$2; shift 2
    local lists=$guest_cache/lists-$arch
    mkdir -p "$lists/partial"
    "$tool" -oAPT::Architecture="$arch" -oAPT::Architectures="$arch" -oDir::State::Lists="$lists" -oDir::State::status=/dev/null \
        -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Sandbox::User=root "$@"
}

guest_no_network() {
    die "could not fetch $1 (no network?). Give a kernel by hand: ./boot --kernel VMLINUZ --busybox STATIC_BUSYBOX, both for $2"
}

guest_lists() {
    [ -z "$(find "$guest_cache/lists-$1" -maxdepth 1 -name '*Packages*' 2>/dev/null | head -1)" ] || return 0
    say "fetching the package lists for $1 (about 9 MB, kept in $guest_cache)"
    guest_apt "$1" apt-get -q update >&2 || guest_no_network "the package lists" "$1"
}

# guest_unpack ARCH DIR PACKAGE... : into DIR/tree.
guest_unpack() {
    local arch=$1 dir=$2 deb; shift 2
    say "fetching $1 and what belongs to it for $arch"
    mkdir -p "$dir"
    (cd "$dir" && guest_apt "$arch" apt-get -q download "${@/%/:$arch}" >&2) || guest_no_network "$1" "$arch"
    for deb in "$dir"/*.deb; do dpkg -x "$deb" "$dir/tree"; done
}

guest_fetch() {
    local arch=$1 flavour=$2 meta image
    local dir=$guest_cache/$arch-$flavour
    guest_kernel=$dir/vmlinuz guest_busybox=$guest_cache/$arch-busybox
    [ -e "$guest_kernel" ] && [ -e "$guest_busybox" ] && return
    case $flavour in cloud) meta=linux-image-cloud-$arch;; *) meta=linux-image-$arch;; esac
    guest_lists "$arch"
    image=$(guest_apt "$arch" apt-cache depends "$meta" | sed -n 's/^ *Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
    [ -n "$image" ] || { rm -rf "$guest_cache/lists-$arch"; guest_no_network "$meta" "$arch"; }
    guest_unpack "$arch" "$dir/tmp" "$image" busybox-static
    cp "$(find "$dir/tmp/tree" -path "*/bin/busybox" -type f | head -1)" "$guest_busybox"
    cp "$(find "$dir/tmp/tree/boot" -name 'vmlinuz-*' | head -1)" "$guest_kernel.new"
    mv "$guest_kernel.new" "$guest_kernel"
    rm -rf "$dir/tmp"
}

# guest_grub_iso KERNEL INITRD OUT: a CD (and disk) that GRUB boots from, by BIOS and by UEFI, with its menu on the serial port.
guest_grub_iso() {
    [ "$3" -nt "$1" ] && [ "$3" -nt "$2" ] && [ "$3" -nt tools/guest.sh ] && return
    say "making a bootable image"
    local tree=$3.tree
    mkdir -p "$tree/boot/grub"
    cp "$1" "$tree/boot/vmlinuz" && cp "$2" "$tree/boot/initrd.gz"
    cat > "$tree/boot/grub/grub.cfg" <<'CFG'
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=1
menuentry "linux" {
    linux /boot/vmlinuz console=ttyS0
    initrd /boot/initrd.gz
}
CFG
    grub-mkrescue -o "$3.new" "$tree" >/dev/null 2>&1 || die "grub-mkrescue failed"
    mv "$3.new" "$3"
    rm -rf "$tree"
}

# guest_initrd BUSYBOX OUT: an initial file system with a shell, made anew when older than its parts.
guest_initrd() {
    [ "$2" -nt "$1" ] && [ "$2" -nt tools/make-initrd.py ] && [ "$2" -nt tools/init.sh ] && return
    say "making the initial file system"
    python3 tools/make-initrd.py --busybox "$1" --init tools/init.sh -o "$2"
}

# stress-ng and the packages of the libraries that it links with, and these with: not all that they depend on.
guest_stress_packages=(stress-ng libc6 libgcc-s1 libapparmor1 libbsd0 libmd0 libcrypt1 libegl1 libgbm1 libgles2 libglvnd0 libdrm2 libexpat1 libwayland-server0
    libffi8 libjpeg62-turbo libjudydebian1 libkmod2 libzstd1 liblzma5 libssl3 libsctp1 libxxhash0 zlib1g)

# guest_stress_initrd ARCH BUSYBOX OUT: the initial file system with stress-ng.
guest_stress_initrd() {
    [ "$3" -nt "$2" ] && [ "$3" -nt tools/make-initrd.py ] && [ "$3" -nt tools/init.sh ] && return
    local dir=$guest_cache/$1-stress packages=("${guest_stress_packages[@]}")
    [ "$1" != amd64 ] || packages+=(libipsec-mb1)
    if ! [ -e "$dir/tree/usr/bin/stress-ng" ]; then
        rm -rf "$dir" "$dir.new"
        guest_lists "$1"
        guest_unpack "$1" "$dir.new" "${packages[@]}"
        rm "$dir.new"/*.deb
        mv "$dir.new" "$dir"
    fi
    python3 tools/make-initrd.py --busybox "$2" --init tools/init.sh --program "$dir/tree/usr/bin/stress-ng" --tree "$dir/tree" -o "$3"
}
