/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing and reading a saved form byte by byte: little-endian, unpadded. The
 * writer counts what it has no room for, so that a first pass may measure; the
 * reader of hostile bytes goes bad once and gives zeroes from then on.
 */
#ifndef PW_BASE_BYTES_H
#define PW_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pw_bytes_out {
	uint8_t *at;
	size_t size;
	size_t used; /* that are needed: more than size when they did not fit */
};

static inline void pw_bytes_put(struct pw_bytes_out *o, const void *bytes, size_t n)
{
	if (n && o->used <= o->size && n <= o->size - o->used)
		memcpy(o->at + o->used, bytes, n);
	o->used += n;
}

static inline void pw_bytes_put_number(struct pw_bytes_out *o, uint64_t value, unsigned int width)
{
	uint8_t bytes[8];

	for (unsigned int i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	pw_bytes_put(o, bytes, width);
}

static inline void pw_bytes_put_u8(struct pw_bytes_out *o, uint8_t v)
{
	pw_bytes_put_number(o, v, 1);
}

static inline void pw_bytes_put_u16(struct pw_bytes_out *o, uint16_t v)
{
	pw_bytes_put_number(o, v, 2);
}

static inline void pw_bytes_put_u32(struct pw_bytes_out *o, uint32_t v)
{
	pw_bytes_put_number(o, v, 4);
}

static inline void pw_bytes_put_u64(struct pw_bytes_out *o, uint64_t v)
{
	pw_bytes_put_number(o, v, 8);
}

static inline void pw_bytes_put_double(struct pw_bytes_out *o, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	pw_bytes_put_u64(o, bits);
}

struct pw_bytes_in {
	const uint8_t *at;
	size_t left;
	bool bad; /* it ended too early */
};

/* n bytes where they stand; NULL when there are not so many. */
static inline const void *pw_bytes_get(struct pw_bytes_in *in, size_t n)
{
	const uint8_t *at = in->at;

	if (in->bad || n > in->left) {
		in->bad = true;
		return NULL;
	}
	in->at += n;
	in->left -= n;
	return at;
}

static inline uint64_t pw_bytes_get_number(struct pw_bytes_in *in, unsigned int width)
{
	const uint8_t *bytes = pw_bytes_get(in, width);
	uint64_t value = 0;

	for (unsigned int i = 0; bytes && i < width; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static inline uint8_t pw_bytes_get_u8(struct pw_bytes_in *in)
{
	return (uint8_t)pw_bytes_get_number(in, 1);
}

static inline uint16_t pw_bytes_get_u16(struct pw_bytes_in *in)
{
	return (uint16_t)pw_bytes_get_number(in, 2);
}

static inline uint32_t pw_bytes_get_u32(struct pw_bytes_in *in)
{
	return (uint32_t)pw_bytes_get_number(in, 4);
}

static inline uint64_t pw_bytes_get_u64(struct pw_bytes_in *in)
{
	return pw_bytes_get_number(in, 8);
}

static inline double pw_bytes_get_double(struct pw_bytes_in *in)
{
	uint64_t bits = pw_bytes_get_u64(in);
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

#endif
