# SPDX-License-Identifier: MIT
# Fetching Debian's kernels and busybox for a foreign architecture, unpacked beside the system and never installed. Sourced.
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

guest_fetch() {
    local arch=$1 flavour=$2 meta image
    local dir=$guest_cache/$arch-$flavour
    guest_kernel=$dir/vmlinuz guest_busybox=$guest_cache/$arch-busybox
    [ -e "$guest_kernel" ] && [ -e "$guest_busybox" ] && return
    mkdir -p "$dir/tmp"
    case $flavour in cloud) meta=linux-image-cloud-$arch;; *) meta=linux-image-$arch;; esac
    if [ -z "$(find "$guest_cache/lists-$arch" -maxdepth 1 -name '*Packages*' 2>/dev/null | head -1)" ]; then
        say "fetching the package lists for $arch (about 9 MB, kept in $guest_cache)"
        guest_apt "$arch" apt-get -q update >&2 || guest_no_network "the package lists" "$arch"
    fi
    image=$(guest_apt "$arch" apt-cache depends "$meta" | sed -n 's/^ *Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
    [ -n "$image" ] || { rm -rf "$guest_cache/lists-$arch"; guest_no_network "$meta" "$arch"; }
    say "fetching $image and busybox-static for $arch"
    (cd "$dir/tmp" && guest_apt "$arch" apt-get -q download "$image:$arch" "busybox-static:$arch" >&2) || guest_no_network "$image" "$arch"
    say "unpacking"
    local deb
    for deb in "$dir"/tmp/*.deb; do dpkg -x "$deb" "$dir/tmp/tree"; done
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
