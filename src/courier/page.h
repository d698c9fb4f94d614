/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one page that Larder shows in a browser.
 */
#ifndef COURIER_PAGE_H
#define COURIER_PAGE_H

#include "base/buf.h"

/* Append the whole answer: head with strict headers, and a page with the text in it, escaped. */
void page_write(int status, const char *text, struct buf *ret);

/* Write it to a socket and finish that; a browser that does not read is left alone after some seconds. */
void page_send(int fd, int status, const char *text);

#endif
