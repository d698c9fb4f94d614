/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/text.h"

#define FIRST_ROOM 64

static void
view(const struct audit_event *event, struct larder_audit_event *ret)
{
	*ret = (struct larder_audit_event){
		.seq = event->seq,
		.at = event->at,
		.uid = event->actor.uid,
		.pid = event->actor.pid,
		.op = audit_op_name(event->op),
		.generation = event->generation,
	};
	(void)text_format(ret->exe, sizeof ret->exe, "%s", event->actor.exe);
	(void)text_format(ret->parent, sizeof ret->parent, "%s", event->actor.parent);
	(void)text_format(ret->name, sizeof ret->name, "%s", event->name);
	(void)text_format(ret->result, sizeof ret->result, "%s", event->result);
	(void)text_format(ret->detail, sizeof ret->detail, "%s", event->detail);
}

static enum larder_code
read_events(struct vault *vault, const char *name, size_t max, struct larder_audit_event **list, size_t *count,
    struct larder_error *ret_error)
{
	struct larder_audit_event *more;
	struct audit_event event;
	enum larder_code code;
	size_t room = 0;

	while (*count < max) {
		code = audit_next(vault, &event, ret_error);
		if (code != LARDER_OK)
			return code == LARDER_NOT_FOUND ? LARDER_OK : code;
		if (name != NULL && strcmp(name, event.name) != 0)
			continue;
		if (*count == room) {
			room = room == 0 ? FIRST_ROOM : room * 2;
			more = reallocarray(*list, room, sizeof *more);
			if (more == NULL)
				return error_no_memory(ret_error);
			*list = more;
		}
		view(&event, &(*list)[(*count)++]);
	}
	return LARDER_OK;
}

enum larder_code
larder_audit_read(struct larder *larder, int64_t from_seq, const char *name, size_t max,
    struct larder_audit_event **ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct larder_audit_event *list = NULL;
	struct session *session = NULL;
	enum larder_code code;
	size_t count = 0;

	code = session_take(larder, &session, ret_error);
	if (code != LARDER_OK)
		return code;
	code = audit_begin(&session->vault, from_seq, ret_error);
	if (code == LARDER_OK)
		code = read_events(&session->vault, name, max, &list, &count, ret_error);
	audit_end(&session->vault);
	session_give(larder, session);
	if (code != LARDER_OK) {
		free(list);
		return code;
	}
	*ret = list;
	*ret_count = count;
	return LARDER_OK;
}
