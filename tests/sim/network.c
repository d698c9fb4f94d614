/* SPDX-License-Identifier: Apache-2.0 */
/* Between courier and server: requests and replies take their time, get lost, or arrive as something else. */
#include "base/text.h"
#include "sim/sim.h"

void
network_send(struct sim *sim, struct call *call)
{
	struct server_token *token = &sim->server.tokens[call->token];

	if (call->token != TOKENS_MAX) {
		note(sim, EVENT_SENDS, call->token, token->unheard);
		oracle_sends(sim, call);
		token->carrying++;
		token->unheard++;
	}
	call->give_up_at = sim->ms + CALL_LISTEN_MS;
	if (call->there_ms >= CALL_LISTEN_MS) {
		call->there_ms = CALL_LISTEN_MS;
		call->request_lost = true;
	}
	courier_enter(sim, call, PHASE_TRAVELLING, sim->ms + call->there_ms);
}

static void
replace_reply(struct call *call)
{
	static const char page[] = "<html><body>Please sign in to the network</body></html>";
	static const char client[] = "{\"error\":\"invalid_client\"}";
	struct http_reply *reply = &call->reply;

	if (call->odd == ODD_PROCESSED_CUT) {
		reply->body.len /= 2;
		reply->body.data[reply->body.len] = '\0';
		reply->truncated = true;
		return;
	}
	http_reply_clear(reply);
	switch (call->odd) {
	case ODD_503:
	case ODD_PROCESSED_503:
		server_reply(reply, 503, "text/html", page);
		break;
	case ODD_429:
		server_reply(reply, 429, "application/json", "{}");
		(void)text_format(reply->retry_after, sizeof reply->retry_after, "2");
		break;
	case ODD_HTML:
		server_reply(reply, 200, "text/html", page);
		break;
	case ODD_CLIENT:
	default:
		server_reply(reply, 401, "application/json", client);
		break;
	}
}

/* The request reaches the server, whoever is left to hear the answer. */
void
network_arrive(struct sim *sim, struct call *call)
{
	bool processed = call->odd == ODD_NONE || call->odd == ODD_PROCESSED_503 || call->odd == ODD_PROCESSED_CUT;
	struct server *server = &sim->server;
	unsigned issued = 0, replay = 0;

	if (call->token != TOKENS_MAX)
		server->tokens[call->token].carrying--;
	if (call->request_lost)
		return;
	if (processed) {
		server_answer(server, call->revocation, call->body, sim->ms, &call->reply, &issued, &replay);
		if (call->revocation)
			note(sim, EVENT_REVOKES, 0, 0);
		else
			note(sim, EVENT_ARRIVES, call->token, issued == 0 ? -1 : (int64_t)issued - 1);
	}
	if (replay != 0)
		oracle_replay(sim, replay - 1);
	if (issued != 0 && server->tokens[issued - 1].fate == FATE_TRAVELS)
		call->issued = issued;
	if (call->odd != ODD_NONE)
		replace_reply(call);
	call->has_reply = true;
}
