/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/landlock.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE) /* execute: mapping libraries */
#define READ_DIRS  (READ_FILES | LANDLOCK_ACCESS_FS_READ_DIR)

/* Every right of the file system that a version of Landlock knows; what is handled and not granted is denied. */
#define RIGHTS_1 ((UINT64_C(1) << 13) - 1)
#define RIGHTS_2 ((UINT64_C(1) << 14) - 1) /* and moving between directories, Linux 5.19 */
#define RIGHTS_3 ((UINT64_C(1) << 15) - 1) /* and truncating, Linux 6.2 */
#define RIGHTS_5 ((UINT64_C(1) << 16) - 1) /* and ioctl on devices, Linux 6.10 */

/* Absent ones are skipped. Files are there because they may be links to places outside /etc. */
static const char *const readable[] = {
	"/etc",
	"/etc/gai.conf",
	"/etc/host.conf",
	"/etc/hosts",
	"/etc/nsswitch.conf",
	"/etc/resolv.conf",
	"/lib",
	"/lib64",
	"/nix/store",
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/usr/local/share/ca-certificates",
	"/usr/share/ca-certificates",
};

static uint64_t
rights_of(long version)
{
	if (version >= 5)
		return RIGHTS_5;
	if (version >= 3)
		return RIGHTS_3;
	return version == 2 ? RIGHTS_2 : RIGHTS_1;
}

/* Opening follows links, so the rule is for what stands behind the path now. */
static void
grant(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = -1 };
	struct stat status;

	if (path == NULL)
		return;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &status) == 0) {
		rule.allowed_access = S_ISDIR(status.st_mode) ? READ_DIRS : READ_FILES;
		(void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	(void)close(rule.parent_fd);
}

void
landlock_enter(const struct authority *authority)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { .handled_access_fs = rights_of(version) };
	int ruleset;

	if (version < 1)
		return;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return;
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		grant(ruleset, readable[i]);
	grant(ruleset, authority->file);
	grant(ruleset, authority->dir);
	(void)syscall(SYS_landlock_restrict_self, ruleset, 0);
	(void)close(ruleset);
}
