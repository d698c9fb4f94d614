/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery against a web that is a table: which pages there are, and which hosts are at private addresses.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/discover.h"
#include "engine/tests.h"

struct page {
	const char *url;
	int status; /* 0: nobody answers */
	const char *body;
	const char *challenge;
};

struct web {
	const struct page *pages; /* url NULL ends */
	const char *private_host; /* NULL */
	const struct page *asked; /* of the call of now */
	bool is_refused;
	char log[2048]; /* the URLs that were asked for, "?" before those that had to be public */
};

static int64_t
now_s(void *ctx)
{
	(void)ctx;
	return 1700000000;
}

static int64_t
clock_ms(void *ctx)
{
	(void)ctx;
	return 0;
}

static enum larder_code
call_open_page(void *ctx, const struct job *job, const struct spool_slot *slot, const struct lock *lock,
    struct call **ret, struct larder_error *ret_error)
{
	struct web *web = ctx;
	size_t len = strlen(web->log);
	struct url url;
	char why[128];

	(void)slot, (void)lock, (void)ret_error;
	assert_int_equal(job->kind, JOB_PLAIN);
	assert_string_equal(job->request.method, "GET");
	assert_int_equal(job->request.headers_count, 0);
	assert_true(secret_is_empty(&job->request.body));
	assert_true(url_parse(job->request.url, &url, why, sizeof why));
	(void)text_format(
	    web->log + len, sizeof web->log - len, "%s%s\n", job->public_only ? "?" : "", job->request.url);
	web->is_refused = web->private_host != NULL && strcmp(url.host, web->private_host) == 0 && job->public_only;
	for (web->asked = web->pages; web->asked->url != NULL; web->asked++) {
		if (strcmp(web->asked->url, job->request.url) == 0)
			break;
	}
	*ret = (struct call *)(void *)web;
	return LARDER_OK;
}

static enum call_event
wait_for_page(void *ctx, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	struct web *web = ctx;
	const struct page *page = web->asked;

	(void)call, (void)deadline_ms;
	if (web->is_refused || (page->url != NULL && page->status == 0)) {
		ret->failure = (struct call_failure){ .stage = CALL_CONNECT, .private = web->is_refused };
		(void)text_format(ret->failure.why, sizeof ret->failure.why, "refused here");
		return CALL_FAILED;
	}
	ret->reply = (struct http_reply){ .status = page->url == NULL ? 404 : page->status };
	(void)text_format(ret->reply.content_type, sizeof ret->reply.content_type, "application/json");
	if (page->challenge != NULL)
		(void)text_format(ret->reply.challenge, sizeof ret->reply.challenge, "%s", page->challenge);
	if (page->body != NULL)
		assert_true(secret_copy(page->body, strlen(page->body), &ret->reply.body));
	return CALL_REPLIED;
}

static void
close_page(void *ctx, struct call *call)
{
	(void)ctx, (void)call;
}

static const struct effects effects_of_table = {
	.now_s = now_s,
	.clock_ms = clock_ms,
	.call_open = call_open_page,
	.call_wait = wait_for_page,
	.call_close = close_page,
};

struct asked {
	struct web web;
	struct effects effects;
	struct engine engine;
	struct discovery discovery;
	struct buf definition;
	struct protected_resource resource;
	struct larder_error error;
};

static struct asked *
ask_about(const char *url, const struct page *pages, const char *private_host)
{
	struct asked *asked = calloc(1, sizeof *asked);

	assert_non_null(asked);
	asked->web = (struct web){ .pages = pages, .private_host = private_host };
	asked->effects = effects_of_table;
	asked->effects.ctx = &asked->web;
	asked->engine = (struct engine){ .effects = &asked->effects };
	asked->definition = (struct buf)BUF_INIT(256 << 10);
	assert_int_equal(discovery_begin(&asked->engine, url, "", 1, &asked->discovery, &asked->error), LARDER_OK);
	return asked;
}

static enum larder_code
issuer(struct asked *asked, const char *url)
{
	const struct discovery_issuer want = { .issuer = url, .id = "x" };

	return discovery_definition(&asked->discovery, &want, &asked->definition, &asked->error);
}

static enum larder_code
resource(struct asked *asked)
{
	return discovery_resource(&asked->discovery, &asked->resource, &asked->error);
}

