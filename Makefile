# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build everything below build/
# make run        install what is missing, build, show the live machine
# make check      install what is missing, build, run every ring of tests
# make bench      the measurements of docs/overhead.md
# make install    into $(DESTDIR)$(PREFIX)
# make module     the optional kernel module; packaging/module.mk has more
#
# Objects and generated files live in $(BUILD) alone.

BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=
SYSCONFDIR ?= /etc
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PYTHONDIR ?= $(PREFIX)/lib/python3/dist-packages

CC = gcc
CLANG ?= clang
# Debian keeps bpftool in sbin, which is not on everybody's PATH.
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)

VERSION := 0.1.0

WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
	    -Wshadow -Wvla -Wno-missing-field-initializers
CPPFLAGS += -I. -I$(BUILD) -D_GNU_SOURCE -DPW_VERSION='"$(VERSION)"'
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 $(WARNINGS) -fno-strict-aliasing -fstack-protector-strong
LDLIBS_CORE := -lm
LDLIBS := -lbpf -ldw -lelf -lsqlite3 -lncursesw -ltinfo -lmicrohttpd -ljansson -lzstd -lz -lsystemd -lm
PREREQ_FLAGS = -MMD -MP

# Each stage is a folder. The core (base, model, analysis) links with nothing
# but libm, and the unit tests that link it alone keep it so.
core_src := $(sort $(wildcard user/base/*.c user/model/*.c user/analysis/*.c))
rest_src := $(sort $(wildcard user/source/*.c user/symbol/*.c user/view/*.c user/inspect/*.c user/store/*.c user/alert/*.c user/daemon/*.c))
cmd_src := $(sort $(wildcard user/cmd/*.c))
core_obj := $(core_src:%.c=$(BUILD)/%.o)
rest_obj := $(rest_src:%.c=$(BUILD)/%.o)
cmd_obj := $(cmd_src:%.c=$(BUILD)/%.o)

# The calibration is an object of its own, because it runs before the ledger loads;
# so are the wipe programs, which load only where they are asked for.
# What the objects share comes first: libbpf's linker gives a wrong offset to a
# variable that it meets as extern before its definition.
wipe_bpf_src := $(sort $(wildcard bpf/wipe*.bpf.c bpf/secret*.bpf.c))
wipe_bpf_src := $(filter bpf/wipe_maps.bpf.c,$(wipe_bpf_src)) $(filter-out bpf/wipe_maps.bpf.c,$(wipe_bpf_src))
bpf_src := bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c bpf/calibrate.bpf.c $(wipe_bpf_src),$(sort $(wildcard bpf/*.bpf.c)))
bpf_obj := $(bpf_src:%.bpf.c=$(BUILD)/%.bpf.o)
wipe_bpf_obj := $(wipe_bpf_src:%.bpf.c=$(BUILD)/%.bpf.o)
skeletons := $(patsubst %,$(BUILD)/bpf/%.skel.h,pagewarden calibrate $(if $(wipe_bpf_src),wipe))

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.DEFAULT_GOAL := all

.PHONY: all
all: $(BUILD)/pagewarden lib

$(BUILD)/pagewarden: $(cmd_obj) $(BUILD)/libpw-rest.a $(BUILD)/libpw-core.a
	@echo "  LINK    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libpw-core.a: $(core_obj)
$(BUILD)/libpw-rest.a: $(rest_obj)
$(BUILD)/%.a:
	@echo "  AR      $@"
	@rm -f $@
	@ar rcs $@ $^

# Skeletons are order-only: after the first build the .d files know who needs them.
# (Not a pattern rule of its own: make prefers the rule that needs no chain to them.)
$(filter $(BUILD)/user/source/%,$(rest_obj)): | $(skeletons)

$(BUILD)/%.o: %.c
	@echo "  CC      $<"
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(PREREQ_FLAGS) -c -o $@ $<

include user/lib/lib.mk

# ---- BPF ---------------------------------------------------------------------

BPF_CFLAGS := -target bpf -D__TARGET_ARCH_x86 -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Werror \
	      -Wno-unused-parameter -Wno-missing-declarations -fno-stack-protector

$(BUILD)/bpf/vmlinux.h: packaging/vmlinux-btf.sh
	@echo "  BTF     $@"
	@mkdir -p $(@D)
	@BPFTOOL=$(BPFTOOL) sh packaging/vmlinux-btf.sh $@

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/bpf/vmlinux.h
	@echo "  BPF     $<"
	@mkdir -p $(@D)
	@$(CLANG) $(BPF_CFLAGS) -I. -Ibpf -isystem $(BUILD)/bpf $(PREREQ_FLAGS) -c -o $@ $<

$(BUILD)/bpf/pagewarden.linked.o: $(bpf_obj)
	@echo "  BPFLINK $@"
	@$(BPFTOOL) gen object $@ $^
$(BUILD)/bpf/wipe.linked.o: $(wipe_bpf_obj)
	@echo "  BPFLINK $@"
	@$(BPFTOOL) gen object $@ $^
$(BUILD)/bpf/calibrate.linked.o: $(BUILD)/bpf/calibrate.bpf.o
	@$(BPFTOOL) gen object $@ $^

# Explicit targets: the pattern rule of user/source would pass over files that only a pattern makes.
$(skeletons): $(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.linked.o
	@echo "  SKEL    $@"
	@$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# ---- what people type --------------------------------------------------------

.PHONY: deps deps-check run
deps:
	@sh packaging/install-deps.sh build
deps-check:
	@sh packaging/install-deps.sh build check

run: deps
	@$(MAKE) --no-print-directory all
	@$(BUILD)/pagewarden top $(ARGS)

.PHONY: clean
clean:
	rm -rf $(BUILD)

include tests/tests.mk
include packaging/install.mk
include packaging/module.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
