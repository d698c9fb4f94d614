/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/browser.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define COMMAND_SIZE 1024
#define WORDS_MAX    16

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0';
}

bool
browser_is_there(void)
{
	if (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"))
		return true;
	return is_set("BROWSER") && !is_set("SSH_CONNECTION") && !is_set("SSH_TTY");
}

static bool
spawn(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all;
	pid_t pid;
	bool opened;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	if (posix_spawnattr_init(&attr) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return false;
	}
	(void)sigfillset(&all);
	opened = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF) == 0 &&
	    posix_spawnattr_setsigdefault(&attr, &all) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ) == 0;
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return opened;
}

/* One command of BROWSER: words with spaces between, in which the word %s stands for the URL; else it comes last. */
static bool
spawn_words(char *command, const char *url)
{
	char *argv[WORDS_MAX + 2];
	size_t count = 0;
	bool placed = false;
	char *rest = command, *word;

	while ((word = strsep(&rest, " ")) != NULL && count < WORDS_MAX) {
		if (word[0] == '\0')
			continue;
		placed = placed || strcmp(word, "%s") == 0;
		argv[count++] = strcmp(word, "%s") == 0 ? (char *)(uintptr_t)url : word;
	}
	if (count == 0)
		return false;
	if (!placed)
		argv[count++] = (char *)(uintptr_t)url;
	argv[count] = NULL;
	return spawn(argv);
}

bool
browser_open(const char *url)
{
	const char *browser = getenv("BROWSER");
	char *desktop[] = { (char[]){ "xdg-open" }, (char *)(uintptr_t)url, NULL };
	char commands[COMMAND_SIZE], *rest = commands, *command;

	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return false;
	if (browser == NULL || !text_format(commands, sizeof commands, "%s", browser) || commands[0] == '\0')
		return spawn(desktop);
	while ((command = strsep(&rest, ":")) != NULL) {
		if (spawn_words(command, url))
			return true;
	}
	return false;
}
