/* SPDX-License-Identifier: Apache-2.0 */
#include <larder/larder.h>

const char *
larder_version(void)
{
	return LARDER_VERSION;
}
