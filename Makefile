# Rollbook. `make demo` and `make test` do all the set-up themselves. `make help` lists the rest.
# Recipes say what they do; the work is in cargo and in the programs it builds.

ARGS    ?=
CARGO   ?= cargo
TARGET  := $(or $(CARGO_TARGET_DIR),target)
# A display, unless ARGS says --no-window: then the kiosk is built with its window, and Slint with it.
DISPLAYED := $(if $(findstring --no-window,$(ARGS)),,$(DISPLAY)$(WAYLAND_DISPLAY))
SCREENS   := rollbook-kiosk/ui-tests,rollbook-tests/bench
# The simulator's seams are in no program that is shipped: what is built with them is built beside the others.
SIMULATED := --workspace --features $(SCREENS),rollbook-tests/sim
WINDOW    := $(if $(DISPLAYED),--features rollbook-kiosk/window)

BASIC   := gcc:build-essential pkg-config:pkg-config
SCREEN  := lib:libfontconfig-dev lib:libxkbcommon-x11-0
BROWSER := chromium:chromium chromedriver:chromium-driver
WEB     := npm:npm
BACKUP  := restic:restic

.PHONY: help demo test lint check-toolchain assets bench bench-kiosk shots soak-monkey soak-kill run-server soak replay clean

help:
	@echo "make demo    build, make a sample school, play a school day   (ARGS=\"--once --speed 600 --no-window\")"
	@echo "make test    everything that must hold before a change lands"
	@echo "make bench   the figures of docs/PERFORMANCE.md (make bench-kiosk: those of the kiosk's window alone, and its week)"
	@echo "make test-sim  the simulator's 300 school days and its deliberate bugs"
	@echo "make soak    MINUTES=60: the simulator, as many school days under faults as fit"
	@echo "make replay  SEED=17: one seed of the simulator, with what happened"
	@echo "make shots   pictures of every kiosk screen in every look and size, in target/shots"
	@echo "make soak-monkey  100,000 random taps on the kiosk's window   (STEPS=… SEED=…)"
	@echo "make soak-kill N=500  the two programs under kill -9, so often; a seed that fails goes into power_cut.rs"
	@echo "make soak-moments N=500  a register's disk after a power cut at so many moments of it   (root)"
	@echo "make assets  the font, htmx and axe-core, by lock file"
	@echo "make fuzz    each fuzz target for MINUTES=10; see fuzz/README.md"
	@echo "make deb     the packages, amd64 and arm64, in target/deb   (make deb-check: each goes into a Debian and out again)"
	@echo "make image   the card's image for a Raspberry Pi, in target/image   (root; make image-test: it in an emulated machine, about an hour)"
	@echo "make lint    formatting and clippy alone"

check-toolchain:
	@command -v $(CARGO) >/dev/null || { echo "Rollbook needs a Rust toolchain (1.95 or newer): https://rustup.rs"; exit 1; }

assets: assets/node_modules/.package-lock.json
assets/node_modules/.package-lock.json: assets/package-lock.json
	@deploy/need $(WEB)
	cd assets && npm ci --no-audit --no-fund --silent
	@touch $@

demo: check-toolchain assets
	@deploy/need $(BASIC) $(if $(DISPLAYED),$(SCREEN))
	$(CARGO) build --workspace $(WINDOW)
	@"$(TARGET)/debug/rollbook-demo" $(ARGS)

test: check-toolchain assets
	@deploy/need $(BASIC) $(SCREEN) $(BROWSER) Xvfb:xvfb xdotool:xdotool $(BACKUP)
	$(MAKE) --no-print-directory lint
	$(CARGO) build --workspace --all-targets --features $(SCREENS)
	$(CARGO) test --workspace --features $(SCREENS)
	$(CARGO) test $(SIMULATED) --test trusted_time --test sim

