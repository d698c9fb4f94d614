/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/loopback.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "courier/exchange.h"
#include "courier/page.h"
#include "wire/frame.h"

#define PORT_TRIES   8     /* for one that is free at both addresses */
#define VISITORS_MAX 8     /* browsers open more connections than they use */
#define BACKLOG      128   /* a crowd must not cost the browser a second try, which takes it a second */
#define HEAD_SIZE    16384 /* bytes of a request's head; a code may be long */
#define VISITOR_MS   10000 /* for a request to arrive */
#define ANSWER_MS    90000 /* for the vault side to exchange the code */

struct visitor {
	int fd; /* -1: free */
	int64_t until_ms;
	size_t len;
	char head[HEAD_SIZE];
};

struct serving {
	const struct loopback *loopback;
	int wire;
	bool over;
	struct visitor visitors[VISITORS_MAX];
};

/* -1 with errno. */
static int
listen_on(const struct sockaddr *address, socklen_t len)
{
	const int yes = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int problem;

	if (fd >= 0 &&
	    (address->sa_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) == 0) &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 && bind(fd, address, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	problem = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = problem;
	return -1;
}

static int
listen_v4(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	address.sin_port = htons(port);
	return listen_on((const struct sockaddr *)&address, sizeof(address));
}

static int
listen_v6(uint16_t port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	address.sin6_port = htons(port);
	return listen_on((const struct sockaddr *)&address, sizeof(address));
}

/* 0: the system does not say. */
static uint16_t
port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .v6 = { .sin6_port = 0 } };
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/*
 * Listen at the address that the redirect URI names, and at the other one too: browsers differ in what they take
 * localhost for. Where it may be either, somebody else's server at the other one would get the code (RFC 8252 section
 * 8.6), so a port that is taken there counts as taken. false with errno.
 */
static bool
listen_both(struct loopback *ret, const struct url *url, uint16_t port)
{
	int first = url->ipv6 ? 1 : 0, other = 1 - first;
	bool named = strcmp(url->host, "localhost") == 0;

	ret->listeners[first] = first == 0 ? listen_v4(port) : listen_v6(port);
	if (ret->listeners[first] < 0 && named && errno != EADDRINUSE) {
		first = 1;
		other = 0;
		ret->listeners[first] = listen_v6(port);
	}
	if (ret->listeners[first] < 0)
		return false;
	ret->port = port_of(ret->listeners[first]);
	if (ret->listeners[other] < 0)
		ret->listeners[other] = other == 0 ? listen_v4(ret->port) : listen_v6(ret->port);
	if (ret->listeners[other] < 0 && named && errno == EADDRINUSE) {
		loopback_close(ret);
		errno = EADDRINUSE;
		return false;
	}
	return true;
}

static bool
is_this_machine(const struct url *url)
{
	return strcmp(url->scheme, "http") == 0 &&
	    (strcmp(url->host, "127.0.0.1") == 0 || strcmp(url->host, "localhost") == 0 ||
		(url->ipv6 && strcmp(url->host, "::1") == 0));
}

bool
loopback_open(const struct job *job, struct loopback *ret, char *why, size_t why_size)
{
	struct url url;
	uint16_t port;
	bool open = false;

	*ret = (struct loopback)LOOPBACK_INIT;
	if (!url_parse(job->request.url, &url, why, why_size) || !is_this_machine(&url) ||
	    !text_format(ret->path, sizeof(ret->path), "%s", url.path[0] == '\0' ? "/" : url.path)) {
		(void)text_format(why, why_size, "the redirect is not to this machine");
		return false;
	}
	/* URLs have no port 0, so the usual one stands for any */
	port = url.port == 80 ? 0 : url.port;
	for (int i = 0; !open && i < (port == 0 ? PORT_TRIES : 1); i++)
		open = listen_both(ret, &url, port);
	if (!open)
		(void)text_format(why, why_size, "port %u cannot be used: %s", (unsigned)port, strerror(errno));
	return open;
}

void
loopback_close(struct loopback *loopback)
{
	for (int i = 0; i < 2; i++) {
		if (loopback->listeners[i] >= 0)
			(void)close(loopback->listeners[i]);
		loopback->listeners[i] = -1;
	}
}

/* The value of a header in place, NUL-terminated by its line's end; NULL: none, or more than one. */
static const char *
single_header(char *lines, const char *name)
{
	size_t name_len = strlen(name);
	const char *found = NULL;

	for (char *line = lines; *line != '\0';) {
		char *end = strstr(line, "\r\n");

		if (end == NULL)
			return NULL;
		if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
			if (found != NULL)
				return NULL;
			*end = '\0';
			found = line + name_len + 1;
			found += strspn(found, " \t");
			line = end + 2;
			continue;
		}
		line = end + 2;
	}
	return found;
}

static bool
is_our_host(const char *host, uint16_t port)
{
	static const char *const names[] = { "127.0.0.1", "[::1]", "localhost" };
	char expected[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)text_format(expected, sizeof(expected), "%s:%u", names[i], (unsigned)port);
		if (strcasecmp(host, expected) == 0)
			return true;
	}
	return false;
}

bool
loopback_read_head(char *head, const char *path, uint16_t port, const char **ret_query, int *ret_status)
{
	char *line_end = strstr(head, "\r\n"), *target, *space, *query;
	const char *host;

	*ret_status = 400;
	if (line_end == NULL)
		return false;
	*line_end = '\0';
	target = strchr(head, ' ');
	space = target == NULL ? NULL : strchr(target + 1, ' ');
	if (space == NULL || strncmp(space + 1, "HTTP/1.", 7) != 0)
		return false;
	*target++ = '\0';
	*space = '\0';
	host = single_header(line_end + 2, "Host");
	*ret_status = 421; /* a name server that sends somebody's page to us (DNS rebinding) shows here */
	if (host == NULL || !is_our_host(host, port))
		return false;
	*ret_status = 405;
	if (strcmp(head, "GET") != 0)
		return false;
	query = strchr(target, '?');
	if (query != NULL)
		*query++ = '\0';
	*ret_status = 404;
	if (strcmp(target, path) != 0)
		return false;
	*ret_query = query == NULL ? "" : query;
	return true;
}