static void
finish(struct asked *asked)
{
	buf_clear(&asked->definition);
	free(asked);
}

#define DOCUMENT(issuer_) \
	"{\"issuer\":\"" issuer_ "\",\"token_endpoint\":\"" issuer_ "/t\",\"authorization_endpoint\":\"" issuer_ "/a\"}"
#define OAUTH "/.well-known/oauth-authorization-server"

static const struct page one[] = {
	{ "https://as.example" OAUTH, 200, DOCUMENT("https://as.example"), NULL },
	{ .url = NULL },
};

/* S234, H127, H129 */
static void
an_issuer_on_the_public_network_stays_there(void **state)
{
	struct asked *asked = ask_about("https://as.example", one, NULL);

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example"), LARDER_OK);
	assert_string_equal(asked->web.log, "?https://as.example" OAUTH "\n");
	assert_non_null(strstr(buf_str(&asked->definition), "\"public_only\": true"));
	finish(asked);
}

static void
who_types_a_private_host_means_it(void **state)
{
	struct asked *asked = ask_about("https://as.example", one, "as.example");

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example"), LARDER_OK);
	assert_string_equal(asked->web.log, "?https://as.example" OAUTH "\nhttps://as.example" OAUTH "\n");
	assert_null(strstr(buf_str(&asked->definition), "public_only"));
	finish(asked);
}

static void
a_private_host_that_a_resource_names_is_not_asked(void **state)
{
	struct asked *asked = ask_about("https://mcp.example/mcp", one, "as.example");

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example"), LARDER_DENIED);
	assert_null(strstr(asked->web.log, "\nhttps://as.example"));
	assert_int_equal(asked->definition.len, 0);
	finish(asked);
	asked = ask_about("https://mcp.example/mcp", one, NULL);
	assert_int_equal(issuer(asked, "https://192.168.1.1"), LARDER_DENIED);
	assert_int_equal(issuer(asked, "https://169.254.169.254"), LARDER_DENIED);
	assert_int_equal(issuer(asked, "https://[::ffff:127.0.0.1]"), LARDER_DENIED);
	assert_int_equal(issuer(asked, "http://127.0.0.1:9000"), LARDER_DENIED);
	assert_string_equal(asked->web.log, "");
	finish(asked);
}

