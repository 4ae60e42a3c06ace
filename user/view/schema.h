/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON schemas (draft 2020-12) of the documents, derived from their shapes. */
#ifndef PW_VIEW_SCHEMA_H
#define PW_VIEW_SCHEMA_H

#include <stdio.h>

#include "user/view/document.h"

/* 0 or -errno of the write. */
int pw_schema_emit(const struct pw_document_shape *shape, FILE *out);

#endif
