/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/authority.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_DIR "/etc/ssl/certs"

/* Debian and Alpine; Fedora; SUSE; BSD and Arch. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

bool
authority_is_hashed_dir(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = strlen(entry->d_name) == 10 && strcmp(entry->d_name + 8, ".0") == 0 &&
		    strspn(entry->d_name, "0123456789abcdef") == 8;
	(void)closedir(dir);
	return found;
}

struct authority
authority_choose(const struct job *job)
{
	if (job->ca_file[0] != '\0' || job->ca_dir[0] != '\0')
		return (struct authority){ job->ca_file[0] != '\0' ? job->ca_file : NULL,
			job->ca_dir[0] != '\0' ? job->ca_dir : NULL };
	if (authority_is_hashed_dir(SYSTEM_DIR))
		return (struct authority){ NULL, SYSTEM_DIR };
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
		if (access(bundles[i], R_OK) == 0)
			return (struct authority){ bundles[i], NULL };
	}
	return (struct authority){ NULL, NULL };
}
