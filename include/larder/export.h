/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LARDER_API marks what the shared library exports; all else is hidden.
 */
#ifndef LARDER_EXPORT_H
#define LARDER_EXPORT_H

#if defined(__GNUC__)
#define LARDER_API __attribute__((visibility("default")))
#else
#define LARDER_API
#endif

#endif
