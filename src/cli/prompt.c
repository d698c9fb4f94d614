/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"

#define TRIES_MAX 3

enum { KEY_END = 4, KEY_BACKSPACE = 8, KEY_KILL = 21, KEY_DELETE = 127 };

/* What a signal handler needs to put the terminal back: set before its mode is changed, cleared after it is restored. */
static struct termios saved;
static volatile sig_atomic_t open_tty = -1;

void
prompt_restore(void)
{
	int fd = (int)open_tty;

	if (fd >= 0) {
		(void)tcsetattr(fd, TCSAFLUSH, &saved);
		open_tty = -1;
	}
}

static void
say(int fd, const char *text)
{
	/* a terminal that cannot be written to cannot be read from either: the read that follows tells */
	(void)io_write_all(fd, text, strlen(text), -1);
}

/*
 * No echo, and no line editing by the kernel, which would cut a pasted token at 4096 bytes. Signals stay on: the
 * interrupt key ends the program through its handler.
 */
static bool
hide(int fd)
{
	struct termios hidden;

	if (tcgetattr(fd, &saved) != 0)
		return false;
	hidden = saved;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ICANON);
	hidden.c_cc[VMIN] = 1;
	hidden.c_cc[VTIME] = 0;
	open_tty = fd;
	if (tcsetattr(fd, TCSAFLUSH, &hidden) == 0)
		return true;
	prompt_restore();
	return false;
}

static size_t
without_last_character(const char *line, size_t len)
{
	while (len > 0 && ((unsigned char)line[len - 1] & 0xc0) == 0x80)
		len--;
	return len > 0 ? len - 1 : 0;
}

/* One line of at most size - 1 bytes; -1 at end of input or when it is too long. */
static int
read_hidden(int fd, char *line, size_t size)
{
	size_t len = 0;
	char key;

	for (;;) {
		if (read(fd, &key, 1) != 1 || (key == KEY_END && len == 0))
			return -1;
		if (key == '\n' || key == '\r')
			break;
		if (key == KEY_BACKSPACE || key == KEY_DELETE)
			len = without_last_character(line, len);
		else if (key == KEY_KILL)
			len = 0;
		else if (key != KEY_END && len + 1 < size)
			line[len++] = key;
		else if (key != KEY_END)
			return -1;
	}
	line[len] = '\0';
	return (int)len;
}

static int
ask_once(int fd, const char *prompt, char *answer, size_t size)
{
	int len;

	say(fd, prompt);
	if (!hide(fd))
		return -1;
	len = read_hidden(fd, answer, size);
	prompt_restore();
	say(fd, "\n");
	if (len < 0)
		wipe(answer, size);
	return len;
}

static int
ask_twice(int fd, const char *prompt, char *answer, size_t size)
{
	struct secret again = SECRET_INIT;
	int len = -1;

	if (!secret_new(size, &again))
		return -1;
	for (int i = 0; i < TRIES_MAX; i++) {
		int len_again;

		len = ask_once(fd, prompt, answer, size);
		if (len < 0)
			break;
		if (len == 0) {
			say(fd, "It must not be empty.\n");
			len = -1;
			continue;
		}
		len_again = ask_once(fd, "Once more: ", (char *)again.data, size);
		if (len_again == len && memcmp(answer, again.data, (size_t)len) == 0)
			break;
		wipe(answer, size);
		len = -1;
		if (len_again < 0)
			break;
		say(fd, "They are not the same.\n");
	}
	secret_free(&again);
	return len;
}

int
prompt_ask(void *ctx, const char *prompt, int confirm, char *answer, size_t size)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int len;

	(void)ctx;
	if (fd < 0)
		return -1;
	len = confirm ? ask_twice(fd, prompt, answer, size) : ask_once(fd, prompt, answer, size);
	(void)close(fd);
	return len;
}

enum larder_code
prompt_secret(const char *what, size_t max, struct secret *ret, struct larder_error *ret_error)
{
	struct secret answer = SECRET_INIT;
	enum larder_code code = LARDER_OK;
	char prompt[96];
	int len;

	if (!secret_new(max + 1, &answer))
		return error_no_memory(ret_error);
	(void)text_format(prompt, sizeof prompt, "%s (it is not shown): ", what);
	len = prompt_ask(NULL, prompt, 0, (char *)answer.data, max + 1);
	if (len < 0)
		code = error_set(ret_error, LARDER_DENIED, "nothing was entered",
		    "give it in a file or on standard input", "the question for the %s was not answered", what);
	else if (len == 0)
		code = error_set(ret_error, LARDER_USAGE, "nothing was entered", NULL, "the %s is empty", what);
	else if (!secret_copy(answer.data, (size_t)len, ret))
		code = error_no_memory(ret_error);
	secret_free(&answer);
	return code;
}

bool
prompt_yes(const char *question)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char answer[16];
	ssize_t len;

	if (fd < 0)
		return false;
	(void)tcflush(fd, TCIFLUSH); /* a yes that was typed before the question answers another one */
	say(fd, question);
	say(fd, " [y/N] ");
	len = read(fd, answer, sizeof answer - 1);
	(void)close(fd);
	if (len <= 0)
		return false;
	answer[len] = '\0';
	answer[strcspn(answer, "\r\n")] = '\0';
	return strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 || strcmp(answer, "yes") == 0;
}
