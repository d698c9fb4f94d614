/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/hosts.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "courier/http.h"

#define HOSTS_MAX ((size_t)1 << 20)

/* One line: an address and its names. */
static bool
line_says_local(const char *line, size_t len, const char *host)
{
	size_t host_len = strlen(host), word = strcspn(line, " \t\r\n#");
	char address[64];

	if (word > len || !text_format(address, sizeof(address), "%.*s", (int)word, line) ||
	    !http_is_loopback_address(address))
		return false;
	while (word < len) {
		size_t name;

		word += strspn(line + word, " \t");
		name = strcspn(line + word, " \t\r\n#");
		if (word >= len || name == 0)
			return false;
		if (name == host_len && strncasecmp(line + word, host, name) == 0)
			return true;
		word += name;
	}
	return false;
}

bool
hosts_text_says_local(const char *text, const char *host)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (line_says_local(text, len, host))
			return true;
		text += len;
		text += *text == '\n';
	}
	return false;
}

bool
hosts_say_local(const char *host)
{
	struct buf text = BUF_INIT(HOSTS_MAX);
	bool says = file_read("/etc/hosts", &text, NULL) == LARDER_OK && hosts_text_says_local(buf_str(&text), host);

	buf_clear(&text);
	return says;
}
