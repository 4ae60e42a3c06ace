# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rings of tests. A test is one C file (tests/RING/test_NAME.c) or one
# script (tests/RING/test_NAME.sh). Unit tests link the core alone, so that a
# stage that grows a dependency fails to link here; a file whose first comment
# says "links: rest" gets the whole program.

test_cppflags := -Itests
link_of = $(if $(shell head -n 5 $(1) | grep -l 'links: rest'),$(BUILD)/libpw-rest.a) $(BUILD)/libpw-core.a
libs_of = -lcmocka $(if $(shell head -n 5 $(1) | grep -l 'links: rest'),$(LDLIBS),$(LDLIBS_CORE))

unit_tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/unit/test_*.c)))
live_tests := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/live/test_*.c)))
programs := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/programs/*.c)))

$(BUILD)/tests/%.o: CPPFLAGS += $(test_cppflags)

$(unit_tests) $(live_tests): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libpw-rest.a $(BUILD)/libpw-core.a
	@echo "  TEST    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call link_of,$*.c) $(call libs_of,$*.c)

# Programs with a known truth, watched by the live tests. Static where they
# run in a minimal VM.
$(programs): $(BUILD)/%: %.c
	@echo "  PROGRAM $@"
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(PREREQ_FLAGS) -pthread -o $@ $<

.PHONY: tests
tests: $(unit_tests) $(live_tests) $(programs)
