# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rings of tests. A test is one C file (tests/RING/test_NAME.c) or one
# script (tests/RING/test_NAME.sh). Unit tests link the core alone, so that a
# stage that grows a dependency fails to link here; a file whose first comment
# says "links: rest" gets the whole program, and one that says "links:
# libpagewarden" gets the library and nothing of the program; "links: corpus"
# adds the series with a known truth to the core.

test_cppflags := -Itests
corpus_a := $(BUILD)/tests/corpus/libcorpus.a
links_lib = $(shell head -n 5 $(1) | grep -l 'links: libpagewarden')
link_of = $(if $(call links_lib,$(1)),$(lib_a),$(call link_of_corpus,$(1)) $(call link_of_stages,$(1)))
link_of_corpus = $(if $(shell head -n 5 $(1) | grep -l 'links: corpus'),$(corpus_a))
link_of_stages = $(if $(shell head -n 5 $(1) | grep -l 'links: rest'),$(BUILD)/libpw-rest.a) $(BUILD)/libpw-core.a
libs_of = -lcmocka $(if $(shell head -n 5 $(1) | grep -l 'links: rest'),$(LDLIBS),$(LDLIBS_CORE))

unit_tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))
ring_tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard $(foreach r,replay live fuzz,tests/$(r)/test_*.c))))
bench_tools := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))
probes := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/lib/*_probe.c tests/tools/*.c tests/replay/make_*.c)))
programs := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/programs/*.c)))

$(BUILD)/tests/%.o: CPPFLAGS += $(test_cppflags)

$(unit_tests) $(ring_tests): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libpw-rest.a $(BUILD)/libpw-core.a $(lib_a) $(corpus_a)
	@echo "  TEST    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call link_of,$*.c) $(call libs_of,$*.c)

# Programs with a known truth, watched by the live tests. Static where they
# run in a minimal VM.
$(programs): $(BUILD)/%: %.c
	@echo "  PROGRAM $@"
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(PREREQ_FLAGS) -pthread $(LDFLAGS) -o $@ $<
$(BUILD)/tests/programs/%_static: LDFLAGS += -static

# Tools of the harness: they may use everything.
$(bench_tools) $(probes): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libpw-rest.a $(BUILD)/libpw-core.a
	@echo "  TOOL    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The module's tests run in guests that have little beside them: static, with a
# TAP of their own (cmocka has no static library).
module_tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/module/test_*.c)))
module_parts := $(patsubst %.c,$(BUILD)/%.o,$(sort $(filter-out tests/module/test_%,$(wildcard tests/module/*.c))))

$(module_tests): $(BUILD)/%: $(BUILD)/%.o $(module_parts) $(lib_a)
	@echo "  TEST    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ -pthread

include tests/corpus/corpus.mk
include tests/fuzz/fuzz.mk

.PHONY: tests
tests: $(unit_tests) $(ring_tests) $(module_tests) $(programs) $(probes)

# ---- what people type --------------------------------------------------------

# FILTER=text runs only the test files whose name contains it.
FILTER ?=
parallel := -j$(shell nproc)

.PHONY: check check-deps soak bench
check-deps:
	@sh packaging/install-deps.sh check

check: check-deps
	@$(MAKE) --no-print-directory $(parallel) all tests
	@BUILD=$(BUILD) tests/run $(FILTER)

rings := unit replay live vm fuzz static build
.PHONY: $(rings:%=check-%)
$(rings:%=check-%): check-%: check-deps
	@$(MAKE) --no-print-directory $(parallel) all tests
	@BUILD=$(BUILD) RINGS=$* tests/run $(FILTER)

# The module's tests on kernels that check themselves: builds those first, half an hour each time
# that they have changed, and then takes most of another. Not part of check.
.PHONY: check-debug-kernel
check-debug-kernel: check-deps
	@$(MAKE) --no-print-directory $(parallel) all tests
	@BUILD=$(BUILD) RINGS=debug tests/run $(FILTER)

# What analyses the module's sources and is not quick; check-static has what is.
.PHONY: check-module-static
check-module-static: check-deps
	@BUILD=$(BUILD) RINGS=analysis tests/run $(FILTER)

# The JSON schemas derive from the columns; after a change of those: make schemas.
.PHONY: schemas
schemas: $(BUILD)/tests/tools/schema
	@mkdir -p docs/schema
	@$< docs/schema

.PHONY: format
format:
	@git ls-files -- '*.c' '*.h' | xargs clang-format -i

# Hours of churn with everything on; MINUTES=, default 60.
soak: check-deps
	@$(MAKE) --no-print-directory $(parallel) all tests
	@BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 tests/bench/soak $(MINUTES)
	@BUILD=$(BUILD) RINGS=fuzz FUZZ_SECONDS=300 tests/run

bench: check-deps
	@$(MAKE) --no-print-directory $(parallel) all tests $(bench_tools)
	@BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 tests/bench/run $(ARGS)
