# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzers: each tests/fuzz/fuzz_NAME.c feeds hostile bytes to the program's own
# code, built anew by clang with the fuzzer and the sanitizers. Where clang has
# no such runtime nothing is built, and tests/fuzz/test_fuzz.sh says so.

fuzzers := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
# The BPF source stays out: its input is the kernel's.
fuzz_src := $(core_src) $(sort $(wildcard user/alert/*.c user/view/*.c user/inspect/*.c user/symbol/*.c)) \
	    user/daemon/listen_tcp.c user/daemon/token.c \
	    $(filter-out user/source/bpf%.c user/source/calibrate.c user/source/open_best.c,$(sort $(wildcard user/source/*.c)))
fuzz_obj := $(fuzz_src:%.c=$(BUILD)/fuzz/%.o)
fuzz_cflags := -std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-strict-aliasing -fno-sanitize-recover=all
fuzz_sanitizers := address,undefined

# Says yes or no; made again when clang changes.
$(BUILD)/fuzz/runtime: $(realpath $(shell command -v $(CLANG)))
	@mkdir -p $(@D)
	@echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n); int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d && n ? 0 : 0; }' | \
		$(CLANG) -fsanitize=fuzzer,$(fuzz_sanitizers) -x c - -o $(@D)/runtime.bin 2>$(@D)/runtime.log && \
		echo yes >$@ || echo no >$@

$(BUILD)/fuzz/%.o: %.c
	@echo "  FUZZCC  $<"
	@mkdir -p $(@D)
	@$(CLANG) $(CPPFLAGS) $(fuzz_cflags) -fsanitize=fuzzer-no-link,$(fuzz_sanitizers) $(PREREQ_FLAGS) -c -o $@ $<

$(BUILD)/fuzz/libpw.a: $(fuzz_obj)

$(fuzzers): $(BUILD)/%: %.c $(BUILD)/fuzz/libpw.a
	@echo "  FUZZER  $@"
	@mkdir -p $(@D)
	@$(CLANG) $(CPPFLAGS) $(test_cppflags) $(fuzz_cflags) -fsanitize=fuzzer,$(fuzz_sanitizers) $(PREREQ_FLAGS) \
		-o $@ $< $(BUILD)/fuzz/libpw.a $(LDLIBS)

.PHONY: fuzzers fuzzers-built
fuzzers-built: $(fuzzers)
fuzzers: $(BUILD)/fuzz/runtime
	@if [ "$$(cat $<)" = yes ]; then $(MAKE) --no-print-directory fuzzers-built; fi
tests: fuzzers
