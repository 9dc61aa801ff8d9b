# SPDX-License-Identifier: GPL-2.0
#
# pma, out of tree (Kbuild itself is told by the file Kbuild): `make help`.
# scripts/setup brings what these targets need.

# The newest stock Debian kernel of this series, or any kernel's build tree:
#	make KDIR=/lib/modules/$(uname -r)/build
KERNEL ?= 6.12
KDIR ?=

BUILD := $(CURDIR)/build

# As many jobs as CPUs, unless told otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory

.PHONY: all module module-% tools test-tools install run test kunit guest-test \
	host-test check soak bench clean help

all: module tools

module: $(if $(KDIR),module-kdir,module-$(KERNEL))

# Each kernel has a directory of its own below build/, of links to the sources:
# Kbuild writes next to what it compiles. The KUnit suites are for the kernel
# that has KUnit.
module-%:
	@scripts/link-sources $(BUILD)/$*
	@kdir=$(if $(KDIR),"$(KDIR)",$$(scripts/kernel kdir $*)) && \
	$(MAKE) -C "$$kdir" M=$(BUILD)/$* \
		$(if $(filter debug,$*),CONFIG_PMA_KUNIT_TEST=m) modules

tools:
	@$(MAKE) -C tools BUILD=$(BUILD)/tools \
		$(BUILD)/tools/pmactl $(BUILD)/tools/pmactl-static \
		$(BUILD)/tools/libpma-malloc.so

# With the device's test as a 64- and as a 32-bit program.
test-tools:
	@$(MAKE) -C tools BUILD=$(BUILD)/tools all
	@$(MAKE) -C examples/frames BUILD=$(BUILD)/examples

# The tools and libraries; the module is not: insmod build/KERNEL/pma.ko.
install:
	@$(MAKE) -C tools BUILD=$(BUILD)/tools install

run:
	@$(MAKE) -s module-6.12 tools
	@scripts/demo 6.12

test:
	@+scripts/lanes

# One suite: make kunit SUITE=pma_slab; its seed: ARGS=seed=1
kunit:
	@+scripts/lanes kunit

guest-test:
	@+scripts/lanes debug stock-6.12 stock-6.1 demo-6.12 demo-6.1

host-test:
	@+scripts/lanes host

# For hours, if they are there: make soak MINUTES=600
soak:
	@+scripts/soak $(MINUTES)

check:
	@+scripts/check

# Beside its peers: make bench [LANE=icount] [CASES='pair-*'] [TRACES=DIRECTORY]
bench:
	@+bench/run $(LANE)

clean:
	rm -rf $(BUILD)

help:
	@echo '  all         the module for Debian $(KERNEL) (KERNEL=6.1|debug, KDIR=...) and the tools'
	@echo '  install     tools, libraries, man pages [PREFIX=/usr/local] [DESTDIR=]'
	@echo '  run         boot Debian 6.12 in QEMU and play the demo'
	@echo '  test        every lane below, and their sum'
	@echo '  kunit       the KUnit suites on the debug kernel [SUITE=pma_slab] [ARGS=seed=1]'
	@echo '  guest-test  device, tools and demo on the debug kernel and Debian 6.12 and 6.1'
	@echo '  host-test   the engines as a process, under ASan and UBSan'
	@echo '  soak        all at full scale, then random tests [MINUTES=60]'
	@echo '  check       checkpatch, sparse, kernel-doc, the include ladder'
	@echo '  bench       pma beside its peers, in numbers [LANE=icount] (see bench/run)'
	@echo '  clean       remove build/ (kernels stay in the cache)'
	@echo 'W=1 shows more warnings; ACCEL=kvm|tcg chooses how QEMU runs.'