static void
a_resource_in_a_private_network_may_have_its_issuer_there(void **state)
{
	static const struct page pages[] = {
		{ "https://mcp.corp/.well-known/oauth-protected-resource/mcp", 200,
		    "{\"resource\":\"https://mcp.corp/mcp\",\"authorization_servers\":[\"https://mcp.corp\"]}", NULL },
		{ "https://mcp.corp" OAUTH, 200, DOCUMENT("https://mcp.corp"), NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://mcp.corp/mcp", pages, "mcp.corp");

	(void)state;
	assert_int_equal(resource(asked), LARDER_OK);
	assert_int_equal(issuer(asked, asked->resource.servers[0]), LARDER_OK);
	finish(asked);
}

/* S070 */
static void
the_next_place_is_asked_when_one_has_nothing_of_use(void **state)
{
	static const struct page pages[] = {
		{ "https://as.example" OAUTH "/r", 200, DOCUMENT("https://other.example"), NULL },
		{ "https://as.example/.well-known/openid-configuration/r", 200, "[]", NULL },
		{ "https://as.example/r/.well-known/openid-configuration", 200, DOCUMENT("https://as.example/r"),
		    NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://as.example/r", pages, NULL);

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example/r"), LARDER_OK);
	assert_non_null(strstr(buf_str(&asked->definition), "/r/.well-known/openid-configuration"));
	finish(asked);
}

static void
the_error_that_says_most_is_told_with_its_place(void **state)
{
	static const struct page pages[] = {
		{ "https://as.example" OAUTH, 200, DOCUMENT("https://other.example"), NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://as.example", pages, NULL);

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example"), LARDER_DENIED);
	assert_non_null(
	    strstr(asked->error.why, "https://as.example" OAUTH ": issuer: it is of https://other.example"));
	finish(asked);
}

static void
a_server_that_does_not_answer_is_asked_once(void **state)
{
	static const struct page pages[] = {
		{ "https://as.example" OAUTH, 0, NULL, NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://as.example", pages, NULL);

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example"), LARDER_UNAVAILABLE);
	assert_string_equal(asked->web.log, "?https://as.example" OAUTH "\n");
	finish(asked);
}

/* H124 */
/* S229 */
static void
a_redirect_is_told_and_not_followed(void **state)
{
	static const struct page pages[] = {
		{ "https://as.example" OAUTH, 307, NULL, NULL },
		{ "https://as.example/.well-known/openid-configuration", 301, NULL, NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://as.example", pages, NULL);

	(void)state;
	assert_int_equal(issuer(asked, "https://as.example"), LARDER_DENIED);
	assert_non_null(strstr(asked->error.why, "redirects are not followed"));
	finish(asked);
}

/* RFC 9728 section 5 */
static void
a_challenge_leads_to_the_metadata_and_names_scopes(void **state)
{
	static const struct page pages[] = {
		{ "https://mcp.example/mcp", 401, NULL,
		    "Bearer scope=\"files\", resource_metadata=\"https://cdn.example/doc\"" },
		{ "https://cdn.example/doc", 200,
		    "{\"resource\":\"https://mcp.example/mcp\",\"authorization_servers\":[\"https://as.example\"],"
		    "\"scopes_supported\":[\"all\"]}",
		    NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://mcp.example/mcp", pages, NULL);

	(void)state;
	assert_int_equal(resource(asked), LARDER_OK);
	assert_string_equal(asked->resource.scope, "files");
	assert_string_equal(asked->resource.servers[0], "https://as.example");
	assert_string_equal(asked->web.log,
	    "?https://mcp.example/.well-known/oauth-protected-resource/mcp\n?https://mcp.example/mcp\n?https://cdn.example/doc\n");
	finish(asked);
}

static void
a_challenge_does_not_lead_into_a_private_network(void **state)
{
	static const struct page pages[] = {
		{ "https://mcp.example/mcp", 401, NULL, "Bearer resource_metadata=\"https://cdn.example/doc\"" },
		{ "https://cdn.example/doc", 200, "{\"resource\":\"https://mcp.example/mcp\"}", NULL },
		{ .url = NULL },
	};
	static const struct page direct[] = {
		{ "https://mcp.example/mcp", 401, NULL, "Bearer resource_metadata=\"http://169.254.169.254/latest\"" },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://mcp.example/mcp", pages, "cdn.example");

	(void)state;
	assert_int_equal(resource(asked), LARDER_DENIED);
	assert_null(strstr(asked->web.log, "\nhttps://cdn.example"));
	finish(asked);
	asked = ask_about("https://mcp.example/mcp", direct, NULL);
	assert_int_equal(resource(asked), LARDER_DENIED);
	assert_null(strstr(asked->web.log, "169.254"));
	finish(asked);
}

static void
an_ordinary_page_is_no_resource(void **state)
{
	static const struct page pages[] = {
		{ "https://as.example/realms/a", 200, "{}", NULL },
		{ "https://as.example/.well-known/oauth-protected-resource", 200,
		    "{\"resource\":\"https://as.example\"}", NULL },
		{ .url = NULL },
	};
	struct asked *asked = ask_about("https://as.example/realms/a", pages, NULL);

	(void)state;
	assert_int_equal(resource(asked), LARDER_NOT_FOUND);
	finish(asked);
}

int
run_discovering_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_issuer_on_the_public_network_stays_there),
		cmocka_unit_test(who_types_a_private_host_means_it),
		cmocka_unit_test(a_private_host_that_a_resource_names_is_not_asked),
		cmocka_unit_test(a_resource_in_a_private_network_may_have_its_issuer_there),
		cmocka_unit_test(the_next_place_is_asked_when_one_has_nothing_of_use),
		cmocka_unit_test(the_error_that_says_most_is_told_with_its_place),
		cmocka_unit_test(a_server_that_does_not_answer_is_asked_once),
		cmocka_unit_test(a_redirect_is_told_and_not_followed),
		cmocka_unit_test(a_challenge_leads_to_the_metadata_and_names_scopes),
		cmocka_unit_test(a_challenge_does_not_lead_into_a_private_network),
		cmocka_unit_test(an_ordinary_page_is_no_resource),
	};

	return cmocka_run_group_tests_name("discovering", tests, NULL, NULL);
}
