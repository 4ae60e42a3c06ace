# SPDX-License-Identifier: GPL-2.0-or-later
#
# Series with a known truth, and what detectors make of them: docs/accuracy.md.
# It links the core alone.

corpus_parts := $(patsubst %.c,$(BUILD)/%.o,$(sort $(filter-out tests/corpus/corpus.c,$(wildcard tests/corpus/*.c))))

$(corpus_a): $(corpus_parts)

$(BUILD)/tests/corpus/corpus: %: %.o $(corpus_a) $(BUILD)/libpw-core.a
	@echo "  TOOL    $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_CORE)

# Both halves; with ARGS="--tuning --shape noise" what they choose of the synthetic one.
.PHONY: corpus corpus-scenarios
corpus: $(BUILD)/tests/corpus/corpus $(if $(ARGS),,$(BUILD)/pagewarden)
	@mkdir -p $(BUILD)/corpus
	@$< --csv $(BUILD)/corpus $(ARGS)
	@$(if $(ARGS),,echo && tests/corpus/scenarios/run.py)

# Real programs, three runs of five and a half minutes: make corpus-scenarios ARGS="--only mmap,java-ratchet --runs 1"
corpus-scenarios: $(BUILD)/pagewarden
	@tests/corpus/scenarios/run.py $(ARGS)

# Writes the tables into the page that explains them.
.PHONY: corpus-doc
corpus-doc: $(BUILD)/tests/corpus/corpus
	@mkdir -p $(BUILD)/corpus
	@$< --markdown --csv $(BUILD)/corpus >$(BUILD)/corpus/tables.md
	@awk -v tables=$(BUILD)/corpus/tables.md ' \
		/<!-- tables end -->/ { skip = 0 } \
		!skip { print } \
		/<!-- tables begin -->/ { skip = 1; while ((getline line <tables) > 0) print line; print "" }' \
		docs/accuracy.md >$(BUILD)/corpus/accuracy.md
	@cp $(BUILD)/corpus/accuracy.md docs/accuracy.md
