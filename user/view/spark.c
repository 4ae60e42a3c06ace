// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/emitter.h"

#include <string.h>

#define SPARK_LEVELS 8
#define SPARK_CELLS_MAX 256

static const char *const blocks[SPARK_LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii_blocks[SPARK_LEVELS] = { "_", ".", ",", "-", "~", "=", "+", "#" };

#define NO_CELL UINT64_MAX

/* A cell stands for the mean of its points; NO_CELL where all are gaps. */
static void fold(const struct pw_value *v, size_t cells, uint64_t *out)
{
	size_t n = v->spark.count;

	for (size_t i = 0; i < cells; i++) {
		size_t from = i * n / cells;
		size_t to = (i + 1) * n / cells, values = 0;
		uint64_t sum = 0;

		for (size_t k = from; k < to; k++) {
			if (v->spark.gapped && v->spark.points[k] == PW_SPARK_GAP)
				continue;
			sum += v->spark.points[k];
			values++;
		}
		out[i] = values ? sum / values : NO_CELL;
	}
}

static unsigned int level(uint64_t value, uint64_t low, uint64_t range)
{
	uint64_t l = range ? (value - low) * (SPARK_LEVELS - 1) / range : 0;

	return l < SPARK_LEVELS ? (unsigned int)l : SPARK_LEVELS - 1;
}

size_t pw_emit_spark(const struct pw_value *v, unsigned int width, bool ascii, char *out,
		     size_t out_size)
{
	uint64_t cell[SPARK_CELLS_MAX];
	size_t cells = v->spark.count;
	uint64_t low = UINT64_MAX, high = 0, range;
	size_t used = 0;

	if (width && cells > width)
		cells = width;
	if (cells > SPARK_CELLS_MAX)
		cells = SPARK_CELLS_MAX;
	if (cells)
		fold(v, cells, cell);
	for (size_t i = 0; i < cells; i++) {
		if (cell[i] == NO_CELL)
			continue;
		low = cell[i] < low ? cell[i] : low;
		high = cell[i] > high ? cell[i] : high;
	}
	range = high > low ? high - low : 0;
	if (range < high / 20)
		range = high / 20;
	for (size_t i = cells; i < width && used + 1 < out_size; i++)
		out[used++] = ' ';
	for (size_t i = 0; i < cells; i++) {
		const char *b = cell[i] == NO_CELL ?
					(ascii ? "?" : "·") :
					(ascii ? ascii_blocks : blocks)[level(cell[i], low, range)];
		size_t len = strlen(b);

		if (used + len + 1 > out_size)
			break;
		memcpy(out + used, b, len);
		used += len;
	}
	out[used] = '\0';
	return used;
}
