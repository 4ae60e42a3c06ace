/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Losses in words: one place for every view. */
#ifndef PW_MODEL_LOSS_H
#define PW_MODEL_LOSS_H

#include <stdbool.h>

#include "kmod/uapi/pagewarden.h"

/* "ring_full": the key in JSON; NULL for unused causes. */
const char *pw_loss_name(unsigned int cause);
/* "events that found the ring full" */
const char *pw_loss_text(unsigned int cause);
/* "page ledger", ... and what its absence costs; bit is one of PW_COVER_*; NULL for unused bits. */
const char *pw_coverage_name(unsigned int bit);
const char *pw_coverage_missing_text(unsigned int bit);
/* Not part of every full installation: nobody misses it. */
bool pw_coverage_is_extra(unsigned int bit);

#endif