# The simulator's 300 seeds, the seeds that failed, its deliberate bugs: a part of make test.
.PHONY: test-sim
test-sim: check-toolchain assets
	$(CARGO) test $(SIMULATED) --test sim

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --quiet $(SIMULATED) --all-targets -- -D warnings

bench bench-kiosk: check-toolchain assets
	@deploy/need $(BASIC) $(SCREEN) $(BROWSER) Xvfb:xvfb
	$(CARGO) build --release -p rollbook-kiosk -p rollbook-server -p rollbook-tests --bin rollbook-kiosk \
	    --bin rollbook-server --bin rollbook-bench --features rollbook-kiosk/window,rollbook-tests/bench
	@mkdir -p "$(TARGET)"
	@"$(TARGET)/release/rollbook-bench" --within "$(TARGET)" --write docs/PERFORMANCE.md \
	    $(if $(filter bench-kiosk,$@),--no-server --no-pages --week) $(ARGS)

MINUTES ?= 10
.PHONY: fuzz fuzz-keep
fuzz: check-toolchain
	@deploy/need $(BASIC) g++:g++
	@deploy/fuzz $(MINUTES)
fuzz-keep: check-toolchain
	@deploy/fuzz keep

# Every kiosk screen in every look and size, and a sheet of each look.
shots: check-toolchain assets
	@deploy/need $(BASIC) $(SCREEN)
	ROLLBOOK_SHOTS=all $(CARGO) test -p rollbook-kiosk --features ui-tests --test shots
	@echo "target/shots: sheet_light.png, sheet_dark.png, sheet_contrast.png, the same with large text, and each picture"

# The monkey of the tests, for as long as it takes.
soak-monkey: check-toolchain assets
	@deploy/need $(BASIC) $(SCREEN)
	ROLLBOOK_MONKEY=$(or $(STEPS),100000):$(or $(SEED),7) $(CARGO) test --release -p rollbook-kiosk --features ui-tests --test monkey -- --nocapture

N ?= 500
soak-kill: check-toolchain
	@deploy/need $(BASIC)
	$(CARGO) build --workspace
	ROLLBOOK_KILLS=$(N) $(CARGO) test -p rollbook-tests --test power_cut hundreds -- --nocapture

# A register whose every write is recorded, and its disk as after a cut at so many moments. Needs root and qemu-storage-daemon.
.PHONY: soak-moments
soak-moments: check-toolchain
	@deploy/need $(BASIC) qemu-storage-daemon:qemu-utils e2fsck:e2fsprogs
	$(CARGO) build --workspace
	ROLLBOOK_MOMENTS=$(N) $(CARGO) test -p rollbook-tests --test moments -- --nocapture

SOAK    := $(CARGO) build --release -p rollbook-tests --bin rollbook-sim --features rollbook-tests/sim
soak: check-toolchain
	@deploy/need $(BASIC)
	$(SOAK)
	@"$(TARGET)/release/rollbook-sim" soak --minutes $(MINUTES) --record docs/soak.csv $(ARGS)

replay: check-toolchain
	@deploy/need $(BASIC)
	$(CARGO) build $(SIMULATED) --bin rollbook-sim
	@"$(TARGET)/debug/rollbook-sim" replay $(SEED) $(ARGS)

clean:
	$(CARGO) clean
	rm -rf assets/node_modules

# Adds the sums of new migrations and golden files to tests/frozen.txt. It never changes a line that is there.
.PHONY: freeze
freeze:
	@for f in $$(git ls-files --cached --others --exclude-standard '*/migrations/*.sql' 'shared/golden/*.json'); do \
	    grep -q "  $$f$$" tests/frozen.txt || sha256sum $$f >> tests/frozen.txt; done; sort -k2 -o tests/frozen.txt tests/frozen.txt

