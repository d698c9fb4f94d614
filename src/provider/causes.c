/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/causes.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define CAUSE_TEXT_MAX 160 /* it has to stand in one line with what the provider said */

static const struct word confidence_words[] = {
	{ "low", CONFIDENCE_LOW },
	{ "medium", CONFIDENCE_MEDIUM },
	{ "high", CONFIDENCE_HIGH },
	{ NULL, 0 },
};

const char *
confidence_name(enum confidence confidence)
{
	return word_text(confidence_words, (int)confidence);
}

#define AT(member) offsetof(struct provider_cause, member)

/* clang-format off */
static const struct field when_fields[] = {
	{ "error",        FIELD_STRINGS, AT(errors), NULL, NULL, NULL },
	{ "subtype",      FIELD_STRINGS, AT(subtypes), NULL, NULL, NULL },
	{ "says",         FIELD_STRINGS, AT(says), NULL, NULL, NULL },
	{ "at_age_s",     FIELD_SECONDS, AT(at_age_s), NULL, NULL, NULL },
	{ "age_min_s",    FIELD_SECONDS, AT(age_min_s), NULL, NULL, NULL },
	{ "age_max_s",    FIELD_SECONDS, AT(age_max_s), NULL, NULL, NULL },
	{ "unused_min_s", FIELD_SECONDS, AT(unused_min_s), NULL, NULL, NULL },
	{ .name = NULL },
};

static const struct field cause_fields[] = {
	{ "id",         FIELD_TEXT,   AT(id), NULL, NULL, NULL },
	{ "when",       FIELD_OBJECT, 0, NULL, when_fields, NULL },
	{ "say",        FIELD_TEXT,   AT(say), NULL, NULL, NULL },
	{ "do",         FIELD_TEXT,   AT(action), NULL, NULL, NULL },
	{ "confidence", FIELD_WORD,   AT(confidence), confidence_words, NULL, NULL },
	{ "recalled",   FIELD_BOOL,   AT(recalled), NULL, NULL, NULL },
	{ .name = NULL },
};
/* clang-format on */

static void
check_cause(struct reading *reading, const struct provider_cause *cause)
{
	if (cause->id == NULL || cause->say == NULL || cause->action == NULL)
		reading_fail(reading, "id, say or do is missing");
	else if (!text_is_name(cause->id) || strlen(cause->id) > CAUSE_ID_MAX)
		reading_fail(reading, "its id is not a name of at most %d characters", CAUSE_ID_MAX);
	else if (strlen(cause->say) > CAUSE_TEXT_MAX || strlen(cause->action) > CAUSE_TEXT_MAX)
		reading_fail(reading, "say or do is longer than %d bytes", CAUSE_TEXT_MAX);
}

static void
read_cause(struct reading *reading, const cJSON *json, struct provider_cause *cause)
{
	*cause = (struct provider_cause){
		.at_age_s = TTL_UNKNOWN,
		.age_min_s = TTL_UNKNOWN,
		.age_max_s = TTL_UNKNOWN,
		.unused_min_s = TTL_UNKNOWN,
		.confidence = CONFIDENCE_MEDIUM,
	};
	field_object(reading, json, cause_fields, cause);
	if (reading->code == LARDER_OK)
		check_cause(reading, cause);
}

void
read_causes(struct reading *reading, const cJSON *json, void *at)
{
	struct provider *provider = reading->provider;
	const cJSON *item;
	size_t count = 0;

	(void)at;
	if (cJSON_IsNull(json))
		return;
	if (!cJSON_IsArray(json)) {
		reading_fail(reading, "not a list");
		return;
	}
	provider->causes = keep_zeroed(provider, (size_t)cJSON_GetArraySize(json) + 1, sizeof(*provider->causes));
	if (provider->causes == NULL) {
		reading_no_memory(reading);
		return;
	}
	cJSON_ArrayForEach(item, json)
	{
		size_t mark = reading_enter_item(reading, count);

		read_cause(reading, item, &provider->causes[count++]);
		reading_leave(reading, mark);
		if (reading->code != LARDER_OK)
			return;
	}
	provider->causes_count = count;
}

void
read_confidence(struct reading *reading, const cJSON *json, void *at)
{
	struct provider *provider = reading->provider;
	const struct {
		const char *name;
		enum confidence *at;
	} groups[] = {
		{ "endpoints", &provider->endpoints_confidence },
		{ "rotation_lifetime", &provider->rotation_confidence },
		{ "revocation", &provider->revocation_confidence },
	};

	if (cJSON_IsNull(json))
		return;
	field_json(reading, json, at);
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		const char *text = json_string(json, groups[i].name);
		int value;

		if (text != NULL && word_parse(confidence_words, text, strlen(text), &value))
			*groups[i].at = (enum confidence)value;
	}
}
