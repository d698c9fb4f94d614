/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints that metadata names, and what they are called in a definition.
 */
#ifndef OAUTH_METADATA_LIST_H
#define OAUTH_METADATA_LIST_H

#include <stddef.h>

enum metadata_need { METADATA_MAY, METADATA_ALWAYS, METADATA_FOR_CODE };

struct metadata_endpoint {
	const char *member; /* of the document; NULL ends the table */
	const char *field;  /* of the definition's endpoints */
	size_t offset;      /* of a char * in struct provider */
	enum metadata_need needed;
};

extern const struct metadata_endpoint metadata_endpoints[];

#endif