# The packages, for amd64 and arm64, in target/deb. DEB=amd64 or DEB=arm64 makes one of them. See docs/KIOSK.md.
DEB    ?= amd64 arm64
ARM    := $(TARGET)/arm64
SHIPPED := --release -p rollbook-kiosk -p rollbook-server --features rollbook-kiosk/window,rollbook-kiosk/linuxkms,rollbook-kiosk/gpio
CROSS  := mmdebstrap:mmdebstrap aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu aarch64-linux-gnu-g++:g++-aarch64-linux-gnu \
          qemu-aarch64-static:qemu-user-static arch-test:arch-test
.PHONY: deb deb-check pages $(DEB:%=deb-%)
deb: $(DEB:%=deb-%)
pages: check-toolchain
	@deploy/need $(BASIC)
	$(CARGO) run --quiet -p rollbook-tests --bin rollbook-pages --features pages -- "$(TARGET)/pages"
deb-amd64: pages
	@deploy/need $(BASIC) $(SCREEN) lib:libinput-dev lib:libudev-dev lib:libxkbcommon-dev
	$(CARGO) build $(SHIPPED)
	@for p in rollbook-kiosk rollbook-server; do \
	    deploy/deb/build $$p amd64 "$(TARGET)/release/$$p" "$(TARGET)/pages" "$(TARGET)/deb" || exit 1; done
deb-arm64: pages
	@deploy/need $(BASIC) $(CROSS)
	deploy/arm64 sysroot "$(ARM)/sysroot"
	CARGO_TARGET_DIR="$(ARM)" deploy/arm64 cargo "$(ARM)/sysroot" build $(SHIPPED)
	@for p in rollbook-kiosk rollbook-server; do \
	    deploy/deb/build $$p arm64 "$(ARM)/aarch64-unknown-linux-gnu/release/$$p" "$(TARGET)/pages" "$(TARGET)/deb" || exit 1; done

# Each package goes into a Debian and out of it again. Needs root.
deb-check: deb
	@deploy/need $(CROSS)
	@for arch in $(DEB); do for p in rollbook-kiosk rollbook-server; do \
	    if [ $$arch = arm64 ]; then bin="$(ARM)/aarch64-unknown-linux-gnu/release/$$p"; else bin="$(TARGET)/release/$$p"; fi; \
	    VERSION=999 deploy/deb/build $$p $$arch "$$bin" "$(TARGET)/pages" "$(TARGET)/deb/check" >/dev/null && \
	    deploy/deb/check "$(TARGET)/deb/$${p}_"[0-9]*"_$$arch.deb" "$(TARGET)/deb/check/$${p}_999_$$arch.deb" || exit 1; done; done

# The card's image for a Raspberry Pi, in target/image. Needs root (chroot, qemu-user). See docs/KIOSK.md.
IMAGE  := $(TARGET)/image
.PHONY: image image-test
image: DEB = arm64
image: deb-arm64
	@deploy/need $(CROSS) mksquashfs:squashfs-tools mcopy:mtools mkfs.vfat:dosfstools sfdisk:fdisk mke2fs:e2fsprogs xz:xz-utils
	deploy/image/build "$$(deploy/image/root "$(IMAGE)")" "$$(ls -t "$(TARGET)"/deb/rollbook-kiosk_*_arm64.deb | head -1)" "$(IMAGE)"

# The image in an emulated machine, against a real server; pictures in target/image-test/pictures. About an hour on two idle cores.
# ARGS="--only moments": the power cut at 500 moments of a register whose every write was recorded.
image-test: check-toolchain
	@deploy/need $(BASIC) qemu-system-aarch64:qemu-system-arm qemu-img:qemu-utils mcopy:mtools e2fsck:e2fsprogs fdtput:device-tree-compiler
	@test -e "$(IMAGE)/rollbook-kiosk.img" || { echo "make image comes first"; exit 1; }
	$(CARGO) build -p rollbook-server -p rollbook-kiosk -p rollbook-tests --bins
	@"$(TARGET)/debug/rollbook-image-test" "$(IMAGE)/rollbook-kiosk.img" "$(TARGET)/image-test" $(ARGS)