static void
dismiss(struct visitor *visitor)
{
	if (visitor->fd >= 0)
		(void)close(visitor->fd);
	wipe(visitor->head, sizeof(visitor->head));
	visitor->fd = -1;
	visitor->len = 0;
}

/* The vault side looks at the query and says what comes of it. */
static void
hand_over(struct serving *serving, struct visitor *visitor, const char *query)
{
	struct buf body = BUF_INIT_SECRET(HEAD_SIZE), answer = BUF_INIT_SECRET(1024);
	enum frame_type type = FRAME_FAILED;

	if (buf_append_str(&body, query) &&
	    frame_write(serving->wire, FRAME_DATA, &body, io_clock_ms() + VISITOR_MS) == IO_OK)
		serving->over = frame_read(serving->wire, &type, &answer, io_clock_ms() + ANSWER_MS) != IO_OK;
	else
		serving->over = true;
	if (type == FRAME_KEPT) {
		page_send(visitor->fd, 400, "This is no answer to a log-in that Larder has begun.");
	} else if (type == FRAME_GO && !serving->over) {
		page_send(visitor->fd, 200, "You are logged in. You can close this page.");
		serving->over = true;
	} else {
		/* why is for the terminal: of what came with the redirect nothing goes back to a browser */
		page_send(visitor->fd, 200, "The log-in was refused. The terminal in which it began says why.");
		serving->over = true;
	}
	buf_clear(&body);
	buf_clear(&answer);
}

static void
hear_visitor(struct serving *serving, struct visitor *visitor)
{
	ssize_t got = recv(visitor->fd, visitor->head + visitor->len, HEAD_SIZE - 1 - visitor->len, 0);
	const char *query;
	int status;

	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			dismiss(visitor);
		return;
	}
	visitor->len += (size_t)got;
	visitor->head[visitor->len] = '\0';
	if (strstr(visitor->head, "\r\n\r\n") == NULL) {
		if (visitor->len == HEAD_SIZE - 1) {
			page_send(visitor->fd, 431, "The request is too long.");
			dismiss(visitor);
		}
		return;
	}
	if (loopback_read_head(visitor->head, serving->loopback->path, serving->loopback->port, &query, &status))
		hand_over(serving, visitor, query);
	else
		page_send(visitor->fd, status, "There is nothing here.");
	dismiss(visitor);
}

/* With all places taken the oldest visitor, who may only be a speculation of the browser, makes room. */
static void
welcome(struct serving *serving, int listener)
{
	struct visitor *place = &serving->visitors[0];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; i < VISITORS_MAX; i++) {
		struct visitor *visitor = &serving->visitors[i];

		if (visitor->fd < 0) {
			place = visitor;
			break;
		}
		if (visitor->until_ms < place->until_ms)
			place = visitor;
	}
	dismiss(place);
	place->fd = fd;
	place->until_ms = io_clock_ms() + VISITOR_MS;
}

static void
serve_turn(struct serving *serving, int64_t left_ms)
{
	struct pollfd waited[3 + VISITORS_MAX];
	int64_t now;

	waited[0] = (struct pollfd){ .fd = serving->wire, .events = POLLIN };
	for (int i = 0; i < 2; i++)
		waited[1 + i] = (struct pollfd){ .fd = serving->loopback->listeners[i], .events = POLLIN };
	for (int i = 0; i < VISITORS_MAX; i++)
		waited[3 + i] = (struct pollfd){ .fd = serving->visitors[i].fd, .events = POLLIN };
	if (poll(waited, 3 + VISITORS_MAX, left_ms > 1000 ? 1000 : (int)left_ms) < 0)
		return;
	serving->over = waited[0].revents != 0; /* the vault side speaks only when it is asked: it has gone */
	for (int i = 0; i < VISITORS_MAX && !serving->over; i++) {
		if (waited[3 + i].fd >= 0 && waited[3 + i].revents != 0)
			hear_visitor(serving, &serving->visitors[i]);
	}
	for (int i = 0; i < 2 && !serving->over; i++) {
		if (waited[1 + i].revents != 0)
			welcome(serving, serving->loopback->listeners[i]);
	}
	now = io_clock_ms();
	for (int i = 0; i < VISITORS_MAX; i++) {
		if (serving->visitors[i].fd >= 0 && serving->visitors[i].until_ms < now)
			dismiss(&serving->visitors[i]);
	}
}

void
loopback_run(const struct loopback *loopback, int wire, const struct job *job)
{
	static struct serving serving; /* a process serves once; too large for a stack of unknown size */
	struct buf port = BUF_INIT(64);
	int64_t until_ms = io_clock_ms() + job->listen_ms, left_ms;

	serving.loopback = loopback;
	serving.wire = wire;
	for (int i = 0; i < VISITORS_MAX; i++)
		serving.visitors[i].fd = -1;
	serving.over = !ready_encode(loopback->port, &port) ||
	    frame_write(wire, FRAME_READY, &port, io_clock_ms() + VISITOR_MS) != IO_OK;
	while (!serving.over && (left_ms = until_ms - io_clock_ms()) > 0)
		serve_turn(&serving, left_ms);
	for (int i = 0; i < VISITORS_MAX; i++)
		dismiss(&serving.visitors[i]);
	buf_clear(&port);
}
