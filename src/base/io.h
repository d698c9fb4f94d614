/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole reads and writes on descriptors, with a deadline where a peer could dawdle. EINTR is handled inside.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum io_result {
	IO_OK,
	IO_END,     /* end of file before the first byte */
	IO_TIMEOUT, /* deadline passed */
	IO_ERROR    /* errno says why; a short file counts as EPIPE */
};

/* Milliseconds of CLOCK_BOOTTIME, which also counts a suspended machine. */
int64_t io_clock_ms(void);

/* Milliseconds of CLOCK_MONOTONIC: the time that the machine was awake. */
int64_t io_clock_awake_ms(void);

/* Milliseconds of processor time that this thread has had, whatever else the machine does. */
int64_t io_clock_thread_ms(void);

/* Unix seconds, for stamps on what is written; decisions get their time from the caller. */
int64_t io_clock_unix_s(void);

/* deadline_ms on that clock; -1 waits for ever. */
enum io_result io_read_all(int fd, void *data, size_t len, int64_t deadline_ms);
enum io_result io_write_all(int fd, const void *data, size_t len, int64_t deadline_ms);

/* Positioned, for files. */
enum io_result io_pread_all(int fd, void *data, size_t len, int64_t offset);
enum io_result io_pwrite_all(int fd, const void *data, size_t len, int64_t offset);

#endif
